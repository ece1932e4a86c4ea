"""A death, or an outage, at every single await of a batch: what comes after ends as a clean run."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import attrs
import pytest

from inventory_domain.errors import DependencyUnavailable
from inventory_domain.order_requests import Actor
from inventory_domain.records import OutgoingRecord, TopicPartition, header
from inventory_domain.stock_decisions import StockPolicy
from inventory_domain.testing.fakes import Faults, MemoryEventLog, MemoryStockStore
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.topics import (
    INVENTORY_REJECTED,
    INVENTORY_RELEASE,
    INVENTORY_RELEASED,
    INVENTORY_RESERVE,
    INVENTORY_RESERVED,
    PRODUCTS_GROUP,
    PRODUCTS_TOPICS,
)
from inventory_domain.use_cases.consume import Consumer, ConsumerSettings
from inventory_domain.use_cases.keep_stock import StockKeeper
from inventory_domain.use_cases.relay_outbox import OutboxRelay
from inventory_domain.use_cases.stock_ledger import StockLedger

OUTCOMES = (INVENTORY_RESERVED, INVENTORY_REJECTED, INVENTORY_RELEASED)
READ_MAX = 1000
TRIES_MAX = 200


class Died(BaseException):
    """The process ends here; nothing of it can catch this."""


class Doom:
    """Counts the moments at which the process waits for somebody; at one of them its end comes."""

    def __init__(self, at: int | None, end: Callable[[], BaseException]) -> None:
        self.count = 0
        self.has_come = False
        self._at = at
        self._end = end

    async def step(self, _call: str) -> None:
        await asyncio.sleep(0)
        self.count += 1
        if self.count - 1 == self._at:
            self.has_come = True
            raise self._end()


def outage() -> BaseException:
    return DependencyUnavailable(dependency="any of them", reason="at this very moment")


@attrs.frozen
class Rest:
    """What is left when all is at rest; *told* are an order's outcomes in each topic, in turn."""

    levels: Mapping[str, tuple[int, int]]
    states: Mapping[str, str]
    told: Mapping[tuple[str, str], Sequence[str]]
    letters: frozenset[tuple[TopicPartition, int]]


async def a_busy_shop() -> MemoryShop:
    """Return a shop whose products service has all before it that can come, and all of it twice.

    Orders that can be served and one that cannot, one that was cancelled, and what is no message.
    """
    shop = MemoryShop(retry_count_max=1)
    await shop.add_products({"lamp": 5, "desk": 3, "rug": 1})
    for wanted in ({"lamp": 2, "desk": 1}, {"lamp": 1, "rug": 1}, {"lamp": 1, "desk": 9}):
        await shop.place(wanted)
    cancelled = await shop.place({"desk": 2})
    await shop.change_order.cancel(cancelled.order_id, actor=Actor(subject=cancelled.user_id))
    await shop.orders_relay.flush()
    await shop.stock_relay.flush()
    for topic in (INVENTORY_RESERVE, INVENTORY_RELEASE):
        for record in records(shop, topic):
            again = OutgoingRecord(topic, record.key, record.value, record.headers)
            await shop.log.publish([again])
    await shop.log.publish([OutgoingRecord(INVENTORY_RESERVE, b"order-x", b"{no json")])
    return shop


def records(shop: MemoryShop, topic: str) -> list[OutgoingRecord]:
    return [
        OutgoingRecord(topic, record.key, record.value, record.headers)
        for at in shop.broker.partitions_of(topic)
        for record in shop.broker.read(at, 0, READ_MAX)
    ]


async def serve(shop: MemoryShop, log: MemoryEventLog, store: MemoryStockStore) -> None:
    """Be a products service until nothing is left to do; one that ends early has failed."""
    relay = OutboxRelay(store, log, clock=shop.clock, ids=shop.ids)
    ledger = StockLedger(
        store=store,
        clock=shop.clock,
        ids=shop.ids,
        codec=shop.codec,
        policy=StockPolicy(),
        nudge_relay=relay.nudge,
    )
    keeper = StockKeeper(
        ledger=ledger,
        relay=relay,
        clock=shop.clock,
        codec=shop.codec,
        service="products-service",
        retry_count_max=1,
    )
    consumer = Consumer(
        await log.subscribe(PRODUCTS_GROUP, PRODUCTS_TOPICS),
        keeper,
        log,
        clock=shop.clock,
        ids=shop.ids,
        settings=ConsumerSettings(
            service="products-service",
            # Several batches, so that deaths lie between them as well.
            batch_count_max=5,
            overtaking_topics=frozenset({INVENTORY_RELEASE}),
        ),
    )
    for _ in range(TRIES_MAX):
        await consumer.step()
        committed = shop.broker.groups[PRODUCTS_GROUP].committed
        ends = [at for topic in PRODUCTS_TOPICS for at in shop.broker.partitions_of(topic)]
        if all(committed.get(at, 0) == shop.broker.end(at) for at in ends):
            return
    raise AssertionError("the service did not come to its rest")


async def life(shop: MemoryShop, doom: Doom) -> None:
    """Live as a process of one's own, over the broker and the disk that all of them share."""
    log = MemoryEventLog(shop.broker, faults=Faults("event log", doom.step))
    store = MemoryStockStore(shop.stock.disk, Faults("stock store", doom.step))
    try:
        await serve(shop, log, store)
    except (Died, DependencyUnavailable):
        assert doom.has_come, "it ended by itself"
    log.die()


async def at_rest(shop: MemoryShop) -> Rest:
    """Look at what is left; whatever happened, nothing is half done or told in two ways."""
    disk = shop.stock.disk
    assert (await shop.audit()).differences == ()
    assert disk.outbox.entries == {}
    told: dict[tuple[str, str], list[str]] = {}
    bodies: dict[str, bytes | None] = {}
    for topic in OUTCOMES:
        for record in records(shop, topic):
            event_id = header(record.headers, "event-id") or ""
            assert bodies.setdefault(event_id, record.value) == record.value
            of_order = told.setdefault((topic, (record.key or b"").decode()), [])
            if event_id not in of_order:
                of_order.append(event_id)
    return Rest(
        levels={name: (one.stock, one.reserved) for name, one in disk.products.items()},
        states={name: one.state.value for name, one in disk.reservations.items()},
        told=told,
        letters=frozenset((one.origin, one.offset) for one in await shop.dead_letters()),
    )


async def a_clean_run() -> tuple[Rest, int]:
    """Return what is left of a life without any trouble, and how often it waited for somebody."""
    shop, doom = await a_busy_shop(), Doom(None, Died)
    await life(shop, doom)
    return await at_rest(shop), doom.count


@pytest.mark.parametrize("end", [Died, outage])
async def test_an_end_at_any_await_of_a_batch_leaves_what_a_clean_run_leaves(
    end: Callable[[], BaseException],
) -> None:
    expected, moments = await a_clean_run()
    assert sorted(expected.states.values()) == ["rejected", "released", "reserved", "reserved"]
    assert len(expected.letters) == 2

    for moment in range(moments):
        shop, doom = await a_busy_shop(), Doom(moment, end)
        await life(shop, doom)
        assert doom.has_come
        await life(shop, Doom(None, end))
        assert await at_rest(shop) == expected, f"after an end at moment {moment} of {moments}"


async def test_deaths_that_follow_each_other_leave_what_a_clean_run_leaves() -> None:
    expected, moments = await a_clean_run()

    for step in (5, 7, 11, 13):
        shop = await a_busy_shop()
        for moment in range(step, moments, step):
            await life(shop, Doom(moment, Died))
        await life(shop, Doom(None, Died))
        assert await at_rest(shop) == expected, f"after deaths at every {step}th moment"
