"""Several instances of a service share its work; they come, leave, die and wake up again."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from adapters.kafka import KafkaInspector, KafkaSettings
from inventory_domain.topics import PRODUCTS_GROUP
from tests.support.deployment import ManyProcesses
from tests.support.kafka_server import KafkaServer
from tests.support.listener import listening
from tests.support.load import Load
from tests.support.mongo_server import MongoServer
from tests.support.redis_server import RedisServer
from tests.support.system_process import SystemProcess
from tests.support.verdict import nothing_lost_nothing_twice
from tests.support.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SESSION_SECONDS = "3"
STOCKS = {"few": 30, "many": 100_000, "more": 100_000}


@pytest.fixture
def system(
    tmp_path: Path, own_broker: KafkaServer, own_mongo: MongoServer
) -> Iterator[ManyProcesses]:
    made = ManyProcesses(
        tmp_path,
        bootstrap=own_broker.bootstrap,
        mongodb_uri=own_mongo.uri,
        KAFKA_SESSION_SECONDS=SESSION_SECONDS,
        RESERVE_RETRY_PAUSE_SECONDS="0.1",
    )
    try:
        yield made
    finally:
        made.kill()


@asynccontextmanager
async def group_of(system: ManyProcesses) -> AsyncIterator["Group"]:
    inspector = KafkaInspector(KafkaSettings(bootstrap_servers=system.bootstrap))
    try:
        yield Group(inspector)
    finally:
        await inspector.aclose()


class Group:
    """The consumer group of the products service."""

    def __init__(self, inspector: KafkaInspector) -> None:
        self._inspector = inspector

    async def is_shared_by(self, count: int) -> None:
        """Return when *count* members share all partitions, those of one order together."""

        async def is_it() -> bool:
            groups = {one.name: one for one in await self._inspector.groups()}
            # Until the first of them has joined, Kafka knows of no such group.
            members = groups[PRODUCTS_GROUP].members if PRODUCTS_GROUP in groups else ()
            if len(members) != count or not all(member.assigned for member in members):
                return False
            parts = [{at.partition for at in member.assigned} for member in members]
            assert sum(map(len, parts)) == len(set().union(*parts)), parts
            return True

        await until(is_it, seconds=60, what=f"a group of {count}")


async def start(instance: SystemProcess) -> None:
    await asyncio.to_thread(instance.start)


async def test_instances_that_join_leave_die_and_wake_lose_and_double_nothing(
    system: ManyProcesses,
) -> None:
    chance = random.Random(6)
    system.add("orders")
    first, second = system.add("products"), system.add("products")
    await asyncio.to_thread(system.start)
    for name, stock in STOCKS.items():
        system.add_product(name, stock)
    load = Load(system, chance, list(STOCKS))

    async with group_of(system) as group, load.running():
        await group.is_shared_by(2)
        await load.more(20)
        third = system.add("products")
        await start(third)
        await group.is_shared_by(3)
        await load.more(20)

        third.send(signal.SIGTERM)
        assert await asyncio.to_thread(third.wait) == 0, third.errors()
        await group.is_shared_by(2)
        await start(third)
        await group.is_shared_by(3)
        await load.more(20)

        second.kill()
        await group.is_shared_by(2)
        await load.more(20)
        await start(second)
        await group.is_shared_by(3)

        third.send(signal.SIGSTOP)
        await group.is_shared_by(2)
        await load.more(20)
        third.send(signal.SIGCONT)
        await group.is_shared_by(3)
        await load.more(20)
    system.addresses.update(first.addresses | {"orders": system.addresses["orders"]})
    await nothing_lost_nothing_twice(system, load, STOCKS)


async def test_a_customer_at_one_orders_instance_sees_what_another_did(
    system: ManyProcesses, redis_server: RedisServer
) -> None:
    system.settings["SOCKETIO_REDIS_URL"] = redis_server.url
    here, there = system.add("orders"), system.add("orders")
    system.add("products")
    await asyncio.to_thread(system.start)
    system.add_product("lamp", 100)

    system.addresses.update(here.addresses)
    async with listening(there.addresses["orders"], system.token("anna")) as customer:
        for _ in range(5):
            order = await asyncio.to_thread(system.order, "lamp")
            await customer.wait_for("order:stock_reserved", order["_id"])

            events = customer.events(order["_id"])
            assert sorted(events) == ["order:created", "order:stock_reserved"]


async def test_an_admin_at_an_orders_instance_is_alarmed_by_the_monitor(
    system: ManyProcesses, own_mongo: MongoServer, redis_server: RedisServer
) -> None:
    system.settings["SOCKETIO_REDIS_URL"] = redis_server.url
    system.add("orders")
    system.add("products")
    await asyncio.to_thread(system.start)
    system.add_product("lamp", 100)
    await appear_from_nowhere(own_mongo.uri, system.settings["PRODUCTS_DB"], "lamp", 7)

    boss = system.token("boss", "admin")
    async with listening(system.addresses["orders"], boss) as admin:
        await start(system.add("monitor"))
        alert = await admin.wait_for("admin:alert", None, seconds=40)

    assert (alert["kind"], alert["reason"]) == ("broken_invariant", "conservation")
    assert "lamp" in alert["message"]


async def appear_from_nowhere(uri: str, database: str, product_id: str, quantity: int) -> None:
    """Add units to the stock of a product behind the system's back."""
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        products = client[database]["products"]
        done = await products.update_one({"_id": product_id}, {"$inc": {"stock": quantity}})
    assert done.modified_count == 1


async def test_events_flow_on_when_the_instance_that_relays_them_dies(
    system: ManyProcesses,
) -> None:
    holder = system.add("orders")
    system.add("products")
    await asyncio.to_thread(system.start)
    system.add_product("lamp", 100)
    # The first one holds the lease: it was alone.
    heir = system.add("orders")
    await start(heir)

    holder.kill()
    system.addresses.update(heir.addresses)
    order = await asyncio.to_thread(system.order, "lamp")

    async def is_reserved() -> bool:
        return await asyncio.to_thread(system.stock_state, order["_id"]) == "reserved"

    await until(is_reserved, seconds=40, what="the stock of an order at the heir")
