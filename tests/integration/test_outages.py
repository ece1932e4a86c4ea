"""The broker or the database is away, or hangs: nothing is lost, and nobody freezes with it."""

import asyncio
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from inventory_domain.topics import ORDER_CREATED
from tests.support.deployment import ManyProcesses
from tests.support.foreign_kafka import read_topics
from tests.support.kafka_server import KafkaServer
from tests.support.listener import listening
from tests.support.load import Load
from tests.support.mongo_server import MongoServer
from tests.support.proxy import Mode, Proxy
from tests.support.server_process import LOOPBACK
from tests.support.shop_caller import order_body
from tests.support.verdict import dead_letters, nothing_lost_nothing_twice
from tests.support.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

STOCKS = {"lamp": 100_000}
ANSWER_SECONDS_MAX = 8.0
AWAY_SECONDS = 8.0
LONG_SECONDS = 120.0


@pytest.fixture
def system(
    tmp_path: Path, own_broker: KafkaServer, own_mongo: MongoServer
) -> Iterator[ManyProcesses]:
    made = ManyProcesses(
        tmp_path,
        bootstrap=own_broker.bootstrap,
        mongodb_uri=own_mongo.uri,
        KAFKA_SESSION_SECONDS="3",
    )
    try:
        yield made
    finally:
        made.kill()
        own_broker.ensure_running()
        own_mongo.ensure_running()


async def begin(system: ManyProcesses) -> Load:
    await asyncio.to_thread(system.start)
    # Off this thread: a proxy between the two may live here.
    await asyncio.to_thread(system.add_product, "lamp", STOCKS["lamp"])
    return Load(system, random.Random(6), list(STOCKS))


def post(system: ManyProcesses) -> tuple[httpx.Response, float]:
    """Place an order and return the answer and its seconds."""
    began = time.monotonic()
    line = {"productId": "lamp", "qty": 1, "price": 10.0}
    answer = system.call("POST", "orders", "/orders", json=order_body(line))
    return answer, time.monotonic() - began


def down(system: ManyProcesses, service: str) -> dict[str, Any]:
    """Return what the service says is down."""
    answer = system.call("GET", service, "/health/ready")
    assert answer.status_code in {200, 503}
    found: dict[str, Any] = answer.json().get("down", {})
    return found


async def says_down(system: ManyProcesses, service: str, what: str) -> None:
    async def is_said() -> bool:
        return what in await asyncio.to_thread(down, system, service)

    await until(is_said, seconds=40, what=f"{service} saying that its {what} is down")


async def is_well(system: ManyProcesses) -> None:
    async def nothing_is_down() -> bool:
        found = await asyncio.gather(
            *(asyncio.to_thread(down, system, service) for service in ("orders", "products"))
        )
        return not any(found)

    await until(nothing_is_down, seconds=60, what="both services being ready")


def letters(system: ManyProcesses) -> int:
    count, strange = dead_letters(system.bootstrap)
    assert not strange
    return count


async def in_order(system: ManyProcesses) -> None:
    """See that orders were told of in the order in which they came, partition by partition."""
    told: dict[int, list[str]] = {}
    seen: set[str] = set()
    for message in await asyncio.to_thread(read_topics, system.bootstrap, [ORDER_CREATED]):
        order_id = message.json()["orderId"]
        if order_id not in seen:
            told.setdefault(message.partition, []).append(order_id)
            seen.add(order_id)
    stored = await asyncio.to_thread(system.all_orders)
    for orders in told.values():
        times = [stored[name]["createdAt"] for name in orders if name in stored]
        assert times == sorted(times)


async def broker_away(system: ManyProcesses, broker: KafkaServer, seconds: float) -> None:
    load = await begin(system)
    async with listening(system.addresses["orders"], system.token("load")) as customer:
        async with load.running(2):
            await load.more(10)
            await asyncio.to_thread(broker.kill)
            gone_at = time.monotonic()
            await says_down(system, "orders", "orders-relay")
            await says_down(system, "products", "products-consumer")
            refused, unanswered = load.answers[503], load.unanswered
            await load.more(20)
            answer, took = await asyncio.to_thread(post, system)
            assert answer.status_code == httpx.codes.CREATED
            assert took < 2.0
            order_id = answer.json()["data"]["order"]["_id"]
            load.accepted.add(order_id)
            await asyncio.sleep(max(0.0, gone_at + seconds - time.monotonic()))
            assert (load.answers[503], load.unanswered) == (refused, unanswered) == (0, 0)
        newest = [name for name, _ in customer.received].count("order:created")
        assert newest >= len(load.accepted) - 1, "pushes did not go on"
        await asyncio.to_thread(broker.start)
        await is_well(system)
    await nothing_lost_nothing_twice(system, load, STOCKS)
    assert await asyncio.to_thread(letters, system) == 0
    await in_order(system)


async def test_orders_go_on_while_the_broker_is_away(
    system: ManyProcesses, own_broker: KafkaServer
) -> None:
    await broker_away(system, own_broker, AWAY_SECONDS)


# Thousands of orders wait for the broker then, and a slow database takes its time with them.
@pytest.mark.timeout(900)
@pytest.mark.crash
async def test_orders_go_on_while_the_broker_is_away_for_two_minutes(
    system: ManyProcesses, own_broker: KafkaServer
) -> None:
    await broker_away(system, own_broker, LONG_SECONDS)


async def test_orders_are_refused_whole_while_the_database_is_away(
    system: ManyProcesses, own_mongo: MongoServer
) -> None:
    load = await begin(system)
    async with load.running(2):
        await load.more(10)
        await asyncio.to_thread(own_mongo.kill)
        for _ in range(3):
            answer, took = await asyncio.to_thread(post, system)
            assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
            assert int(answer.headers["Retry-After"]) >= 1
            assert took < ANSWER_SECONDS_MAX
        await says_down(system, "orders", "order store")
        await says_down(system, "products", "stock store")
        await asyncio.to_thread(own_mongo.start)
        await is_well(system)
        await load.more(10)
    await nothing_lost_nothing_twice(system, load, STOCKS)
    assert await asyncio.to_thread(letters, system) == 0


async def test_a_database_that_hangs_is_away(system: ManyProcesses, own_mongo: MongoServer) -> None:
    async with Proxy(own_mongo.port) as proxy:
        system.settings["MONGODB_URI"] = f"mongodb://{LOOPBACK}:{proxy.port}/?directConnection=true"
        load = await begin(system)
        async with load.running(2):
            await load.more(10)
            await proxy.set_mode(Mode.SWALLOW)
            answer, took = await asyncio.to_thread(post, system)
            assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
            assert took < ANSWER_SECONDS_MAX
            await says_down(system, "products", "stock store")
            await proxy.set_mode(Mode.PASS)
            await is_well(system)
            await load.more(10)
        await nothing_lost_nothing_twice(system, load, STOCKS)
        assert await asyncio.to_thread(letters, system) == 0


async def test_a_broker_that_hangs_is_away(system: ManyProcesses, own_broker: KafkaServer) -> None:
    async with Proxy(own_broker.behind_proxy_port, own_broker.proxy_port) as proxy:
        system.settings["KAFKA_BOOTSTRAP_SERVERS"] = f"{LOOPBACK}:{proxy.port}"
        load = await begin(system)
        async with load.running(2):
            await load.more(10)
            await proxy.set_mode(Mode.SWALLOW)
            await says_down(system, "orders", "orders-relay")
            answer, took = await asyncio.to_thread(post, system)
            assert answer.status_code == httpx.codes.CREATED
            assert took < 2.0
            load.accepted.add(answer.json()["data"]["order"]["_id"])
            await says_down(system, "products", "products-consumer")
            await proxy.set_mode(Mode.PASS)
            await is_well(system)
            await load.more(10)
        await nothing_lost_nothing_twice(system, load, STOCKS)
        assert await asyncio.to_thread(letters, system) == 0
