"""Several instances of a service: a push reaches clients wherever they are connected."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from adapters.socketio import SocketIoSettings
from inventory_domain.writes import Push
from tests.support.proxy import Mode, Proxy
from tests.support.redis_server import RedisServer
from tests.support.server_process import LOOPBACK
from tests.support.socket_io import connected, serving, until

pytestmark = pytest.mark.integration


async def test_a_push_reaches_the_clients_of_every_instance_once(
    redis_server: RedisServer,
) -> None:
    settings = SocketIoSettings(redis_url=redis_server.url)
    async with serving(settings) as first, serving(settings) as second, AsyncExitStack() as stack:
        here = await stack.enter_async_context(connected(first, "anna:admin"))
        there = await stack.enter_async_context(connected(second, "anna:admin"))
        await until(lambda: _listening(first) and _listening(second), "both to listen")

        first.notifier.push(
            [Push("order:updated", ("user:anna", "admins"), {"n": n}) for n in range(100)]
        )
        first.notifier.push([Push("order:completed", ("admins",), {})])

        for client in (here, there):
            await client.got("order:completed")
            assert [p["n"] for p in client.payloads("order:updated")] == list(range(100))


async def test_a_redis_that_hangs_costs_this_instances_clients_nothing(
    redis_server: RedisServer,
) -> None:
    async with Proxy(redis_server.port) as proxy:
        settings = SocketIoSettings(
            redis_url=f"redis://{LOOPBACK}:{proxy.port}/0", relay_seconds_max=0.2
        )
        async with serving(settings) as shop, connected(shop, "anna") as client:
            await until(lambda: _listening(shop), "it to listen")
            await proxy.set_mode(Mode.SWALLOW)

            shop.notifier.push([Push("order:updated", ("user:anna",), {})] * 200)

            await client.got("order:updated", 200)
            async with asyncio.timeout(10):
                await shop.notifier.aclose()


def _listening(shop: object) -> bool:
    pubsub = shop.engine.sio.manager.pubsub  # type: ignore[attr-defined]
    return pubsub is not None and pubsub.subscribed
