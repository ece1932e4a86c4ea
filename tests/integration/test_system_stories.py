"""The system's promises, seen from outside: HTTP, Socket.IO and the log of a running system."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from inventory_domain.records import OutgoingRecord
from inventory_domain.topics import INVENTORY_RELEASE, INVENTORY_RESERVE
from tests.support.deployment import Deployment, ManyProcesses, OneProcess
from tests.support.kafka_mock import KafkaMock
from tests.support.kafka_server import KafkaServer
from tests.support.listener import listening
from tests.support.mongo_server import ForeignMongo, MongoServer
from tests.support.shop_caller import order_body
from tests.support.waiting import until

pytestmark = pytest.mark.integration

PRICE = 10.0
RETRY_PAUSE = "0.2"


@pytest.fixture(scope="module", params=["one process", "many processes"])
def system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """A running system; every test has its own products and customers in it."""
    running = request.getfixturevalue(request.param.replace(" ", "_"))(
        tmp_path_factory.mktemp("shop")
    )
    try:
        yield running.start()
        assert running.run("audit").returncode == 0
        assert running.stop() == 0
    finally:
        running.kill()


@pytest.fixture(scope="module")
def one_process() -> Callable[[Path], Deployment]:
    return lambda folder: OneProcess(folder, RESERVE_RETRY_PAUSE_SECONDS=RETRY_PAUSE)


@pytest.fixture(scope="module")
def many_processes(
    own_kafka: KafkaServer | KafkaMock, mongo_server: MongoServer | ForeignMongo
) -> Callable[[Path], Deployment]:
    return lambda folder: ManyProcesses(
        folder,
        bootstrap=own_kafka.bootstrap,
        mongodb_uri=mongo_server.uri,
        RESERVE_RETRY_PAUSE_SECONDS=RETRY_PAUSE,
    )


class Visitor:
    """Somebody at the HTTP interface."""

    def __init__(self, system: Deployment, sub: str, role: str = "user") -> None:
        self.system = system
        self.sub = sub
        self.token = system.token(sub, role)
        self.http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
            limits=httpx.Limits(max_connections=64),
        )

    async def call(
        self, method: str, service: str, path: str, **more: Any
    ) -> tuple[int, dict[str, Any]]:
        address = self.system.addresses[service]
        answer = await self.http.request(method, f"{address}/api/v1{path}", **more)
        return answer.status_code, answer.json()

    async def place(self, wanted: dict[str, int], **more: Any) -> dict[str, Any]:
        lines = [{"productId": name, "qty": qty, "price": PRICE} for name, qty in wanted.items()]
        status, answer = await self.call(
            "POST", "orders", "/orders", json=order_body(*lines), **more
        )
        assert status in (200, 201), answer
        order: dict[str, Any] = answer["data"]["order"]
        return order

    async def order(self, order_id: str) -> dict[str, Any]:
        _, answer = await self.call("GET", "orders", f"/orders/{order_id}")
        order: dict[str, Any] = answer["data"]["order"]
        return order

    async def product(self, product_id: str) -> dict[str, Any]:
        _, answer = await self.call("GET", "products", f"/products/{product_id}")
        product: dict[str, Any] = answer["data"]["product"]
        return product

    async def add_product(self, product_id: str, stock: int) -> str:
        body = {"_id": product_id, "name": product_id, "price": PRICE, "stock": stock}
        status, answer = await self.call("POST", "products", "/products", json=body)
        assert status == 201, answer
        return product_id

    async def state_comes(self, order_id: str, state: str) -> None:
        async def is_there() -> bool:
            return bool((await self.order(order_id))["stockState"] == state)

        await until(is_there, seconds=30, what=f"stockState {state}")


@asynccontextmanager
async def visitors(system: Deployment, customer: str) -> AsyncIterator[tuple[Visitor, Visitor]]:
    """A customer and an admin."""
    anna, boss = Visitor(system, customer), Visitor(system, "boss", "admin")
    async with anna.http, boss.http:
        yield anna, boss


async def test_an_order_from_the_call_to_the_stock_to_the_socket(system: Deployment) -> None:
    async with visitors(system, "story-1") as (anna, boss):
        await boss.add_product("s1-lamp", 5)
        await boss.add_product("s1-desk", 1)
        async with listening(system.addresses["orders"], anna.token) as socket:
            order = await anna.place({"s1-lamp": 2, "s1-desk": 1})
            assert order["stockState"] == "requested"
            reserved = await socket.wait_for("order:stock_reserved", order["_id"])

            assert socket.events(order["_id"]) == ["order:created", "order:stock_reserved"]
        assert {line["productId"]: line["stock"] for line in reserved["lines"]} == {
            "s1-lamp": 3,
            "s1-desk": 0,
        }
        assert (await anna.order(order["_id"]))["stockState"] == "reserved"
        lamp, desk = await anna.product("s1-lamp"), await anna.product("s1-desk")
        assert (lamp["stock"], lamp["reserved"], lamp["inStock"]) == (3, 2, True)
        assert (desk["stock"], desk["reserved"], desk["inStock"]) == (0, 1, False)
        _, moved = await boss.call("GET", "products", "/products/s1-lamp/movements")
        newest = moved["data"]["movements"][0]
        assert (newest["orderId"], newest["balance"]) == (order["_id"], 3)


@pytest.mark.parametrize("by", ["owner", "admin"])
async def test_a_cancelled_order_gives_back_once_however_often_release_comes(
    system: Deployment, by: str
) -> None:
    async with visitors(system, f"story-2-{by}") as (anna, boss):
        lamp = await boss.add_product(f"s2-lamp-{by}", 5)
        order = await anna.place({lamp: 2})
        await anna.state_comes(order["_id"], "reserved")
        path = f"/orders/{order['_id']}"
        async with listening(system.addresses["orders"], anna.token) as socket:
            if by == "owner":
                status, _ = await anna.call("PATCH", "orders", f"{path}/cancel", json={})
            else:
                status, _ = await boss.call("PATCH", "orders", f"{path}/status", json={"status": 5})
            assert status == 200
            await socket.wait_for("order:cancelled", order["_id"])
        await anna.state_comes(order["_id"], "released")

        async with system.foreign_log() as log:
            key = order["_id"].encode()
            value = {
                "eventType": "STOCK_RELEASE_REQUEST",
                "orderId": order["_id"],
                "reason": "again",
            }
            again = OutgoingRecord(INVENTORY_RELEASE, key, json.dumps(value).encode())
            await log.publish([again] * 5)
        later = await anna.place({lamp: 1})
        await anna.state_comes(later["_id"], "reserved")

        assert (await anna.product(lamp))["stock"] == 4


async def test_delivery_consumes_the_reservation(system: Deployment) -> None:
    async with visitors(system, "story-3") as (anna, boss):
        await boss.add_product("s3-lamp", 5)
        order = await anna.place({"s3-lamp": 2})
        await anna.state_comes(order["_id"], "reserved")
        for wanted in ("processing", "shipped", "delivered"):
            path = f"/orders/{order['_id']}/status"
            status, answer = await boss.call("PATCH", "orders", path, json={"status": wanted})
            assert status == 200, answer

        async def is_sold() -> bool:
            return bool((await anna.product("s3-lamp"))["reserved"] == 0)

        await until(is_sold, what="the sale")
        assert (await anna.product("s3-lamp"))["stock"] == 3
        assert (await anna.order(order["_id"]))["stockState"] == "consumed"


async def test_a_short_order_takes_nothing_and_everybody_is_told_once(
    system: Deployment,
) -> None:
    async with visitors(system, "story-4") as (anna, boss):
        await boss.add_product("s4-a", 10)
        await boss.add_product("s4-b", 2)
        await boss.add_product("s4-c", 10_000)
        seen: set[int] = set()
        done = asyncio.Event()

        async def watch() -> None:
            while not done.is_set():
                seen.add((await anna.product("s4-a"))["stock"])

        address = system.addresses["orders"]
        async with (
            listening(address, anna.token) as customer,
            listening(address, boss.token) as admin,
        ):
            watching = asyncio.create_task(watch())
            short = await anna.place({"s4-a": 5, "s4-b": 10})
            behind = await asyncio.gather(*(anna.place({"s4-c": 1}) for _ in range(200)))
            rejected = await customer.wait_for("order:stock_rejected", short["_id"])
            alert = await admin.wait_for("admin:alert", short["_id"])
            for order in behind:
                await anna.state_comes(order["_id"], "reserved")
            done.set()
            await watching

            assert customer.events(short["_id"]).count("order:stock_rejected") == 1
            assert admin.events(short["_id"]).count("admin:alert") == 1
        assert seen == {10}
        [line] = rejected["lines"]
        assert (line["productId"], line["wanted"], line["available"]) == ("s4-b", 10, 2)
        assert alert["kind"] == "reservation_failed"
        stored = await anna.order(short["_id"])
        assert (stored["status"], stored["stockState"]) == (1, "rejected")
        listed = system.run("dead-letters", "list", "--order", short["_id"])
        assert listed.stdout.count("insufficient_stock") == 1, listed.stdout


async def test_a_restock_during_the_retries_saves_the_order(system: Deployment) -> None:
    async with visitors(system, "story-5") as (anna, boss):
        await boss.add_product("s5-b", 2)
        order = await anna.place({"s5-b": 10})
        status, _ = await boss.call("POST", "products", "/products/s5-b/restock", json={"qty": 20})
        assert status in (200, 201)

        await anna.state_comes(order["_id"], "reserved")
        assert (await anna.product("s5-b"))["stock"] == 12


async def test_a_rejected_order_is_sent_back_and_gets_what_is_there_by_then(
    system: Deployment,
) -> None:
    async def dead_letters(*arguments: str) -> str:
        done = await asyncio.to_thread(system.run, "dead-letters", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    async with visitors(system, "story-9") as (anna, boss):
        await boss.add_product("s9-rare", 1)
        order = await anna.place({"s9-rare": 3})
        stopped = await anna.place({"s9-rare": 3})
        for one in (order, stopped):
            await anna.state_comes(one["_id"], "rejected")
        await anna.call("PATCH", "orders", f"/orders/{stopped['_id']}/cancel", json={})
        chosen = ("redrive", "--order", order["_id"])

        assert "still short" in await dead_letters(*chosen)
        await boss.call("POST", "products", "/products/s9-rare/restock", json={"qty": 9})
        assert "would be reserved" in await dead_letters(*chosen)
        assert (await anna.order(order["_id"]))["stockState"] == "rejected"
        async with listening(system.addresses["orders"], anna.token) as customer:
            assert "1 dead letters were sent back" in await dead_letters(*chosen, "--yes")
            await customer.wait_for("order:stock_reserved", order["_id"])

        assert "0 dead letters were sent back" in await dead_letters(
            "redrive", "--order", stopped["_id"], "--yes"
        )
        assert (await anna.order(stopped["_id"]))["stockState"] == "rejected"
        product = await anna.product("s9-rare")
        assert (product["stock"], product["reserved"]) == (7, 3)


async def test_two_hundred_buyers_of_ten_units(system: Deployment) -> None:
    async with visitors(system, "story-6") as (anna, boss):
        await boss.add_product("s6-last", 10)
        await asyncio.gather(*(anna.place({"s6-last": 1}) for _ in range(200)))

        async def all_ended() -> bool:
            path = "/orders/user/story-6?stockState=requested&limit=1"
            _, answer = await anna.call("GET", "orders", path)
            return bool(answer["meta"]["total"] == 0)

        await until(all_ended, seconds=60, what="an outcome for every order")
        totals = {}
        for state in ("reserved", "rejected"):
            path = f"/orders/user/story-6?stockState={state}&limit=1"
            _, answer = await anna.call("GET", "orders", path)
            totals[state] = answer["meta"]["total"]
        assert totals == {"reserved": 10, "rejected": 190}
        assert (await anna.product("s6-last"))["stock"] == 0


async def test_one_key_twenty_times_at_once_and_after_a_restart(system: Deployment) -> None:
    async with visitors(system, "story-7") as (anna, boss):
        await boss.add_product("s7-lamp", 5)
        headers = {"Idempotency-Key": "story-7-key"}
        body = order_body({"productId": "s7-lamp", "qty": 1, "price": PRICE})

        async def send() -> tuple[int, dict[str, Any]]:
            return await anna.call("POST", "orders", "/orders", json=body, headers=headers)

        answers = await asyncio.gather(*(send() for _ in range(20)))
        assert sorted(status for status, _ in answers)[-2:] == [200, 201]
        assert all(answer == answers[0][1] for _, answer in answers)
        assert system.stop() == 0
        system.start()

        assert await send() == (200, answers[0][1])
        other = order_body({"productId": "s7-lamp", "qty": 2, "price": PRICE})
        status, refused = await anna.call("POST", "orders", "/orders", json=other, headers=headers)
        assert (status, refused["success"]) == (422, False)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\xff\xfenot json", "not JSON"),
        (b'{"eventType":"STOCK_RESERVE_REQUEST","items":[{"productId":"x","qty":1}]}', "orderId"),
        (b'{"eventType":"STOCK_RESERVE_REQUEST","orderId":"foreign"}', "items"),
        (
            b'{"eventType":"STOCK_RESERVE_REQUEST","orderId":"foreign","items":[{"productId":"x","qty":0}]}',
            "qty",
        ),
        (b'{"eventType":"WHAT","orderId":"foreign"}', "unknown eventType"),
    ],
)
async def test_a_broken_message_is_parked_with_its_reason_and_the_partition_goes_on(
    system: Deployment, value: bytes, reason: str
) -> None:
    async with visitors(system, "story-8") as (anna, boss):
        lamp = await boss.add_product(f"s8-{abs(hash(value))}", 5)
        async with system.foreign_log() as log:
            await log.publish(
                [OutgoingRecord(INVENTORY_RESERVE, b"foreign", value, (("mark", reason.encode()),))]
            )
            behind = {
                "eventType": "STOCK_RESERVE_REQUEST",
                "orderId": "foreign-" + lamp,
                "items": [{"productId": lamp, "quantity": 2}],
            }
            await log.publish(
                [OutgoingRecord(INVENTORY_RESERVE, None, json.dumps(behind).encode())]
            )

        async def is_taken() -> bool:
            return bool((await anna.product(lamp))["stock"] == 3)

        async def is_parked() -> bool:
            listed = await asyncio.to_thread(
                system.run, "dead-letters", "list", "--order", "foreign"
            )
            return reason in listed.stdout

        await until(is_taken, what="the order behind")
        await until(is_parked, what="the dead letter")
