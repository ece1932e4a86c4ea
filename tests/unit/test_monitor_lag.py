"""Lag, counted from what an onlooker sees."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.monitor.samples import GroupSample, Sample, Samples, sample_of
from apps.monitor.vitals import Part, Status, Vitals, group_part, worst
from apps.monitor.watch import LogLook, LogWatch
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.log_lag import group_lag, group_topics, message_count
from inventory_domain.log_view import GroupInfo, MemberInfo, PartitionInfo, TopicInfo
from inventory_domain.records import OutgoingRecord, TopicPartition
from inventory_domain.testing.fakes import MemoryBroker, MemoryEventLog, VirtualClock
from inventory_domain.topics import INVENTORY_RESERVE, PRODUCTS_GROUP

START = datetime(2026, 1, 1, tzinfo=UTC)


def topic(name: str, *bounds: tuple[int, int]) -> TopicInfo:
    infos = (PartitionInfo(partition=n, begin=b, end=e) for n, (b, e) in enumerate(bounds))
    return TopicInfo(name=name, partitions=tuple(infos))


def group(committed: dict[TopicPartition, int], *members: MemberInfo) -> GroupInfo:
    return GroupInfo(
        name="readers", state="Stable", members=members, committed=committed, committed_at={}
    )


def test_lag_is_what_lies_between_the_commit_and_the_end() -> None:
    found = group_lag(group({TopicPartition("a", 0): 4}), [topic("a", (0, 10), (2, 5)), topic("b")])

    assert [(one.at.partition, one.position, one.messages) for one in found] == [
        (0, 4, 6),
        (1, 2, 3),
    ]


@pytest.mark.parametrize(("committed", "position"), [(1, 3), (7, 7), (12, 9)])
def test_a_commit_before_what_is_kept_or_ahead_of_the_end_counts_as_that(
    committed: int, position: int
) -> None:
    [found] = group_lag(group({TopicPartition("a", 0): committed}), [topic("a", (3, 9))])

    assert found.position == position
    assert found.messages >= 0


def test_a_groups_topics_are_those_it_reads_was_given_or_committed() -> None:
    member = MemberInfo(member_id="one", assigned=(TopicPartition("given", 0),))

    found = group_topics(group({TopicPartition("committed", 1): 1}, member), ["read"])

    assert found == {"read", "given", "committed"}


def test_messages_are_counted_without_those_that_are_gone() -> None:
    assert message_count(topic("a", (3, 10), (0, 2))) == 9


async def test_a_look_tells_how_old_the_oldest_waiting_message_is() -> None:
    clock = VirtualClock(autojump=True)
    log = MemoryEventLog(MemoryBroker(clock))
    await log.subscribe(PRODUCTS_GROUP, [INVENTORY_RESERVE])
    await log.publish([OutgoingRecord(INVENTORY_RESERVE, b"order-1", b"{}")])
    await clock.sleep(7)
    await log.publish([OutgoingRecord(INVENTORY_RESERVE, b"order-1", b"{}")])
    await clock.sleep(5)

    look = await LogWatch(log, clock).look()

    found = look.group(PRODUCTS_GROUP)
    assert found is not None
    assert (found.lag_messages, found.lag_seconds) == (2, 12.0)
    assert group_part(PRODUCTS_GROUP, look).status is Status.BEHIND


async def test_many_who_look_at_once_ask_the_log_once() -> None:
    clock = VirtualClock()
    log = MemoryEventLog(MemoryBroker(clock))
    watch = LogWatch(log, clock)

    first, second = await watch.look(), await watch.look()

    assert first is second


class SlowInspector:
    """Looks at the topics at once, and answers when it is told to."""

    def __init__(self, log: MemoryEventLog) -> None:
        self._log = log
        self.looks: list[asyncio.Event] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def topics(self) -> Sequence[TopicInfo]:
        found = await self._log.topics()
        answered = asyncio.Event()
        self.looks.append(answered)
        await answered.wait()
        return found


async def test_a_topic_is_asked_for_once_by_many_and_is_never_older_than_the_question() -> None:
    clock = VirtualClock()
    log = MemoryEventLog(MemoryBroker(clock))
    await log.publish([OutgoingRecord("notes", b"a", b"1")])
    inspector = SlowInspector(log)
    watch = LogWatch(inspector, clock)

    early = asyncio.create_task(watch.topic("notes"))
    await clock.advance(0)
    await log.publish([OutgoingRecord("notes", b"a", b"2")])
    late = [asyncio.create_task(watch.topic("notes")) for _ in range(10)]
    await clock.advance(0)
    inspector.looks[0].set()
    await clock.advance(0)
    inspector.looks[1].set()
    first, *others = await asyncio.gather(early, *late)

    assert len(inspector.looks) == 2
    assert first is not None
    assert message_count(first) == 1
    assert [one and message_count(one) for one in others] == [2] * 10


async def test_a_topic_is_asked_for_anew_after_an_outage() -> None:
    clock = VirtualClock()
    log = MemoryEventLog(MemoryBroker(clock))
    await log.publish([OutgoingRecord("notes", b"a", b"1")])
    watch = LogWatch(log, clock)
    await watch.topic("notes")

    log.faults.available = False
    with pytest.raises(DependencyUnavailable):
        await watch.topic("notes")
    log.faults.available = True

    assert await watch.topic("notes") is not None
    assert await watch.topic("absent") is None


def test_a_group_without_members_is_down() -> None:
    look = LogLook(at=START, topics=(), groups=())

    found = group_part(PRODUCTS_GROUP, look)

    assert found.status is Status.DOWN
    assert "Nobody consumes" in found.detail


def test_the_whole_is_as_its_worst_part() -> None:
    up, behind, down = (Part(status.value, "x", status) for status in Status)

    assert worst([]) is Status.UP
    assert worst([up, behind]) is Status.BEHIND
    assert worst([behind, down, up]) is Status.DOWN


async def test_a_service_that_nobody_answers_for_is_down() -> None:
    clock = VirtualClock()
    vitals = Vitals(
        watch=LogWatch(MemoryEventLog(MemoryBroker(clock)), clock),
        probes={},
        addresses={"orders service": "http://127.0.0.1:9"},
    )

    parts = {part.name: part for part in await vitals.parts()}

    assert parts["orders service"].status is Status.DOWN
    assert parts["event log"].status is Status.UP


async def test_a_log_that_is_away_is_down_and_says_so() -> None:
    clock = VirtualClock()
    log = MemoryEventLog(MemoryBroker(clock))
    log.faults.available = False

    [part] = await Vitals(watch=LogWatch(log, clock), probes={}).parts()

    assert (part.name, part.status) == ("event log", Status.DOWN)


def sample(second: int, orders: int, dead_letters: int = 0) -> Sample:
    return Sample(
        at=datetime(2026, 1, 1, 0, second // 60, second % 60, tzinfo=UTC),
        orders=orders,
        records=orders,
        dead_letters=dead_letters,
        groups=(GroupSample("readers", orders, 0.0),),
    )


def test_a_rate_is_what_grew_over_the_last_seconds() -> None:
    samples = Samples()
    assert samples.rate("orders") == 0
    assert samples.growth("orders", 60) == 0

    for second, orders in ((0, 0), (2, 100), (20, 100), (24, 120), (30, 150)):
        samples.add(sample(second, orders))

    assert samples.rate("orders") == 5.0
    assert samples.growth("orders", 600) == 150


def test_a_rate_after_a_long_silence_is_between_the_last_two() -> None:
    samples = Samples()
    samples.add(sample(0, 0))
    samples.add(sample(50, 100))

    assert samples.rate("orders") == 2.0


def test_samples_are_given_from_a_time_on_and_never_twice() -> None:
    samples = Samples()
    for second in (0, 2, 2, 4):
        samples.add(sample(second, second))

    assert [one.orders for one in samples.since(None)] == [0, 2, 4]
    assert [one.orders for one in samples.since(sample(2, 0).at)] == [4]
    assert samples.latest is not None


async def test_a_sample_counts_orders_and_dead_letters() -> None:
    clock = VirtualClock()
    log = MemoryEventLog(MemoryBroker(clock))
    await log.publish([OutgoingRecord("order.created", b"1", b"{}")] * 3)
    await log.publish([OutgoingRecord("inventory.reserve.dlq", b"1", b"{}")])

    found = sample_of(await LogWatch(log, clock).look())

    assert (found.orders, found.records, found.dead_letters) == (3, 4, 1)
