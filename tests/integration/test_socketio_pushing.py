"""From the hand-over to the clients: in order, once each, and nobody is held up."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from adapters.socketio import SocketIoSettings
from adapters.socketio.outlet import Outlet
from inventory_domain.writes import Push
from tests.support.socket_io import POLLING, WEBSOCKET, connected, serving, until

pytestmark = pytest.mark.integration

BOTH = ("user:anna", "admins")


def numbered(count: int, rooms: tuple[str, ...] = ("user:anna",)) -> list[Push]:
    return [Push("order:updated", rooms, {"n": n}) for n in range(count)]


def numbers(payloads: list[Mapping[str, Any]]) -> list[int]:
    return [payload["n"] for payload in payloads]


@pytest.mark.parametrize("transports", [WEBSOCKET, (*POLLING, *WEBSOCKET)])
async def test_a_thousand_pushes_come_in_their_order(transports: tuple[str, ...]) -> None:
    async with serving() as shop, connected(shop, "anna", transports=transports) as client:
        shop.notifier.push(numbered(1000))

        assert numbers(await client.got("order:updated", 1000)) == list(range(1000))


async def test_every_tab_of_a_user_gets_everything() -> None:
    async with (
        serving() as shop,
        connected(shop, "anna") as first,
        connected(shop, "anna") as second,
    ):
        shop.notifier.push(numbered(10))

        assert numbers(await first.got("order:updated", 10)) == list(range(10))
        assert numbers(await second.got("order:updated", 10)) == list(range(10))


async def test_an_admin_gets_a_push_for_two_of_their_rooms_once() -> None:
    async with serving() as shop, connected(shop, "anna:admin") as admin:
        shop.notifier.push(numbered(10, BOTH))
        shop.notifier.push([Push("order:completed", ("admins",), {})])

        await admin.got("order:completed")
        assert numbers(admin.payloads("order:updated")) == list(range(10))


async def test_a_push_that_cannot_be_written_touches_no_other() -> None:
    async with serving() as shop, connected(shop, "anna") as client:
        broken = Push("order:updated", ("user:anna",), {"order": object()})

        shop.notifier.push([broken, *numbered(3), broken])

        assert numbers(await client.got("order:updated", 3)) == [0, 1, 2]
        await until(lambda: shop.notifier.counts().failed == 2, "both faults")


async def test_a_push_without_a_room_reaches_nobody() -> None:
    async with serving() as shop, connected(shop, "anna") as client:
        shop.notifier.push([Push("order:created", (), {}), *numbered(1)])

        await client.got("order:updated")
        assert client.payloads("order:created") == []


async def test_a_push_before_the_start_or_after_the_end_is_dropped() -> None:
    async with serving() as shop:
        async with connected(shop, "anna"):
            await shop.notifier.aclose()

            shop.notifier.push(numbered(1))
        await shop.notifier.aclose()

    assert shop.notifier.counts().emitted == 0


async def test_what_was_handed_over_goes_out_before_the_end() -> None:
    async with serving() as shop, connected(shop, "anna") as client:
        shop.notifier.push(numbered(500))

        await shop.notifier.aclose()

        assert numbers(await client.got("order:updated", 500)) == list(range(500))
        await client.gone()


async def test_the_oldest_make_room_when_more_comes_in_than_goes_out() -> None:
    emitted: list[int] = []

    async def emit(push: Push) -> int:
        emitted.append(push.payload["n"])
        return 1

    outlet = Outlet(emit, count_max=10)
    for push in numbered(25):
        outlet.put(push)
    running = asyncio.create_task(outlet.run())
    await outlet.drained()
    running.cancel()

    assert emitted == list(range(15, 25))
    assert (outlet.dropped_count, outlet.emitted_count) == (15, 10)


async def test_requests_are_answered_while_pushes_storm() -> None:
    settings = SocketIoSettings(handover_count_max=100_000)
    async with (
        serving(settings) as shop,
        connected(shop, "anna") as client,
        httpx.AsyncClient(base_url=shop.url) as http,
    ):
        await http.get("/before")
        shop.notifier.push(numbered(5000))

        for _ in range(5):
            assert (await http.get("/meanwhile")).status_code == 200

        assert shop.notifier.counts().emitted < 5000, "the answers came while the storm went on"
        await client.got("order:updated", 5000)
        assert shop.notifier.counts().cut_off == 0


async def test_pushes_to_nobody_cost_no_hand_over() -> None:
    async with serving(SocketIoSettings(handover_count_max=1)) as shop:
        shop.notifier.push(numbered(1000))

        assert shop.notifier.counts().dropped == 0
