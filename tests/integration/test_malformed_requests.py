"""What is no HTTP: refused as everything else is, with an id and what to do."""

import asyncio
import json
from typing import Any

import pytest

from apps.request_heads import BoundedHeads
from tests.support.echo_server import SECONDS_MAX, Echo, raw, sent, served, status_of

pytestmark = pytest.mark.integration

ID = b"X-Request-Id: mine\r\n"
GET = b"GET /shop HTTP/1.1\r\nHost: shop\r\n"
POST = b"POST /shop HTTP/1.1\r\nHost: shop\r\n"
SLOW = b"POST /slow HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"
REFUSAL = {
    "success": False,
    "error": "Malformed request",
    "message": (
        "This is not valid HTTP: percent-encode the address, and check the headers and the length."
    ),
    "statusCode": 400,
    "code": "malformed_request",
}


def head_of(answer: bytes) -> dict[bytes, bytes]:
    lines = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return dict(line.lower().split(b": ", 1) for line in lines)


def assert_refused(answer: bytes) -> None:
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.count(b"HTTP/1.1") == 1
    body = answer.partition(b"\r\n\r\n")[2]
    assert json.loads(body) == REFUSAL
    head = head_of(answer)
    assert head[b"content-type"] == b"application/json"
    assert head[b"content-length"] == b"%d" % len(body)
    assert head[b"connection"] == b"close"
    assert head[b"x-request-id"]


@pytest.mark.parametrize(
    "request_",
    [
        "GET /search?q=möbel HTTP/1.1\r\n\r\n".encode(),
        b"what is this\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/7.0\r\n\r\n",
        b"GET http://[shop HTTP/1.1\r\n\r\n",
        GET + b"no colon\r\n\r\n",
    ],
    ids=["umlaut", "words", "TLS", "version", "address", "no colon"],
)
async def test_what_is_no_http_is_refused_in_the_envelope(request_: bytes) -> None:
    app = Echo()
    async with served(app=app) as port, raw(port) as ends:
        assert_refused(await sent(ends, [request_]))

    assert app.bodies == []


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: -1\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ],
    ids=["negative", "twice", "with chunks"],
)
async def test_a_length_that_is_none_is_refused_with_the_callers_own_id(lines: bytes) -> None:
    app = Echo()
    async with served(app=app) as port, raw(port) as ends:
        answer = await sent(ends, [POST + ID + lines + b"\r\nhello"])

    assert_refused(answer)
    assert head_of(answer)[b"x-request-id"] == b"mine"
    assert app.bodies == []


async def test_an_id_is_that_of_its_own_request_alone() -> None:
    async with served() as port, raw(port) as (reader, writer):
        writer.write(GET + ID + b"\r\n")
        async with asyncio.timeout(SECONDS_MAX):
            assert status_of(await reader.readuntil(b"\r\n0\r\n\r\n")) == 200

        answer = await sent((reader, writer), [b"what is this\r\n\r\n"])

    assert_refused(answer)
    assert head_of(answer)[b"x-request-id"] != b"mine"


@pytest.mark.parametrize("broken", [b"no number\r\n", b"2\r\nhe\r\n-1\r\n", b"2\r\nhello\r\n"])
async def test_a_body_in_broken_pieces_is_refused(broken: bytes) -> None:
    async with served() as port, raw(port) as ends:
        answer = await sent(ends, [CHUNKED + ID + b"\r\n" + broken])

    assert_refused(answer)
    assert head_of(answer)[b"x-request-id"] == b"mine"


async def test_a_body_that_breaks_while_it_is_read_is_refused() -> None:
    async with served() as port, raw(port) as (reader, writer):
        writer.write(CHUNKED + ID + b"Expect: 100-continue\r\n\r\n")
        async with asyncio.timeout(SECONDS_MAX):
            assert status_of(await reader.readuntil(b"\r\n\r\n")) == 100

        answer = await sent((reader, writer), [b"2\r\nhe\r\nno number\r\n"])

    assert_refused(answer)
    assert head_of(answer)[b"x-request-id"] == b"mine"


class Hasty(Echo):
    """Answers before it has read anything."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"done"})


async def test_a_body_that_breaks_behind_its_answer_gets_no_second_one() -> None:
    async with served(app=Hasty()) as port, raw(port) as (reader, writer):
        writer.write(CHUNKED + b"\r\n2\r\nhe\r\n")
        async with asyncio.timeout(SECONDS_MAX):
            assert status_of(await reader.readuntil(b"\r\n0\r\n\r\n")) == 200

        assert await sent((reader, writer), [b"no number\r\n"]) == b""


async def test_what_came_before_it_is_answered() -> None:
    app = Echo()

    class Noting(BoundedHeads):
        def send_400_response(self, msg: str) -> None:
            super().send_400_response(msg)
            app.go_on.set()

    async with served(Noting, app) as port, raw(port) as ends:
        answer = await sent(ends, [SLOW + GET + b"\r\n" + b"what is this\r\n\r\n"])

    assert app.bodies == [b"hello", b""]
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.count(b"HTTP/1.1") == 2
