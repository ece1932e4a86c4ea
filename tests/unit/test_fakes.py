"""What the fakes do beyond their ports: faults on demand, and death without loss."""

import asyncio

import pytest

from inventory_domain.errors import CommitRefused, DependencyUnavailable, StockConflict
from inventory_domain.ids import OrderId
from inventory_domain.records import TopicPartition
from inventory_domain.testing import (
    CLOCK_START,
    LAMP,
    Faults,
    MemoryBroker,
    MemoryEventLog,
    MemoryOrderStore,
    MemoryStockStore,
    RecordingNotifier,
    SequentialIds,
    VirtualClock,
    a_product,
    a_push,
    a_write,
    an_outgoing_record,
    stocking,
)

TOPIC = "topic"
FIRST = TopicPartition(TOPIC, 0)
ORDER = OrderId("order-1")


def a_broker(partition_count: int = 1) -> MemoryBroker:
    return MemoryBroker(VirtualClock(autojump=True), partition_count=partition_count)


async def test_an_unavailable_store_refuses_everything_and_comes_back_as_it_was() -> None:
    store = MemoryStockStore()
    await store.commit(stocking(a_product(LAMP)))
    store.faults.available = False

    with pytest.raises(DependencyUnavailable):
        await store.load([], [LAMP])
    with pytest.raises(DependencyUnavailable):
        await store.pending(1)

    store.faults.available = True
    assert LAMP in (await store.load([], [LAMP])).products


async def test_a_failed_call_has_no_effect_and_the_next_one_has() -> None:
    store = MemoryOrderStore()
    store.faults.fail_next("add")

    with pytest.raises(DependencyUnavailable):
        await store.add([a_write()])
    assert store.disk.orders == {}

    await store.add([a_write()])
    assert list(store.disk.orders) == [ORDER]


async def test_a_call_whose_answer_is_lost_has_its_effect() -> None:
    store = MemoryOrderStore()
    store.faults.fail_next("add", applied=True)

    with pytest.raises(DependencyUnavailable):
        await store.add([a_write()])

    assert list(store.disk.orders) == [ORDER]


async def test_an_outage_that_begins_during_a_call_loses_its_answer_alone() -> None:
    async def stop_after_the_effect(call: str) -> None:
        store.faults.available = not store.disk.orders

    store = MemoryOrderStore(faults=Faults("order store", stop_after_the_effect))

    with pytest.raises(DependencyUnavailable):
        await store.add([a_write()])

    assert list(store.disk.orders) == [ORDER]


async def test_faults_can_be_chosen_delayed_and_repeated() -> None:
    store = MemoryStockStore()
    store.faults.fail_next("load", StockConflict(), skip=1, times=2)
    seen = []

    for _ in range(4):
        try:
            await store.load([], [])
            seen.append("done")
        except StockConflict:
            seen.append("conflict")

    assert seen == ["done", "conflict", "conflict", "done"]


async def test_a_process_that_died_leaves_its_disk_to_the_next() -> None:
    first = MemoryOrderStore()
    await first.add([a_write()])

    second = MemoryOrderStore(first.disk)

    assert list(await second.get([ORDER])) == [ORDER]
    assert len(await second.pending(10)) == 1


async def test_a_publish_can_arrive_in_part() -> None:
    broker = a_broker()
    log = MemoryEventLog(broker)
    log.faults.fail_next("append", skip=2)

    with pytest.raises(DependencyUnavailable):
        await log.publish([an_outgoing_record(TOPIC)] * 5)

    assert broker.end(FIRST) == 2


async def test_a_dead_process_leaves_its_partitions_and_its_commits_are_refused() -> None:
    broker = a_broker()
    doomed, survivor = MemoryEventLog(broker), MemoryEventLog(broker)
    await doomed.publish([an_outgoing_record(TOPIC)] * 3)
    zombie = await doomed.subscribe("group", [TOPIC])

    async with zombie.batch(count_max=3, wait_seconds=1) as work:
        doomed.die()
        other = await survivor.subscribe("group", [TOPIC])
        async with other.batch(count_max=10, wait_seconds=1) as batch:
            assert len(batch.records) == 3
        with pytest.raises(CommitRefused):
            await work.commit({FIRST: 3})

    assert broker.groups["group"].committed == {}


async def test_an_expelled_member_joins_anew_and_begins_at_the_last_commit() -> None:
    log = MemoryEventLog(a_broker())
    await log.publish([an_outgoing_record(TOPIC)] * 3)
    member = await log.subscribe("group", [TOPIC])
    async with member.batch(count_max=2, wait_seconds=1) as batch:
        before = dict(batch.assigned)
        await batch.commit({FIRST: 1})

    member.expel()

    async with member.batch(count_max=5, wait_seconds=1) as batch:
        assert [record.offset for record in batch.records] == [1, 2]
        assert batch.assigned[FIRST] != before[FIRST]


async def test_a_rebalance_waits_for_the_member_at_work() -> None:
    broker = a_broker()
    log = MemoryEventLog(broker)
    member = await log.subscribe("group", [TOPIC])
    group = broker.groups["group"]

    async with member.batch(count_max=1, wait_seconds=0) as batch:
        number = batch.assigned[FIRST]
        group.rebalance()
        assert group.state == "PreparingRebalance"
        await batch.commit({FIRST: 0})

    assert group.state == "Stable"
    async with member.batch(count_max=1, wait_seconds=0) as batch:
        assert batch.assigned[FIRST] != number


async def test_more_members_than_partitions_leave_somebody_without_any() -> None:
    log = MemoryEventLog(a_broker())
    members = [await log.subscribe("group", [TOPIC]) for _ in range(2)]
    owned = []

    for member in members:
        async with member.batch(count_max=1, wait_seconds=0.1) as batch:
            owned.append(list(batch.assigned))

    assert owned == [[FIRST], []]


async def test_no_partition_starves_another() -> None:
    broker = a_broker(partition_count=2)
    log = MemoryEventLog(broker)
    await log.publish([an_outgoing_record(TOPIC, key=None)] * 20)
    member = await log.subscribe("group", [TOPIC])
    seen: list[int] = []

    for _ in range(4):
        async with member.batch(count_max=1, wait_seconds=0) as batch:
            seen.extend(record.partition for record in batch.records)

    assert sorted(seen) == [0, 0, 1, 1]


async def test_records_past_their_retention_are_gone_and_reading_goes_on_behind_them() -> None:
    broker = a_broker()
    log = MemoryEventLog(broker)
    await log.publish([an_outgoing_record(TOPIC)] * 5)
    broker.forget(FIRST, before=3)
    broker.forget(FIRST, before=1)
    await log.publish([an_outgoing_record(TOPIC)])

    (topic,) = await log.topics()
    assert (topic.partitions[0].begin, topic.partitions[0].end) == (3, 6)
    assert [r.offset for r in await log.read(FIRST, start=0, count_max=2)] == [3, 4]
    member = await log.subscribe("group", [TOPIC])
    async with member.batch(count_max=9, wait_seconds=0) as batch:
        assert [record.offset for record in batch.records] == [3, 4, 5]


async def test_a_broker_that_goes_away_ends_the_wait_of_its_members() -> None:
    log = MemoryEventLog(a_broker())
    member = await log.subscribe("group", [TOPIC])

    async def wait_for_records() -> None:
        async with member.batch(count_max=1, wait_seconds=60):
            pass

    waiting = asyncio.ensure_future(wait_for_records())
    await asyncio.sleep(0)
    log.faults.available = False

    with pytest.raises(DependencyUnavailable):
        await waiting


async def test_nothing_of_a_partition_that_is_not_there_can_be_read() -> None:
    log = MemoryEventLog(a_broker())

    assert list(await log.read(FIRST, start=0, count_max=1)) == []


async def test_a_virtual_clock_stands_still_until_it_is_told() -> None:
    clock = VirtualClock()
    sleeper = asyncio.ensure_future(clock.sleep(1))
    for _ in range(500):
        await asyncio.sleep(0)

    assert clock.now() == CLOCK_START
    assert not sleeper.done()
    assert clock.sleeper_count == 1

    await clock.advance(1)
    assert sleeper.done()
    assert clock.sleeper_count == 0


async def test_a_sleeper_that_sleeps_again_wakes_at_each_of_its_times() -> None:
    clock = VirtualClock()
    woken = []

    async def sleep_often() -> None:
        for _ in range(3):
            await clock.sleep(10)
            woken.append((clock.now() - CLOCK_START).total_seconds())

    sleeper = asyncio.ensure_future(sleep_often())
    await clock.advance(60)
    await sleeper

    assert woken == [10, 20, 30]
    assert (clock.now() - CLOCK_START).total_seconds() == 60


async def test_a_jumping_clock_lets_nobody_wait_and_keeps_the_order() -> None:
    clock = VirtualClock(autojump=True)
    woken = []

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    await asyncio.gather(sleep(3600), sleep(60), sleep(86_400))

    assert woken == [60, 3600, 86_400]
    assert (clock.now() - CLOCK_START).total_seconds() == 86_400


def test_an_unavailable_notifier_drops_what_is_pushed() -> None:
    notifier = RecordingNotifier(pushes_max=2)
    notifier.available = False
    notifier.push([a_push("lost")])
    notifier.available = True

    notifier.push([a_push("a"), a_push("b", "admins"), a_push("c")])

    assert notifier.events() == ["b", "c"]
    assert notifier.events("admins") == ["b"]


def test_sequential_ids_read_the_same_every_time() -> None:
    ids = SequentialIds("order", jitters=(0.0, 0.5))

    assert [ids.new_id(), ids.new_id()] == ["order-000001", "order-000002"]
    assert ids.order_number(CLOCK_START) == "ORD-1769860800000-0001"
    assert [ids.jitter(), ids.jitter(), ids.jitter()] == [0.0, 0.5, 0.0]
