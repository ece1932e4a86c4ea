"""Heads of requests: bounded in bytes and in time, and no matter to whoever sends ordinary ones."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.client import connect

from apps.request_heads import BoundedHeads
from tests.support.echo_server import Echo, raw, sent, served, status_of
from tests.support.server_process import LOOPBACK

pytestmark = pytest.mark.integration

LINE = b"X-A: " + b"a" * 8000 + b"\r\n"
HALF = b"GET /half HTTP/1.1\r\nHost: shop\r\n"
WHOLE = HALF + b"\r\n"
UPLOAD = b"POST /upload HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n"


class Impatient(BoundedHeads):
    head_seconds_max = 0.2


@pytest.mark.parametrize(
    "pieces",
    [
        [HALF, *[LINE] * 130],
        [b"GET /?", *[b"a" * 8000] * 130],
        [HALF, b"X-A: ", *[b"a" * 8000] * 130],
        [HALF, *[b"X-" + b"a" * 8000] * 130],
        [b"\r\n" * 4000] * 130,
    ],
    ids=["headers", "address", "one value", "one name", "nothing"],
)
async def test_a_head_without_an_end_is_cut_off(pieces: list[bytes]) -> None:
    async with served() as port, raw(port) as ends:
        answer = await sent(ends, pieces)

        assert not answer or status_of(answer) in {400, 431}


async def test_a_head_that_is_too_large_is_told_so() -> None:
    async with served() as port, raw(port) as ends:
        # Just over the bound, so that nothing is left unread, which would reset the connection.
        id_line = b"X-Request-Id: mine\r\n"
        last = b"X-B: " + b"b" * (BoundedHeads.head_bytes_max - 8 * len(LINE)) + b"\r\n"
        answer = await sent(ends, [HALF + id_line + LINE * 8 + last])

    head, _, body = answer.partition(b"\r\n\r\n")
    assert status_of(answer) == 431
    assert b"x-request-id: mine" in head
    assert json.loads(body) == {
        "success": False,
        "error": "Request header fields too large",
        "message": "The address and the headers together are too long: send less.",
        "statusCode": 431,
        "code": "head_too_large",
    }


async def test_a_complete_head_that_is_too_large_is_refused_too() -> None:
    async with served() as port, httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as http:
        answer = await http.get("/", headers={"X-A": "a" * 66_000})

    assert answer.status_code == 431


async def test_trailers_without_an_end_are_cut_off() -> None:
    async with served() as port, raw(port) as ends:
        answer = await sent(ends, [UPLOAD, b"5\r\nhello\r\n0\r\n", *[LINE] * 130])

        assert not answer or status_of(answer) == 431


async def test_half_a_head_is_closed_after_a_while() -> None:
    async with served(Impatient) as port, raw(port) as ends:
        answer = await sent(ends, [HALF])

    assert status_of(answer) == 408


@pytest.mark.parametrize("beginning", [b"", b"\r\n"])
async def test_who_never_begins_a_head_is_closed_after_a_while(beginning: bytes) -> None:
    async with served(Impatient) as port, raw(port) as ends:
        assert await sent(ends, [beginning]) == b""


async def test_half_a_head_behind_a_request_is_closed_after_a_while() -> None:
    async with served(Impatient) as port, raw(port) as ends:
        answer = await sent(ends, [WHOLE, HALF])

    assert status_of(answer) == 200
    assert answer.count(b"HTTP/1.1") <= 2


async def test_an_answer_is_not_cut_short_by_half_a_head_behind_it() -> None:
    app = Echo()
    async with served(Impatient, app) as port, raw(port) as ends:
        reading = asyncio.create_task(sent(ends, [WHOLE.replace(b"half", b"slow") + HALF]))
        await asyncio.wait({reading}, timeout=3 * Impatient.head_seconds_max)
        assert not reading.done()

        app.go_on.set()

        assert status_of(await reading) == 200


async def test_a_slow_answer_and_a_slow_body_have_their_time() -> None:
    app = Echo()
    async with served(Impatient, app) as port, raw(port) as (reader, writer):
        writer.write(b"POST /slow HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\nhello")
        reading = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
        await asyncio.wait({reading}, timeout=3 * Impatient.head_seconds_max)
        writer.write(b"world")
        await asyncio.wait({reading}, timeout=3 * Impatient.head_seconds_max)
        assert not reading.done()

        app.go_on.set()

        assert status_of(await reading) == 200


async def test_ordinary_requests_are_answered_on_one_connection() -> None:
    big = {"X-A": "a" * 30_000}
    async with served() as port, httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as http:
        answers = [
            await http.get("/"),
            await http.get("/" + "a" * 30_000, headers=big),
            await http.post("/", content=b"x" * 1_000_000, headers=big),
            await http.post("/", content=_pieces(300)),
            await http.get("/"),
        ]
        opened = len(http._transport._pool.connections)  # type: ignore[attr-defined]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert [int(answer.text) for answer in answers] == [0, 0, 1_000_000, 300_000, 0]
    assert opened == 1


async def _pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 1000


async def test_requests_sent_before_their_turn_are_all_answered() -> None:
    last = WHOLE.replace(b"Host: shop", b"Host: shop\r\nConnection: close")
    async with served() as port, raw(port) as ends:
        answer = await sent(ends, [WHOLE * 3000 + last])

    assert answer.count(b"HTTP/1.1 200 OK") == 3001


async def test_a_websocket_outlives_the_limit_on_heads() -> None:
    async with served(Impatient) as port, connect(f"ws://{LOOPBACK}:{port}/") as websocket:
        closing = asyncio.create_task(websocket.wait_closed())
        await asyncio.wait({closing}, timeout=3 * Impatient.head_seconds_max)

        await websocket.send("still here")

        assert await websocket.recv() == "still here"
