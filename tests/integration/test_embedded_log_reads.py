"""Reads of the embedded log that fail, or whose reader goes, between two partitions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from adapters.embedded.event_log import SqliteEventLog
from adapters.embedded.log_partition import LogPartition
from adapters.embedded.log_subscription import SqliteSubscription
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.testing.builders import an_outgoing_record

pytestmark = pytest.mark.integration

COUNT = 30

Refill = Callable[[LogPartition, int, int], Awaitable[None]]
Place = tuple[int, int]


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteEventLog]:
    """A log whose three partitions all have records that nobody has in memory."""
    log = await SqliteEventLog.open(tmp_path / "log.db")
    await log.ensure_topics(["topic"], 3)
    await log.publish([an_outgoing_record("topic", key=b"%d" % n) for n in range(COUNT)])
    assert all(partition.end for (topic,) in [await log.topics()] for partition in topic.partitions)
    yield log
    await log.aclose()


async def _take(subscription: SqliteSubscription) -> list[Place]:
    async with subscription.batch(count_max=COUNT, wait_seconds=0) as batch:
        return [(record.partition, record.offset) for record in batch.records]


async def _read_all(log: SqliteEventLog) -> list[Place]:
    (topic,) = await log.topics()
    return [
        (number, offset)
        for number, partition in enumerate(topic.partitions)
        for offset in range(partition.begin, partition.end)
    ]


def _second(refill: Refill, instead: Callable[[], Awaitable[None]]) -> Refill:
    """Return *refill* that does something else first when it is called for the second time."""
    calls = 0

    async def refill_or(partition: LogPartition, start: int, count_max: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            await instead()
        await refill(partition, start, count_max)

    return refill_or


async def test_a_partition_that_cannot_be_read_takes_no_records_of_another_with_it(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise DependencyUnavailable(dependency="event log", reason="the disk is away")

    subscription = await log.subscribe("group", ["topic"])
    monkeypatch.setattr(log, "refill", _second(log.refill, fail))

    with pytest.raises(DependencyUnavailable):
        await _take(subscription)

    assert sorted(await _take(subscription)) == await _read_all(log)


async def test_a_batch_that_is_cancelled_between_two_partitions_loses_nothing(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.Event().wait()

    subscription = await log.subscribe("group", ["topic"])
    monkeypatch.setattr(log, "refill", _second(log.refill, hang))
    taking = asyncio.create_task(_take(subscription))
    await reached.wait()

    taking.cancel()
    await asyncio.wait([taking])

    assert sorted(await _take(subscription)) == await _read_all(log)


async def test_a_member_that_leaves_between_two_partitions_gets_nothing(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription = await log.subscribe("group", ["topic"])
    monkeypatch.setattr(log, "refill", _second(log.refill, subscription.aclose))

    assert await _take(subscription) == []

    other = await log.subscribe("group", ["topic"])
    assert sorted(await _take(other)) == await _read_all(log)
