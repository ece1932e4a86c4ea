"""The relay and a backlog: none grows while nothing can be published, and all of it goes out."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice

import pytest

from inventory_domain.errors import DependencyUnavailable
from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import StockChange
from inventory_domain.testing.fakes import (
    MemoryBroker,
    MemoryEventLog,
    MemoryStockStore,
    SequentialIds,
    VirtualClock,
)
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.relay_outbox import OutboxRelay
from inventory_domain.writes import OutboxEntry
from tests.support.waiting import until_true


def a_record(size: int) -> OutgoingRecord:
    return OutgoingRecord("inventory.adjusted", b"lamp", b"x" * size)


async def test_nothing_more_is_decided_while_nothing_can_be_published() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    await shop.place({"lamp": 1})
    await shop.orders_relay.flush()
    await shop.stock_relay.flush()
    keeper, _ = await shop.consumers()
    shop.log.faults.fail_next("publish", times=50)

    for _ in range(20):
        await keeper.step()

    assert len(shop.stock.disk.outbox.entries) == 1
    await shop.settle()
    assert not shop.stock.disk.outbox.entries


class FewLarge(MemoryStockStore):
    """A store that gives few entries at once when they are large, as real ones do."""

    async def pending(self, count_max: int) -> Sequence[OutboxEntry]:
        return tuple(islice(await super().pending(count_max), 2))


@pytest.mark.parametrize(
    "large",
    [
        a_record(1024 * 1024),
        OutgoingRecord("inventory.adjusted", b"lamp", b"", (("note", b"x" * 1024 * 1024),)),
    ],
    ids=["value", "headers"],
)
async def test_a_flush_publishes_what_is_too_large_to_be_read_at_once(
    large: OutgoingRecord,
) -> None:
    clock = VirtualClock()
    store = FewLarge()
    log = MemoryEventLog(MemoryBroker(clock))
    relay = OutboxRelay(store, log, clock=clock, ids=SequentialIds())
    for _ in range(7):
        await store.commit(StockChange(events=(large,)))

    assert await relay.flush() == 7


class Counted(MemoryStockStore):
    """A store that counts how often somebody asks for the lease, and looks for entries."""

    asked = 0
    looked = 0

    async def pending(self, count_max: int) -> Sequence[OutboxEntry]:
        self.looked += 1
        return await super().pending(count_max)

    async def acquire_relay(self, holder: str, *, now: datetime, until: datetime) -> bool:
        self.asked += 1
        return await super().acquire_relay(holder, now=now, until=until)


class Slow(MemoryStockStore):
    """A store that misses its deadline when it is asked for many entries."""

    async def pending(self, count_max: int) -> Sequence[OutboxEntry]:
        if count_max > 10:
            raise DependencyUnavailable(dependency="stock store")
        return await super().pending(count_max)


async def test_a_store_that_is_too_slow_for_many_entries_is_asked_for_fewer() -> None:
    clock = VirtualClock(autojump=True)
    store = Slow()
    relay = OutboxRelay(
        store, MemoryEventLog(MemoryBroker(clock)), clock=clock, ids=SequentialIds()
    )
    for _ in range(100):
        await store.commit(StockChange(events=(a_record(10),)))
    work = asyncio.create_task(relay.run())

    async with asyncio.timeout(10):
        await until_true(lambda: not store.disk.outbox.entries)

    relay.stop()
    await work


async def test_a_relay_that_has_no_lease_does_not_ask_for_it_at_every_nudge() -> None:
    clock = VirtualClock(autojump=True)
    store = Counted()
    log = MemoryEventLog(MemoryBroker(clock))
    first, second = (
        OutboxRelay(store, log, clock=clock, ids=ids)
        for ids in (SequentialIds("first"), SequentialIds("second"))
    )
    first_work = asyncio.create_task(first.run())
    await until_true(lambda: store.asked == 1)
    second_work = asyncio.create_task(second.run())
    for _ in range(50):
        await store.commit(StockChange(events=(a_record(10),)))
        second.nudge()
        await clock.sleep(0.01)

    assert store.asked <= 3

    await until_true(lambda: not store.disk.outbox.entries)
    for relay in (second, first):
        relay.stop()
    await asyncio.gather(first_work, second_work)


async def test_what_a_flush_has_taken_wakes_nobody() -> None:
    clock = VirtualClock(autojump=True)
    store = Counted()
    log = MemoryEventLog(MemoryBroker(clock))
    relay = OutboxRelay(store, log, clock=clock, ids=SequentialIds())
    work = asyncio.create_task(relay.run())
    await until_true(lambda: store.looked == 1)

    for _ in range(50):
        await store.commit(StockChange(events=(a_record(10),)))
        relay.nudge()
        assert await relay.flush() == 1
        await clock.sleep(0.001)

    assert store.looked == 51
    relay.stop()
    await work


async def test_a_relay_whose_work_is_done_by_flushes_keeps_its_lease() -> None:
    clock = VirtualClock(autojump=True)
    store = MemoryStockStore()
    log = MemoryEventLog(MemoryBroker(clock))
    relay = OutboxRelay(store, log, clock=clock, ids=SequentialIds())
    work = asyncio.create_task(relay.run())
    await clock.sleep(0.01)

    for _ in range(200):
        await store.commit(StockChange(events=(a_record(10),)))
        relay.nudge()
        await relay.flush()
        await clock.sleep(0.1)
        now = clock.now()
        assert not await store.acquire_relay("another", now=now, until=now + timedelta(seconds=10))

    relay.stop()
    await work


async def test_a_stop_is_heard_though_a_flush_takes_the_wake_up_with_it() -> None:
    clock = VirtualClock()
    store = MemoryStockStore()
    log = MemoryEventLog(MemoryBroker(clock))
    relay = OutboxRelay(store, log, clock=clock, ids=SequentialIds())
    work = asyncio.create_task(relay.run())
    await clock.advance(0)

    relay.stop()
    await relay.flush()
    await clock.advance(0)

    assert work.done()


async def test_a_shortage_that_waits_does_not_look_for_entries() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 1})
    await shop.place({"lamp": 2})
    await shop.orders_relay.flush()
    await shop.stock_relay.flush()
    keeper, _ = await shop.consumers()
    # Whoever looks is told that the store is away.
    shop.stock.faults.fail_next("pending")

    await keeper.step()

    assert keeper.waiting_count == 1


async def test_a_stopped_relay_gives_its_lease_back() -> None:
    shop = MemoryShop()
    shop.orders_relay.stop()
    await shop.orders_relay.run()
    successor = OutboxRelay(shop.orders, shop.log, clock=shop.clock, ids=shop.ids)
    await shop.clock.sleep(0.01)

    await shop.place({"lamp": 1})
    successor.stop()
    await successor.run()

    assert not await shop.orders.pending(1)


async def test_a_relay_that_cannot_give_its_lease_back_ends_all_the_same() -> None:
    shop = MemoryShop()
    shop.orders.faults.fail_next("acquire_relay", DependencyUnavailable(dependency="x"), skip=1)
    shop.orders_relay.stop()

    await shop.orders_relay.run()

    assert shop.orders_relay.outage is None


async def test_an_entry_that_no_broker_takes_does_not_hold_up_those_before_it() -> None:
    shop = MemoryShop()
    for size in (1, 2, 3, 9):
        await shop.stock.commit(StockChange(events=(a_record(size),)))

    async def publish(records: Sequence[OutgoingRecord]) -> None:
        if any(len(record.value or b"") == 9 for record in records):
            raise DependencyUnavailable(dependency="event log")

    shop.log.publish = publish  # type: ignore[method-assign]
    for _ in range(10):
        with pytest.raises(DependencyUnavailable):
            await shop.stock_relay.flush()

    assert len(await shop.stock.pending(10)) == 1


async def test_an_instance_that_cannot_publish_leaves_it_to_one_that_can() -> None:
    shop = MemoryShop()
    cut_off = MemoryEventLog(shop.broker)
    cut_off.faults.available = False
    first = OutboxRelay(shop.orders, cut_off, clock=shop.clock, ids=shop.ids)
    second = OutboxRelay(shop.orders, shop.log, clock=shop.clock, ids=shop.ids)
    await shop.place({"lamp": 1})
    began = shop.clock.now()

    running = [asyncio.create_task(relay.run()) for relay in (first, second)]
    await until_true(lambda: not shop.orders.disk.outbox.entries)

    assert (shop.clock.now() - began).total_seconds() < 5
    for task in running:
        task.cancel()
