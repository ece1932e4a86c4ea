"""Handshakes that cannot be taken: answered and closed, while any other has the time it needs."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from apps.request_heads import BoundedHeads
from tests.support.echo_server import SECONDS_MAX, Echo, raw, sent, served, status_of
from tests.support.server_process import LOOPBACK

pytestmark = pytest.mark.integration

HANDSHAKE = (
    b"Host: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Request-Id: mine\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
GET = b"GET / HTTP/1.1\r\n" + HANDSHAKE
POST = b"POST / HTTP/1.1\r\n" + HANDSHAKE
BEFORE = b"GET /before HTTP/1.1\r\nHost: shop\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (GET + b"Cookie: " + b"a" * 10_000 + b"\r\n\r\n", 431, "head_too_large"),
        (GET + b"X-A: a\r\n" * 200 + b"\r\n", 431, "head_too_large"),
        (GET.replace(b"/ ", b"/" + b"a" * 10_000 + b" ") + b"\r\n", 431, "head_too_large"),
        (GET + b"Content-Length: 5\r\n\r\nhello", 400, "malformed_request"),
        (POST + b"Content-Length: 5\r\n\r\nhello", 400, "malformed_request"),
        (GET + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "malformed_request"),
    ],
    ids=["one line", "lines", "address", "body", "body of a POST", "chunks"],
)
async def test_a_handshake_that_cannot_be_taken_is_answered_and_closed(
    request_: bytes, status: int, code: str
) -> None:
    async with served() as port, raw(port) as ends:
        answer = await sent(ends, [request_])

    head, _, body = answer.partition(b"\r\n\r\n")
    assert status_of(answer) == status
    assert b"\r\nx-request-id: mine" in head
    assert json.loads(body)["code"] == code


async def test_one_behind_a_request_is_answered_too() -> None:
    async with served() as port, raw(port) as (reader, writer):
        writer.write(BEFORE)
        async with asyncio.timeout(SECONDS_MAX):
            assert status_of(await reader.readuntil(b"\r\n0\r\n\r\n")) == 200

        answer = await sent((reader, writer), [GET + b"Content-Length: 5\r\n\r\nhello"])

    assert status_of(answer) == 400


async def test_a_handshake_that_the_server_refuses_is_answered_once() -> None:
    async with served() as port, raw(port) as ends:
        answer = await sent(ends, [POST + b"\r\n"])

    assert status_of(answer) == 405
    assert answer.count(b"HTTP/1.1") == 1


class Impatient(BoundedHeads):
    head_seconds_max = 0.2


async def test_a_handshake_that_the_app_takes_later_is_taken() -> None:
    app = Echo()
    headers = {f"X-{number}": "a" * 500 for number in range(100)}
    async with served(Impatient, app) as port:
        connecting = asyncio.create_task(_echoed(f"ws://{LOOPBACK}:{port}/slow", headers))
        await asyncio.wait({connecting}, timeout=3 * Impatient.head_seconds_max)
        assert not connecting.done()

        app.go_on.set()

        assert await connecting == "hello"


async def _echoed(address: str, headers: dict[str, str]) -> str | bytes:
    async with connect(address, additional_headers=headers) as websocket:
        await websocket.send("hello")
        return await websocket.recv()
