"""Polling clients that send what is none: answered at once, and nothing of them stays."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.support.socket_io import SECONDS_MAX, Shop, serving, until

pytestmark = pytest.mark.integration

PATH = "/socket.io/?EIO=4&transport=polling"

NO_PACKET = b"0"
TOO_LONG = b"x" * 20_000


@asynccontextmanager
async def polling(shop: Shop) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """Open a session by polling, without a token; return the caller and the session's path."""
    async with httpx.AsyncClient(base_url=shop.url, timeout=SECONDS_MAX / 2) as http:
        sid = json.loads((await http.get(PATH)).text[1:])["sid"]
        yield http, f"{PATH}&sid={sid}"


async def sign_in(http: httpx.AsyncClient, path: str) -> None:
    await http.post(path, content=b'40{"token":"anna"}')
    while '42["connected"' not in (await http.get(path)).text:
        pass


async def nothing_remains(shop: Shop) -> None:
    await until(lambda: not shop.server.server_state.tasks, "the end of every request")
    assert not shop.engine.open_ids()
    assert shop.engine.sio.environ == {}
    assert shop.notifier.counts().connected == 0


@pytest.mark.parametrize("body", [NO_PACKET, TOO_LONG])
async def test_a_stranger_that_sends_what_is_no_packet_is_answered_and_forgotten(
    body: bytes,
) -> None:
    async with serving() as shop, polling(shop) as (http, path):
        answer = await http.post(path, content=body)
        again = await http.get(path)

        assert answer.status_code == 400
        assert again.status_code == 400
        await nothing_remains(shop)


async def test_a_signed_in_client_that_sends_too_long_an_event_is_answered_and_forgotten() -> None:
    async with serving() as shop, polling(shop) as (http, path):
        await sign_in(http, path)
        assert shop.notifier.counts().connected == 1

        answer = await http.post(path, content=b'42["note","' + b"x" * 17_000 + b'"]')

        assert answer.status_code == 400
        await nothing_remains(shop)


async def test_a_poll_that_waits_meanwhile_is_answered_too() -> None:
    async with serving() as shop, polling(shop) as (http, path):
        await sign_in(http, path)
        poll = asyncio.create_task(http.get(path))
        await until(lambda: len(shop.server.server_state.tasks) == 1, "the poll")

        await http.post(path, content=TOO_LONG)

        # Engine.IO's packet for a close.
        assert (await poll).text == "1"
        await nothing_remains(shop)


async def test_what_comes_in_two_pieces_to_a_session_just_ended_is_answered() -> None:
    async with serving() as shop, polling(shop) as (http, path):
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
        head = f"POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\n0"
        writer.write(head.encode())
        await until(lambda: len(shop.server.server_state.tasks) == 1, "the first piece")
        await http.post(path, content=NO_PACKET)

        writer.write(b"0")
        async with asyncio.timeout(SECONDS_MAX):
            answer = await reader.readline()
        writer.close()

        assert answer.split()[1] == b"400"
        await nothing_remains(shop)
