"""Clients that stop reading: cut off, with bounded memory, and in nobody's way."""

import asyncio
import contextlib
import json
import time
from pathlib import Path

import httpx
import pytest

from adapters.socketio import SocketIoSettings
from adapters.socketio.outbound import OutboundQueue
from inventory_domain.writes import Push
from tests.support.socket_io import POLLING, Shop, connected, raw_websocket, serving, until

pytestmark = pytest.mark.integration

MIB = 1024 * 1024
TEXT = "x" * 2000
PAGE_BYTES = 4096


def big(user: str, n: int = 0) -> Push:
    return Push("order:updated", (f"user:{user}",), {"n": n, "text": TEXT})


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def queues(shop: Shop) -> list[OutboundQueue]:
    return [socket.queue for socket in shop.engine.sio.eio.sockets.values()]


async def sign_in_by_polling(http: httpx.AsyncClient, token: str) -> None:
    path = "/socket.io/?EIO=4&transport=polling"
    sid = json.loads((await http.get(path)).text[1:])["sid"]
    await http.post(f"{path}&sid={sid}", content=f'40{{"token":"{token}"}}')


async def push_until_blocked(shop: Shop, user: str) -> None:
    """Push until the connection takes nothing more and the rest waits in the client's queue."""
    for _ in range(1000):
        shop.notifier.push([big(user)] * 50)
        await asyncio.sleep(0)
        await shop.notifier._here.drained()
        await asyncio.sleep(0.01)
        if any(queue.qsize() > 100 for queue in queues(shop)):
            return
    raise AssertionError("the client took everything")


async def test_a_client_that_stops_reading_is_cut_off_and_others_go_on() -> None:
    settings = SocketIoSettings(queue_bytes_max=MIB)
    async with (
        serving(settings) as shop,
        connected(shop, "anna") as reader,
        raw_websocket(shop, "sloth"),
    ):
        before, waiting = resident_bytes(), 0
        for n in range(58_000 // 100):
            shop.notifier.push([big("sloth")] * 100)
            shop.notifier.push([big("anna", n)])
            await shop.notifier._here.drained()
            waiting = max(waiting, *(queue.waiting_bytes for queue in queues(shop)))

        received = await reader.got("order:updated", 580)
        assert [payload["n"] for payload in received] == list(range(580))
        assert shop.notifier.counts().cut_off == 1
        assert shop.notifier.counts().connected == 1
        assert len(shop.engine.open_ids()) == 1
        assert waiting <= MIB
        assert resident_bytes() - before < 50 * MIB


async def test_a_client_that_takes_nothing_is_cut_off_before_its_queue_is_full() -> None:
    settings = SocketIoSettings(write_seconds_max=0.2, queue_count_max=100_000)
    async with serving(settings) as shop, raw_websocket(shop, "sloth"):
        await push_until_blocked(shop, "sloth")

        await until(lambda: not shop.engine.open_ids(), "the end of the connection")
        assert shop.notifier.counts().connected == 0
        assert shop.notifier.counts().cut_off == 0, "the queue was never full"


async def test_a_polling_client_that_does_not_come_back_is_cut_off() -> None:
    settings = SocketIoSettings(queue_count_max=100)
    async with serving(settings) as shop, httpx.AsyncClient(base_url=shop.url) as http:
        await sign_in_by_polling(http, "anna")
        await until(lambda: shop.notifier.counts().connected == 1, "the session")

        for _ in range(10):
            shop.notifier.push([big("anna")] * 50)
            await shop.notifier._here.drained()

        await until(lambda: not shop.engine.open_ids(), "the end of the connection")
        assert shop.notifier.counts().cut_off == 1


async def test_a_queue_that_went_over_its_bound_takes_nothing_more() -> None:
    overflows: list[None] = []
    queue = OutboundQueue(count_max=2, bytes_max=10, on_overflow=lambda: overflows.append(None))

    for packet in (1, 2, 3, None):
        await queue.put(packet)
    first = queue.get_nowait()
    await queue.put(4)

    assert first == 1
    assert [await queue.get(), queue.get_nowait()] == [2, None]
    assert queue.empty()
    assert queue.overflowed
    assert len(overflows) == 1


async def test_a_queue_hands_out_few_at_a_time() -> None:
    queue = OutboundQueue(count_max=1000, bytes_max=1000, on_overflow=lambda: None)
    for packet in range(600):
        await queue.put(packet)

    taken = [await queue.get()]
    with contextlib.suppress(asyncio.QueueEmpty):
        while True:
            taken.append(queue.get_nowait())

    assert taken == list(range(500))
    assert await queue.get() == 500


@pytest.mark.parametrize("notifier_first", [True, False])
async def test_a_client_that_stopped_reading_does_not_hold_up_the_end(
    *, notifier_first: bool
) -> None:
    settings = SocketIoSettings(
        queue_count_max=100_000, queue_bytes_max=100 * MIB, write_seconds_max=60.0
    )
    async with (
        serving(settings, timeout_graceful_shutdown=None) as shop,
        raw_websocket(shop, "sloth"),
        raw_websocket(shop, "snail"),
    ):
        await push_until_blocked(shop, "sloth")

        started = time.monotonic()
        if notifier_first:
            await shop.notifier.aclose()
        await shop.stop()

        assert time.monotonic() - started < 10
        assert shop.app.lifespan == ["lifespan.startup", "lifespan.shutdown"]


async def test_the_last_poll_does_not_hold_up_the_end() -> None:
    async with (
        serving(timeout_graceful_shutdown=None) as shop,
        connected(shop, "anna", transports=POLLING) as client,
    ):
        started = time.monotonic()
        await shop.notifier.aclose()
        await shop.stop()

        assert time.monotonic() - started < 5
        await client.gone()


async def test_nobody_connects_to_a_notifier_that_is_closed() -> None:
    async with serving() as shop, httpx.AsyncClient(base_url=shop.url) as http:
        await shop.notifier.aclose()

        answer = await http.get("/socket.io/?EIO=4&transport=polling")
        assert answer.status_code == 503
        async with connected(shop, "anna") as client:
            assert client.refusal is not None
        assert (await http.get("/api/v1/orders")).status_code == 200
