"""What is acknowledged stays, whatever dies; what hangs is let go in time."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from secrets import token_hex
from typing import Any, get_args

import attrs
import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from adapters.mongodb import Driver, Limits, open_order_store, open_stock_store
from inventory_domain.audit import Auditor, AuditReport
from inventory_domain.codec import Codec
from inventory_domain.errors import DependencyUnavailable, StockConflict
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.orders import Order
from inventory_domain.ports import OrderStore, StockStore
from inventory_domain.stock import ReservationState
from inventory_domain.stock_decisions import StockPolicy, decide, touched
from inventory_domain.testing.builders import (
    LAMP,
    NOW,
    a_product,
    a_reserve,
    a_write,
    an_order,
    stocking,
)
from inventory_domain.writes import Added, Saved
from tests.support.mongo_server import ForeignMongo, MongoServer, Secantus, choose_mongo
from tests.support.proxy import Mode, Proxy
from tests.support.waiting import until

pytestmark = pytest.mark.integration

SOON = Limits(call_seconds=0.7, transaction_seconds=1.0, connect_seconds=0.5)
BOUND_SECONDS = 3.0
WRITER_COUNT = 8
PRODUCTS = [ProductId(f"product-{number}") for number in range(5)]


@pytest.fixture
def name() -> str:
    return f"faults_{token_hex(6)}"


@pytest.fixture(params=get_args(Driver))
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    return request.param  # type: ignore[no-any-return]


class Synced(Secantus):
    """SecantusDB as it must run to survive a kill: else it ignores what a commit asks for."""

    def command(self) -> list[str]:
        return [*super().command(), "--sync-on-commit"]


@pytest.fixture(scope="module")
def durable_server() -> Iterator[MongoServer]:
    """A server of this module's own to kill, which keeps what it acknowledges."""
    server = choose_mongo()
    if isinstance(server, ForeignMongo):
        pytest.skip("the server of MONGODB_TEST_URI is not ours to kill")
    server = Synced() if isinstance(server, Secantus) else server
    try:
        server.start()
        yield server
    finally:
        server.close()


class OrderWriters:
    """Place orders and change them, all at once, until told to stop."""

    def __init__(self, store: OrderStore) -> None:
        self._store = store
        self.tried: set[OrderId] = set()
        self.acknowledged: dict[OrderId, int] = {}
        self.stopped = False

    async def run(self, writer: int) -> None:
        number = 0
        while not self.stopped:
            number += 1
            order = an_order(f"order-{writer}-{number}")
            self.tried.add(order.order_id)
            with suppress(DependencyUnavailable):
                assert list(await self._store.add([a_write(order)])) == [Added()]
                self.acknowledged[order.order_id] = 1
                changed = attrs.evolve(order, version=2)
                assert list(await self._store.save([a_write(changed)])) == [Saved()]
                self.acknowledged[order.order_id] = 2


class StockWriters:
    """Reserve for one order after the other, trying each until it is known to be reserved."""

    def __init__(self, store: StockStore) -> None:
        self._store = store
        self.acknowledged: set[OrderId] = set()
        self.stopped = False

    async def run(self, writer: int) -> None:
        number = 0
        while not self.stopped:
            number += 1
            order_id = OrderId(f"order-{writer}-{number}")
            while not self.stopped and order_id not in self.acknowledged:
                with suppress(DependencyUnavailable, StockConflict):
                    await reserve(self._store, order_id, PRODUCTS[writer % 5], PRODUCTS[number % 5])
                    self.acknowledged.add(order_id)


async def reserve(store: StockStore, order_id: str, *product_ids: ProductId) -> None:
    commands = [a_reserve(order_id, dict.fromkeys(product_ids, 1))]
    view = await store.load(*touched(commands))
    decision = decide(commands, view, now=NOW, policy=StockPolicy(), codec=Codec())
    await store.commit(decision.change)


async def audit(store: StockStore) -> AuditReport:
    auditor = Auditor()
    async for part in store.audit_parts():
        auditor.add(part)
    return auditor.report()


async def waiting_values(store: OrderStore) -> dict[str, list[bytes]]:
    """Return the values that wait in the outbox, by order."""
    found: dict[str, list[bytes]] = {}
    for entry in await store.pending(100_000):
        for record in entry.records:
            found.setdefault((record.key or b"").decode(), []).append(record.value or b"")
    return found


async def kill_and_restart(server: MongoServer, *, times: int, grew: Callable[[], int]) -> None:
    """Kill the server while writes go through, each time after some more of them."""
    for _ in range(times):
        before = grew()

        async def more(floor: int = before + 10) -> bool:
            return grew() >= floor

        await until(more, what="writing")
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)


async def run_while(
    writers: OrderWriters | StockWriters, work: Awaitable[None], *, count: int = WRITER_COUNT
) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(writers.run(number))
        try:
            await work
        finally:
            writers.stopped = True


@pytest.mark.parametrize(
    "kills", [1, pytest.param(5, marks=[pytest.mark.crash, pytest.mark.timeout(600)])]
)
async def test_no_acknowledged_order_is_lost_when_the_server_is_killed(
    durable_server: MongoServer, name: str, driver: Driver, kills: int
) -> None:
    async with open_order_store(durable_server.uri, name, driver=driver) as store:
        writers = OrderWriters(store)
        killing = kill_and_restart(
            durable_server, times=kills, grew=lambda: len(writers.acknowledged)
        )
        await run_while(writers, killing)

        stored = await store.get(writers.tried)
        waiting = await waiting_values(store)

    lost = {
        order_id: version
        for order_id, version in writers.acknowledged.items()
        if order_id not in stored or stored[order_id].version < version
    }
    assert lost == {}
    assert waiting == {order_id: _events_of(order) for order_id, order in stored.items()}


def _events_of(order: Order) -> list[bytes]:
    return [f"version {version}".encode() for version in range(1, order.version + 1)]


@pytest.mark.parametrize(
    "kills", [1, pytest.param(5, marks=[pytest.mark.crash, pytest.mark.timeout(600)])]
)
async def test_no_reservation_is_lost_or_halved_when_the_server_is_killed(
    durable_server: MongoServer, name: str, driver: Driver, kills: int
) -> None:
    async with open_stock_store(durable_server.uri, name, driver=driver) as store:
        await store.commit(stocking(*(a_product(one, stock=100_000) for one in PRODUCTS)))
        writers = StockWriters(store)
        killing = kill_and_restart(
            durable_server, times=kills, grew=lambda: len(writers.acknowledged)
        )
        await run_while(writers, killing, count=3)

        report = await audit(store)
        held = (await store.load(writers.acknowledged, [])).reservations
        told = {record for entry in await store.pending(100_000) for record in entry.records}

    assert report.differences == ()
    assert set(held) == writers.acknowledged
    assert {one.state for one in held.values()} == {ReservationState.RESERVED}
    # A try whose answer was lost has its outcome told again, the same to the last byte.
    assert len(told) == len({record.key for record in told}) == report.orders_reserved


@asynccontextmanager
async def behind_a_proxy(server: MongoServer) -> AsyncIterator[tuple[Proxy, str]]:
    async with Proxy(server.port) as proxy:
        yield proxy, f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"


@pytest.mark.parametrize("mode", [Mode.SWALLOW, Mode.REFUSE, Mode.RESET])
async def test_calls_into_an_outage_end_in_time_and_go_on_after_it(
    managed_mongo_server: MongoServer, name: str, driver: Driver, mode: Mode
) -> None:
    """A connection that hangs is an outage like any other."""
    async with (
        behind_a_proxy(managed_mongo_server) as (proxy, address),
        open_order_store(address, name, driver=driver, limits=SOON) as orders,
        open_stock_store(address, name + "_stock", driver=driver, limits=SOON) as stock,
    ):
        await stock.commit(stocking(a_product(LAMP)))
        await proxy.set_mode(mode)
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "orders store add": lambda: orders.add([a_write()]),
            "orders store get": lambda: orders.get([OrderId("order-1")]),
            "orders store pending": lambda: orders.pending(10),
            "stock store load": lambda: stock.load([], [LAMP]),
            "stock store commit": lambda: stock.commit(stocking(a_product("other"))),
            "stock store audit": lambda: audit(stock),
        }

        ends = await asyncio.gather(*(_timed(call) for call in calls.values()))

        for name_of_call, (error, seconds) in zip(calls, ends, strict=True):
            assert isinstance(error, DependencyUnavailable), name_of_call
            assert name_of_call.startswith(error.dependency)
            assert seconds < BOUND_SECONDS, name_of_call

        await proxy.set_mode(Mode.PASS)
        await until(lambda: _answers(lambda: orders.get([OrderId("order-1")])), what="orders")
        await until(lambda: _answers(lambda: stock.load([], [LAMP])), what="stock")
        await reserve(stock, "order-1", LAMP)
        assert (await audit(stock)).differences == ()


async def _timed(call: Callable[[], Awaitable[object]]) -> tuple[object, float]:
    begun = time.monotonic()
    try:
        result = await call()
    except DependencyUnavailable as error:
        return error, time.monotonic() - begun
    return result, time.monotonic() - begun


async def _answers(call: Callable[[], Awaitable[object]]) -> bool:
    try:
        await call()
    except DependencyUnavailable:
        return False
    return True


async def test_a_hundred_callers_of_a_hanging_server_are_all_let_go_in_time(
    managed_mongo_server: MongoServer, name: str, driver: Driver
) -> None:
    """More than there are connections, and more than there are threads."""
    async with (
        behind_a_proxy(managed_mongo_server) as (proxy, address),
        open_order_store(address, name, driver=driver, limits=SOON) as store,
    ):
        await proxy.set_mode(Mode.SWALLOW)
        begun = time.monotonic()
        calls = [store.get([OrderId("order-1")]) for _ in range(100)]
        calls_to_add = [store.add([a_write(an_order(f"order-{n}"))]) for n in range(100)]

        ends = await asyncio.gather(*calls, *calls_to_add, return_exceptions=True)

        assert all(isinstance(end, DependencyUnavailable) for end in ends)
        assert time.monotonic() - begun < 2 * BOUND_SECONDS


@asynccontextmanager
async def fail_point(server: MongoServer, **data: Any) -> AsyncIterator[None]:
    """Let the server fail as *data* says for as long as the context is entered."""
    async with AsyncMongoClient[dict[str, Any]](server.uri) as client:
        try:
            await client.admin.command(
                "configureFailPoint", "failCommand", mode="alwaysOn", data=data
            )
        except OperationFailure:
            pytest.skip("the server was not started with its test commands")
        try:
            yield
        finally:
            await client.admin.command("configureFailPoint", "failCommand", mode="off")


async def test_a_commit_whose_answer_is_lost_is_unknown_and_reading_tells(
    managed_mongo_server: MongoServer, name: str, driver: Driver
) -> None:
    async with open_stock_store(
        managed_mongo_server.uri, name, driver=driver, limits=SOON
    ) as store:
        await store.commit(stocking(a_product(LAMP)))
        timed_out = {"code": 64, "errmsg": "waiting for replication timed out"}

        async with fail_point(
            managed_mongo_server, failCommands=["commitTransaction"], writeConcernError=timed_out
        ):
            with pytest.raises(DependencyUnavailable):
                await store.commit(stocking(a_product("other")))

        products = (await store.load([], [ProductId("other")])).products
        assert set(products) == {"other"}
        with pytest.raises(StockConflict):
            await store.commit(stocking(a_product("other")))


async def test_a_commit_that_never_arrives_is_unknown_and_nothing_is_there(
    managed_mongo_server: MongoServer, name: str, driver: Driver
) -> None:
    async with open_stock_store(
        managed_mongo_server.uri, name, driver=driver, limits=SOON
    ) as store:
        await store.commit(stocking(a_product(LAMP)))

        async with fail_point(
            managed_mongo_server, failCommands=["commitTransaction"], closeConnection=True
        ):
            with pytest.raises(DependencyUnavailable):
                await store.commit(stocking(a_product("other")))

        assert (await store.load([], [ProductId("other")])).products == {}
        assert (await audit(store)).differences == ()


async def test_writes_whose_answer_is_lost_are_known_again(
    managed_mongo_server: MongoServer, name: str
) -> None:
    """The same writes once more, as after a lost answer, end as their first try did."""
    async with open_order_store(managed_mongo_server.uri, name) as store:
        added = a_write(an_order())
        saved = a_write(attrs.evolve(added.order, version=2))
        marked = [(saved, "mark")]
        await store.add([added])
        await store._saves(marked)

        assert list(await store.add([added])) == [Added()]
        assert list(await store._saves(marked)) == [Saved()]

        assert await waiting_values(store) == {"order-1": [b"version 1", b"version 2"]}


async def test_a_cancelled_commit_comes_to_its_end_whole(
    mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> None:
    async with open_stock_store(mongo_server.uri, name, driver=driver) as store:
        await store.commit(stocking(a_product(LAMP)))
        for turns in range(12):
            change = stocking(a_product(f"product-{turns}"))
            task = asyncio.create_task(store.commit(change))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        assert (await audit(store)).differences == ()
        await reserve(store, "order-1", LAMP)


async def test_an_audit_that_is_left_in_the_middle_holds_nothing(
    mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> None:
    async with open_stock_store(mongo_server.uri, name, driver=driver) as store:
        await store.commit(stocking(a_product(LAMP)))
        parts = store.audit_parts()
        await anext(parts)
        await parts.aclose()  # type: ignore[attr-defined]

        await reserve(store, "order-1", LAMP)
        assert (await audit(store)).orders_reserved == 1
