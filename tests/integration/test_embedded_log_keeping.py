"""What the embedded event log does beyond the ports: other processes, retention, silence."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import attrs
import pytest

from adapters.embedded.event_log import SqliteEventLog
from adapters.embedded.log_retention import Retention
from adapters.system import SystemClock
from inventory_domain.errors import CommitRefused
from inventory_domain.records import OutgoingRecord, Record, TopicPartition
from inventory_domain.testing.builders import an_outgoing_record
from inventory_domain.testing.contracts.waiting import take

pytestmark = pytest.mark.integration

REPOSITORY = Path(__file__).parents[2]
AT = TopicPartition("topic", 0)

APPEND = """
import asyncio, sys
from pathlib import Path
from adapters.embedded.event_log import SqliteEventLog
from inventory_domain.records import OutgoingRecord

async def main():
    log = await SqliteEventLog.open(Path(sys.argv[1]), is_owner=False)
    for number in range(20):
        await log.publish([OutgoingRecord("topic", b"k", b"theirs %d" % number)])
    await log.aclose()

asyncio.run(main())
"""

OpenLog = Callable[..., Awaitable[SqliteEventLog]]


class MovedClock(SystemClock):
    """The machine's clock, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture
async def open_log(tmp_path: Path) -> AsyncIterator[OpenLog]:
    opened: list[SqliteEventLog] = []

    async def open_log(**settings: object) -> SqliteEventLog:
        log = await SqliteEventLog.open(tmp_path / "log.db", **settings)  # type: ignore[arg-type]
        opened.append(log)
        await log.ensure_topics(["topic"], 1)
        return log

    yield open_log
    for log in opened:
        await log.aclose()


def _records(count: int, start: int = 0) -> list[OutgoingRecord]:
    return [an_outgoing_record("topic", value=b"%d" % n) for n in range(start, start + count)]


async def test_what_another_process_appends_is_consumed(open_log: OpenLog, tmp_path: Path) -> None:
    """In one order of offsets with what this process publishes at the same time."""
    log = await open_log()
    subscription = await log.subscribe("group", ["topic"])

    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", APPEND, str(tmp_path / "log.db"), env={"PYTHONPATH": "src"},
        cwd=REPOSITORY,
    )  # fmt: skip
    records: list[Record] = []
    mine = 0
    while child.returncode is None:
        await log.publish([an_outgoing_record("topic", value=b"mine %d" % mine)])
        mine += 1
        async with subscription.batch(count_max=50, wait_seconds=0.01) as batch:
            records.extend(batch.records)
    assert child.returncode == 0
    records += await take(subscription, 20 + mine - len(records))

    assert [record.offset for record in records] == list(range(20 + mine))
    values = [record.value or b"" for record in records]
    theirs = [value for value in values if value.startswith(b"theirs")]
    assert theirs == [b"theirs %d" % n for n in range(20)]
    assert [v for v in values if v.startswith(b"mine")] == [b"mine %d" % n for n in range(mine)]


async def test_a_record_of_another_process_wakes_a_waiting_consumer(open_log: OpenLog) -> None:
    log = await open_log()
    other = await open_log(is_owner=False)
    subscription = await log.subscribe("group", ["topic"])
    waiting = asyncio.ensure_future(take(subscription, 1))
    await asyncio.sleep(0.05)

    await other.publish(_records(1))

    assert (await asyncio.wait_for(waiting, 2))[0].value == b"0"


async def test_only_the_owner_has_groups(open_log: OpenLog) -> None:
    log = await open_log(is_owner=False)

    with pytest.raises(RuntimeError, match="owner"):
        await log.subscribe("group", ["topic"])


async def test_members_are_seen_from_outside_until_the_next_owner_comes(
    open_log: OpenLog, tmp_path: Path
) -> None:
    log = await open_log()
    onlooker = await open_log(is_owner=False)
    await log.subscribe("group", ["topic"])

    (seen,) = await onlooker.groups()
    assert (seen.state, [member.assigned for member in seen.members]) == ("Stable", [(AT,)])

    # A new owner, as after a crash of the first: nobody is a member any more.
    await open_log()
    (seen,) = await onlooker.groups()
    assert (seen.state, seen.members) == ("Empty", ())


async def test_retention_by_age_keeps_what_is_not_committed(open_log: OpenLog) -> None:
    clock = MovedClock()
    log = await open_log(clock=clock, retention=Retention(age_seconds=3600))
    await log.publish(_records(10))
    subscription = await log.subscribe("group", ["topic"])
    await take(subscription, 4)
    async with subscription.batch(count_max=1, wait_seconds=0) as batch:
        await batch.commit({AT: 4})
    for start in range(10, 20):
        await log.publish(_records(1, start))
    clock.ahead = timedelta(hours=2)
    await log.publish(_records(5, 20))

    await log.retain()
    # The first publish is one batch, of which the last records are still needed.
    assert [r.offset for r in await log.read(AT, start=0, count_max=99)] == list(range(25))

    await subscription.rewind()
    await take(subscription, 9)
    async with subscription.batch(count_max=1, wait_seconds=0) as batch:
        await batch.commit({AT: 13})
    await log.retain()
    assert [r.offset for r in await log.read(AT, start=0, count_max=99)] == list(range(13, 25))
    await subscription.rewind()
    assert [record.offset for record in await take(subscription, 12)] == list(range(13, 25))

    async with subscription.batch(count_max=1, wait_seconds=0) as batch:
        await batch.commit({AT: 25})
    await log.retain()
    assert [r.offset for r in await log.read(AT, start=0, count_max=99)] == list(range(20, 25))
    (topic,) = await log.topics()
    assert [(p.begin, p.end) for p in topic.partitions] == [(20, 25)]


async def test_dead_letters_are_kept_until_somebody_looks(open_log: OpenLog) -> None:
    clock = MovedClock()
    log = await open_log(clock=clock, retention=Retention(age_seconds=3600, count_max=0))
    await log.publish([an_outgoing_record(topic="topic.dlq"), *_records(1)])
    clock.ahead = timedelta(days=365)

    await log.retain()

    ends = {
        topic.name: [(p.begin, p.end) for p in topic.partitions] for topic in await log.topics()
    }
    assert ends["topic"] == [(1, 1)]
    assert sorted(ends["topic.dlq"]) == [(0, 0), (0, 0), (0, 1)]


async def test_retention_by_count(open_log: OpenLog) -> None:
    log = await open_log(retention=Retention(count_max=30))
    for start in range(0, 100, 10):
        await log.publish(_records(10, start))

    await log.retain()

    assert [r.offset for r in await log.read(AT, start=0, count_max=999)] == list(range(70, 100))
    subscription = await log.subscribe("late", ["topic"])
    assert [record.offset for record in await take(subscription, 30)] == list(range(70, 100))


async def test_retention_of_everything_goes_on_counting(open_log: OpenLog) -> None:
    clock = MovedClock()
    log = await open_log(clock=clock, retention=Retention(age_seconds=1))
    await asyncio.gather(*(log.publish(_records(1, n)) for n in range(5)))
    clock.ahead = timedelta(hours=1)
    await log.retain()
    await log.publish(_records(1))

    (record,) = await log.read(AT, start=0, count_max=99)

    assert record.offset == 5


async def test_retention_in_many_steps(open_log: OpenLog) -> None:
    log = await open_log(retention=Retention(count_max=0))
    for _ in range(3):
        await asyncio.gather(*(log.publish(_records(1)) for _ in range(2000)))

    await log.retain()

    (topic,) = await log.topics()
    assert [(p.begin, p.end) for p in topic.partitions] == [(6000, 6000)]


async def test_a_silent_member_loses_its_partitions(open_log: OpenLog) -> None:
    log = await open_log(session_seconds=0.2)
    silent = await log.subscribe("group", ["topic"])
    await log.publish(_records(3))

    async with silent.batch(count_max=3, wait_seconds=1) as batch:
        assert len(batch.records) == 3
        other = await log.subscribe("group", ["topic"])
        assert [record.offset for record in await take(other, 3)] == [0, 1, 2]
        with pytest.raises(CommitRefused):
            await batch.commit({AT: 3})
    await other.aclose()

    # It joins anew with its next batch.
    assert [record.offset for record in await take(silent, 3)] == [0, 1, 2]


async def test_a_waiting_member_is_not_silent(open_log: OpenLog) -> None:
    log = await open_log(session_seconds=0.1)
    subscription = await log.subscribe("group", ["topic"])
    async with subscription.batch(count_max=1, wait_seconds=0) as batch:
        before = dict(batch.assigned)

    async with subscription.batch(count_max=1, wait_seconds=0.8) as batch:
        assert batch.assigned == before


async def test_a_backlog_larger_than_memory_is_read_in_its_order(open_log: OpenLog) -> None:
    log = await open_log()
    subscription = await log.subscribe("group", ["topic"])
    slow = await log.subscribe("slow", ["topic"])
    for start in range(0, 12_000, 500):
        await log.publish(_records(500, start))
    expected = [b"%d" % n for n in range(12_000)]

    assert [record.value for record in await take(subscription, 12_000)] == expected
    assert [record.value for record in await take(slow, 12_000)] == expected


async def test_large_records_are_read_ahead_within_bounds(open_log: OpenLog) -> None:
    log = await open_log()
    big = [attrs.evolve(record, value=b"x" * 250_000) for record in _records(60)]
    for start in range(0, 60, 5):
        await log.publish(big[start : start + 5])
    subscription = await log.subscribe("group", ["topic"])

    records = await take(subscription, 60)

    assert [record.offset for record in records] == list(range(60))
    assert all(len(record.value or b"") == 250_000 for record in records)
