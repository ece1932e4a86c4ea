"""Several instances on one database: who wins, what is told in which order, and what grows."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing
from datetime import timedelta
from secrets import token_hex
from typing import Any, get_args

import attrs
import bson
import pytest
from pymongo import AsyncMongoClient

from adapters.mongodb import (
    DocumentRefused,
    Driver,
    Limits,
    open_order_store,
    open_stock_store,
)
from adapters.mongodb.driver import Database
from adapters.mongodb.order_store import MongoOrderStore
from adapters.mongodb.stock_store import MongoStockStore
from adapters.mongodb.ticks import Ticks
from adapters.mongodb.turns import MongoTurns
from adapters.system import RandomIds
from inventory_domain.audit import Auditor, AuditReport
from inventory_domain.codec import Codec
from inventory_domain.errors import StockConflict
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.money import Money
from inventory_domain.orders import Order
from inventory_domain.ports import StockStore
from inventory_domain.queries import OrderQuery
from inventory_domain.stock import Command, ProductWrite, StockChange
from inventory_domain.stock_decisions import Decision, StockPolicy, decide, touched
from inventory_domain.testing.builders import (
    LAMP,
    NOW,
    a_product,
    a_release,
    a_reserve,
    a_token,
    a_write,
    an_order,
    later,
    stocking,
)
from inventory_domain.testing.fakes import VirtualClock
from inventory_domain.writes import Added, Conflict, KeyKnown, OrderWrite, Saved
from tests.support.mongo_server import ForeignMongo, MongoServer

pytestmark = pytest.mark.integration

ROUND_COUNT = 15
BATCH_SIZE = 100
PATIENT = Limits(call_seconds=30.0, transaction_seconds=30.0)


@pytest.fixture
def name() -> str:
    return f"instances_{token_hex(6)}"


@pytest.fixture(params=get_args(Driver))
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
async def raw(
    mongo_server: MongoServer | ForeignMongo,
) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    async with AsyncMongoClient[dict[str, Any]](mongo_server.uri) as client:
        yield client


@pytest.fixture
async def stocks(
    mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> AsyncIterator[list[MongoStockStore]]:
    """Two instances of the products service."""
    async with AsyncExitStack() as stack:
        opened = [open_stock_store(mongo_server.uri, name, driver=driver) for _ in range(2)]
        yield [await stack.enter_async_context(store) for store in opened]


@pytest.fixture
async def orders(
    mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> AsyncIterator[list[MongoOrderStore]]:
    """Two instances of the orders service."""
    async with AsyncExitStack() as stack:
        opened = [open_order_store(mongo_server.uri, name, driver=driver) for _ in range(2)]
        yield [await stack.enter_async_context(store) for store in opened]


async def decided(store: StockStore, *commands: Command) -> Decision:
    view = await store.load(*touched(commands))
    return decide(commands, view, now=NOW, policy=StockPolicy(), codec=Codec())


async def audit(store: StockStore) -> AuditReport:
    auditor = Auditor()
    async for part in store.audit_parts():
        auditor.add(part)
    return auditor.report()


async def test_of_two_instances_on_a_hot_product_one_wins_each_round(
    stocks: list[MongoStockStore],
) -> None:
    await stocks[0].commit(stocking(a_product(LAMP, stock=1000)))

    for turn in range(ROUND_COUNT):
        rivals = [
            (await decided(store, a_reserve(f"order-{turn}-{place}", {LAMP: 1}))).change
            for place, store in enumerate(stocks)
        ]
        ends = await asyncio.gather(
            *(store.commit(rival) for store, rival in zip(stocks, rivals, strict=True)),
            return_exceptions=True,
        )

        assert sorted(type(end).__name__ for end in ends) == ["NoneType", "StockConflict"]

    report = await audit(stocks[1])
    assert report.differences == ()
    assert report.orders_reserved == ROUND_COUNT
    lamp = (await stocks[0].load([], [LAMP])).products[LAMP]
    assert (lamp.stock, lamp.reserved) == (1000 - ROUND_COUNT, ROUND_COUNT)
    assert len(await stocks[0].pending(1000)) == ROUND_COUNT


async def test_instances_have_their_turns_one_after_the_other(
    stocks: list[MongoStockStore],
) -> None:
    inside = 0
    most = 0

    async def work(store: MongoStockStore) -> None:
        nonlocal inside, most
        async with store.turns.turn():
            inside += 1
            most = max(most, inside)
            await store.load([], [LAMP])
            inside -= 1

    # Two of each: those of one process wait for each other as well.
    await asyncio.gather(*(work(store) for store in [*stocks, *stocks]))

    assert most == 1


async def test_an_instance_that_dies_in_its_turn_holds_up_the_others_for_seconds_at_most(
    mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> None:
    limits = Limits()
    opened = Database(mongo_server.uri, name, dependency="test", driver=driver, limits=limits)
    async with aclosing(opened):
        clock = VirtualClock(autojump=True)
        dead, other = (MongoTurns(opened, clock, RandomIds()) for _ in range(2))
        death = dead.turn()
        await death.__aenter__()
        began = clock.now()

        async with other.turn():
            waited = clock.now() - began

    assert timedelta(seconds=1) < waited < timedelta(seconds=6)


async def test_instances_on_different_products_do_not_hinder_each_other(
    stocks: list[MongoStockStore],
) -> None:
    names = [f"product-{place}" for place in range(2)]
    await stocks[0].commit(stocking(*map(a_product, names)))

    changes = [
        (await decided(store, a_reserve(f"order-{name}", {name: 1}))).change
        for store, name in zip(stocks, names, strict=True)
    ]
    await asyncio.gather(
        *(store.commit(change) for store, change in zip(stocks, changes, strict=True))
    )

    assert (await audit(stocks[0])).orders_reserved == 2


async def test_a_missed_guard_on_the_last_product_leaves_nothing_of_the_batch(
    stocks: list[MongoStockStore],
) -> None:
    products = [a_product(f"product-{n}") for n in range(5)]
    await stocks[0].commit(stocking(*products))
    late = await decided(
        stocks[0], *(a_reserve(f"order-{n}", {f"product-{n}": 1}) for n in range(5))
    )
    overtaking = await decided(stocks[1], a_reserve("quick", {"product-4": 1}))
    await stocks[1].commit(overtaking.change)
    before = await audit(stocks[1])

    with pytest.raises(StockConflict):
        await stocks[0].commit(late.change)

    assert await audit(stocks[1]) == before
    assert len(await stocks[1].pending(1000)) == 1


async def test_an_orders_outcomes_wait_in_their_order_whatever_the_instances_clocks_say(
    stocks: list[MongoStockStore],
) -> None:
    """The instance that comes second has a clock that is an hour behind."""
    ahead, behind = stocks
    behind._ticks = Ticks(lambda: 1)
    await ahead.commit(stocking(a_product(LAMP)))
    reserve = await decided(ahead, a_reserve("order-1", {LAMP: 1}))
    await ahead.commit(reserve.change)

    release = await decided(behind, a_release("order-1"))
    await behind.commit(release.change)

    told = [record for entry in await ahead.pending(10) for record in entry.records]
    assert told == [*reserve.change.events, *release.change.events]
    assert [record.topic for record in told] == ["inventory.reserved", "inventory.released"]


async def test_two_relays_publish_duplicates_at_worst(orders: list[MongoOrderStore]) -> None:
    """One has the lease; if both go on all the same, nothing is lost and marking is harmless."""
    first, second = orders
    assert await first.acquire_relay("first", now=NOW, until=later(10))
    assert not await second.acquire_relay("second", now=NOW, until=later(10))
    takers = await asyncio.gather(
        *(
            store.acquire_relay(f"late-{n}-{id(store)}", now=later(11), until=later(20))
            for n in range(5)
            for store in orders
        )
    )
    assert takers.count(True) == 1

    await first.add([a_write(an_order("order-1")), a_write(an_order("order-2"))])
    seen = [await store.pending(10) for store in orders]
    await first.mark_published([entry.entry_id for entry in seen[0]])
    await first.add([a_write(an_order("order-3"))])
    await second.mark_published([entry.entry_id for entry in seen[1]])

    assert seen[0] == seen[1]
    (left,) = await second.pending(10)
    assert left.records == a_write(an_order("order-3")).events


async def test_instances_that_race_for_a_key_or_a_version_agree_on_the_winner(
    orders: list[MongoOrderStore],
) -> None:
    placed = [an_order(f"order-{place}", idempotency=a_token()) for place in range(2)]
    results = await asyncio.gather(
        *(store.add([a_write(order)]) for store, order in zip(orders, placed, strict=True))
    )
    answers = [result[0] for result in results]
    winner = placed[answers.index(Added())]
    assert KeyKnown(winner) in answers

    rivals = [attrs.evolve(winner, version=2, tracking_number=f"T{place}") for place in range(2)]
    saves = await asyncio.gather(
        *(store.save([a_write(rival)]) for store, rival in zip(orders, rivals, strict=True))
    )
    ends = [save[0] for save in saves]
    assert Conflict(rivals[ends.index(Saved())]) in ends


async def test_an_order_that_the_database_refuses_does_not_take_its_neighbours_along(
    orders: list[MongoOrderStore],
) -> None:
    store = orders[0]
    good = [an_order(f"order-{place}") for place in range(3)]
    bad = an_order("bad", total=Money(-1))

    results = await asyncio.gather(
        *(store.add([a_write(order)]) for order in (good[0], bad, *good[1:])),
        return_exceptions=True,
    )

    assert isinstance(results[1], DocumentRefused)
    assert [results[0], *results[2:]] == [[Added()]] * 3
    assert set(await store.get([order.order_id for order in (*good, bad)])) == {
        order.order_id for order in good
    }


async def test_negative_stock_is_refused_by_the_database_and_nothing_of_the_change_is_there(
    stocks: list[MongoStockStore],
) -> None:
    await stocks[0].commit(stocking(a_product(LAMP)))
    oversold = attrs.evolve(a_product(LAMP), stock=-1, reserved=11, version=3)
    change = StockChange(products=(ProductWrite(a_product("new"), None), ProductWrite(oversold, 2)))

    with pytest.raises(DocumentRefused):
        await stocks[0].commit(change)

    found = (await stocks[0].load([], [LAMP, ProductId("new")])).products
    assert found == {LAMP: a_product(LAMP)}


async def test_a_products_document_does_not_grow_with_its_reservations(
    mongo_server: MongoServer | ForeignMongo, raw: AsyncMongoClient[dict[str, Any]], name: str
) -> None:
    async with open_stock_store(mongo_server.uri, name, limits=PATIENT) as store:
        await store.commit(stocking(a_product(LAMP, stock=1_000_000)))
        sizes = []
        for turn in range(4):
            commands = [a_reserve(f"order-{turn}-{n}", {LAMP: 1}) for n in range(BATCH_SIZE)]
            await store.commit((await decided(store, *commands)).change)
            document = await raw[name].products.find_one({"_id": LAMP})
            assert document is not None
            sizes.append(len(bson.encode(document)))

    assert len(set(sizes)) == 1
    assert sizes[0] < 1000


async def test_an_orders_document_stays_bounded_while_its_events_are_published(
    mongo_server: MongoServer | ForeignMongo, raw: AsyncMongoClient[dict[str, Any]], name: str
) -> None:
    async with open_order_store(mongo_server.uri, name) as store:
        order = an_order()
        await store.add([a_write(order)])
        for version in range(2, 42):
            order = attrs.evolve(order, version=version)
            await store.save([a_write(order)])
            await store.mark_published([entry.entry_id for entry in await store.pending(10)])
        document = await raw[name].orders.find_one({"_id": order.order_id})

    assert document is not None
    assert document["outbox"] == []
    assert "pendingSince" not in document
    assert len(document["writes"]) == 16
    assert len(bson.encode(document)) < 2000


async def test_deep_pages_are_the_pages_that_paging_through_gives(
    mongo_server: MongoServer | ForeignMongo, name: str
) -> None:
    placed = [_tiny(number) for number in range(1100)]
    async with open_order_store(mongo_server.uri, name, limits=PATIENT) as store:
        await store.add([OrderWrite(order) for order in placed])
        query = OrderQuery(sort="-createdAt", limit=100)

        shallow = await store.find(attrs.evolve(query, page=10))
        deep = await store.find(attrs.evolve(query, page=11))
        beyond = await store.find(attrs.evolve(query, page=12))

    newest_first = tuple(reversed(placed))
    assert shallow.items == newest_first[900:1000]
    assert deep.items == newest_first[1000:1100]
    assert (beyond.items, beyond.total) == ((), 1100)


def _tiny(number: int) -> Order:
    return an_order(OrderId(f"order-{number:04d}"), created_at=later(number))
