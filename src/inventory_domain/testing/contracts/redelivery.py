"""What every event log promises about batches, positions, commits and redelivery."""
# ruff: noqa: PLR2004 - the numbers are the story that each test tells

import asyncio

import pytest

from inventory_domain.errors import CommitRefused
from inventory_domain.ports import EventLog
from inventory_domain.records import OutgoingRecord, TopicPartition
from inventory_domain.testing.builders import an_outgoing_record
from inventory_domain.testing.contracts.topics import MakeTopics
from inventory_domain.testing.contracts.waiting import (
    BATCH_WAIT_SECONDS,
    end_offsets,
    share_out,
    take,
)

__all__ = ["RedeliveryContract"]

LONG_WAIT_SECONDS = 30.0
RECORD_COUNT = 12


def _records(topic: str, count: int = RECORD_COUNT) -> list[OutgoingRecord]:
    return [an_outgoing_record(topic, value=str(number).encode()) for number in range(count)]


class RedeliveryContract:
    """One member's reading; mixed into the suite of the event log."""

    async def test_without_records_a_batch_is_empty_after_its_wait(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """The member knows its partitions all the same, and may commit nothing."""
        (topic,) = await topics(1, partitions=2)
        subscription = await log.subscribe(group, [topic])
        await share_out([subscription], [TopicPartition(topic, n) for n in (0, 1)])

        async with subscription.batch(count_max=10, wait_seconds=BATCH_WAIT_SECONDS) as batch:
            assert list(batch.records) == []
            assert sorted(batch.assigned) == [(topic, 0), (topic, 1)]
            await batch.commit({})

    async def test_a_record_that_comes_ends_the_wait(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """Long before the wait is over."""
        (topic,) = await topics(1, partitions=1)
        subscription = await log.subscribe(group, [topic])
        await share_out([subscription], [TopicPartition(topic, 0)])

        async def wait_for_one() -> int:
            async with subscription.batch(count_max=10, wait_seconds=LONG_WAIT_SECONDS) as batch:
                return len(batch.records)

        waiting = asyncio.ensure_future(wait_for_one())
        await asyncio.sleep(0)
        await log.publish(_records(topic, 1))

        assert await waiting == 1

    async def test_a_new_group_reads_from_the_beginning(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """What was published before anybody listened is not lost."""
        (topic,) = await topics(1, partitions=1)
        await log.publish(_records(topic))

        records = await take(await log.subscribe(group, [topic]), RECORD_COUNT)

        assert [record.offset for record in records] == list(range(RECORD_COUNT))

    async def test_a_batch_is_no_larger_than_wanted_and_the_next_goes_on(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """Also without a commit in between: nothing is handed out twice to one member."""
        (topic,) = await topics(1, partitions=1)
        await log.publish(_records(topic))
        subscription = await log.subscribe(group, [topic])
        await take(subscription, 1)
        offsets = [0]

        while len(offsets) < RECORD_COUNT:
            async with subscription.batch(count_max=3, wait_seconds=BATCH_WAIT_SECONDS) as batch:
                assert len(batch.records) <= 3
                offsets.extend(record.offset for record in batch.records)

        assert offsets == list(range(RECORD_COUNT))

    async def test_records_not_committed_come_again_to_the_next_member(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """Whoever leaves without a commit leaves its work to others, from the last commit on."""
        (topic,) = await topics(1, partitions=1)
        await log.publish(_records(topic))
        first = await log.subscribe(group, [topic])
        await take(first, 5, commit=True)
        await take(first, 4)
        await first.aclose()

        records = await take(await log.subscribe(group, [topic]), 7)

        assert [record.offset for record in records] == [5, 6, 7, 8, 9, 10, 11]

    async def test_committed_records_do_not_come_again(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """The next member begins behind them, however long ago that was."""
        (topic,) = await topics(1, partitions=1)
        await log.publish(_records(topic))
        first = await log.subscribe(group, [topic])
        await take(first, RECORD_COUNT, commit=True)
        await first.aclose()
        await log.publish([an_outgoing_record(topic, value=b"next")])

        (record,) = await take(await log.subscribe(group, [topic]), 1)

        assert (record.offset, record.value) == (RECORD_COUNT, b"next")

    async def test_a_commit_may_fall_short_of_what_was_handed_out(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """A record that waits for its retry is not committed past, and comes again."""
        (topic,) = await topics(1, partitions=1)
        await log.publish(_records(topic))
        first = await log.subscribe(group, [topic])
        await take(first, RECORD_COUNT)
        async with first.batch(count_max=1, wait_seconds=0) as batch:
            await batch.commit({TopicPartition(topic, 0): 7})
        await first.aclose()

        records = await take(await log.subscribe(group, [topic]), 5)

        assert [record.offset for record in records] == [7, 8, 9, 10, 11]

    async def test_each_partition_is_committed_for_itself(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """What is committed of one says nothing of another."""
        first_topic, second_topic = await topics(2, partitions=1)
        await log.publish([*_records(first_topic, 4), *_records(second_topic, 4)])
        first = await log.subscribe(group, [first_topic, second_topic])
        await take(first, 8)
        async with first.batch(count_max=1, wait_seconds=0) as batch:
            await batch.commit({TopicPartition(first_topic, 0): 3})
        await first.aclose()

        records = await take(await log.subscribe(group, [first_topic, second_topic]), 5)

        found = sorted((record.topic == second_topic, record.offset) for record in records)
        assert found == [(False, 3), (True, 0), (True, 1), (True, 2), (True, 3)]

    async def test_a_rewound_member_reads_on_from_the_last_commit(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """Everything that was handed out and not committed is handed out again."""
        (topic,) = await topics(1, partitions=1)
        await log.publish(_records(topic))
        subscription = await log.subscribe(group, [topic])
        await take(subscription, 4, commit=True)
        await take(subscription, 6)

        await subscription.rewind()

        records = await take(subscription, 8)
        assert [record.offset for record in records] == [4, 5, 6, 7, 8, 9, 10, 11]

    async def test_a_member_that_never_committed_rewinds_to_the_beginning(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """As a new group begins; and again after another rewind."""
        (topic,) = await topics(1, partitions=1)
        await log.publish(_records(topic, 3))
        subscription = await log.subscribe(group, [topic])
        for _ in range(2):
            records = await take(subscription, 3)
            assert [record.offset for record in records] == [0, 1, 2]

            await subscription.rewind()

    async def test_a_rewind_keeps_the_numbers_of_the_assignment(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """The partitions never left, so what is known of them still counts."""
        (topic,) = await topics(1, partitions=3)
        partitions = [TopicPartition(topic, number) for number in range(3)]
        subscription = await log.subscribe(group, [topic])
        (before,) = await share_out([subscription], partitions)

        await subscription.rewind()

        assert await share_out([subscription], partitions) == [before]

    async def test_a_paused_partition_gives_no_records_and_loses_none(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """The others go on; later it goes on where it was."""
        held, free = await topics(2, partitions=1)
        paused = TopicPartition(held, 0)
        await log.publish([*_records(held, 6), *_records(free, 2)])
        subscription = await log.subscribe(group, [held, free])
        seen = await take(subscription, 2, paused=[paused])
        await log.publish(_records(free, 4))
        seen += await take(subscription, 4, paused=[paused])

        records = await take(subscription, 6)

        assert {record.topic for record in seen} == {free}
        assert [record.offset for record in seen] == [0, 1, 2, 3, 4, 5]
        assert [(r.topic, r.offset) for r in records] == [(held, n) for n in range(6)]

    async def test_with_everything_paused_a_batch_is_empty(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """However many records wait; and the member keeps its partitions."""
        (topic,) = await topics(1, partitions=1)
        paused = TopicPartition(topic, 0)
        await log.publish(_records(topic))
        subscription = await log.subscribe(group, [topic])
        await take(subscription, 2)

        async with subscription.batch(
            count_max=10, wait_seconds=BATCH_WAIT_SECONDS, paused=[paused]
        ) as batch:
            assert list(batch.records) == []
            assert list(batch.assigned) == [paused]

        assert [record.offset for record in await take(subscription, 2)] == [2, 3]

    async def test_the_numbers_of_an_assignment_stay_from_batch_to_batch(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """As long as nobody joins or leaves."""
        (topic,) = await topics(1, partitions=3)
        partitions = [TopicPartition(topic, number) for number in range(3)]
        await log.publish(_records(topic))
        subscription = await log.subscribe(group, [topic])
        (before,) = await share_out([subscription], partitions)

        await take(subscription, RECORD_COUNT - 3, commit=True)

        assert await share_out([subscription], partitions) == [before]

    async def test_a_batch_that_ends_in_an_error_commits_nothing(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """The error comes through, the member lives on, and a rewind brings the records back."""
        (topic,) = await topics(1, partitions=1)
        await log.publish(_records(topic, 3))
        subscription = await log.subscribe(group, [topic])
        await take(subscription, 1)

        with pytest.raises(ZeroDivisionError):
            async with subscription.batch(count_max=3, wait_seconds=BATCH_WAIT_SECONDS):
                raise ZeroDivisionError
        await subscription.rewind()

        assert [record.offset for record in await take(subscription, 3)] == [0, 1, 2]

    async def test_a_commit_of_a_partition_that_is_not_the_members_is_refused(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """And then none of the commit's partitions is committed."""
        mine, other = await topics(2, partitions=1)
        await log.publish(_records(mine, 3))
        subscription = await log.subscribe(group, [mine])
        records = await take(subscription, 3)

        async with subscription.batch(count_max=1, wait_seconds=0) as batch:
            with pytest.raises(CommitRefused):
                await batch.commit({**end_offsets(records), TopicPartition(other, 0): 0})
        await subscription.rewind()

        assert [record.offset for record in await take(subscription, 3)] == [0, 1, 2]
