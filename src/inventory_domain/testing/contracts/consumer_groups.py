"""What every event log promises about groups with several members."""
# ruff: noqa: PLR2004 - the numbers are the story that each test tells

import pytest

from inventory_domain.errors import CommitRefused
from inventory_domain.partitioning import partition_for
from inventory_domain.ports import EventLog
from inventory_domain.records import OutgoingRecord, TopicPartition
from inventory_domain.testing.builders import an_outgoing_record
from inventory_domain.testing.contracts.topics import MakeTopics
from inventory_domain.testing.contracts.waiting import share_out, take

__all__ = ["ConsumerGroupsContract"]

TRY_COUNT = 3
TRY_SECONDS = 0.2


def _spread(topic: str, count: int) -> list[OutgoingRecord]:
    return [
        an_outgoing_record(topic, key=f"order-{number}".encode(), value=str(number).encode())
        for number in range(count)
    ]


def _partitions(*topics: str, count: int) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for topic in topics for number in range(count)]


class ConsumerGroupsContract:
    """Members that share the work; mixed into the suite of the event log."""

    async def test_every_group_gets_every_record(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """One group's reading and commits are nothing to another."""
        (topic,) = await topics(1, partitions=3)
        await log.publish(_spread(topic, 20))
        first = await log.subscribe(f"{group}-a", [topic])
        await take(first, 20, commit=True)

        records = await take(await log.subscribe(f"{group}-b", [topic]), 20)

        assert {record.value for record in records} == {str(n).encode() for n in range(20)}

    @pytest.mark.parametrize("member_count", [2, 3])
    async def test_members_share_the_partitions(
        self, log: EventLog, topics: MakeTopics, group: str, member_count: int
    ) -> None:
        """Each partition has one owner, and each member something to do."""
        (topic,) = await topics(1, partitions=3)
        members = [await log.subscribe(group, [topic]) for _ in range(member_count)]

        owned = await share_out(members, _partitions(topic, count=3))

        assert sum(len(share) for share in owned) == 3

    async def test_one_member_owns_the_same_partition_of_every_topic(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """An order's reserve and its release come to one member, and so stay in their order."""
        reserve, release = await topics(2, partitions=3)
        members = [await log.subscribe(group, [reserve, release]) for _ in range(2)]

        owned = await share_out(members, _partitions(reserve, release, count=3))

        for share in owned:
            numbers = {topic: set[int]() for topic in (reserve, release)}
            for at in share:
                numbers[at.topic].add(at.partition)
            assert numbers[reserve] == numbers[release]

    async def test_members_together_get_every_record_once(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """Each record comes to the owner of its partition."""
        (topic,) = await topics(1, partitions=3)
        members = [await log.subscribe(group, [topic]) for _ in range(2)]
        owned = await share_out(members, _partitions(topic, count=3))
        sent = _spread(topic, 60)
        await log.publish(sent)
        values: list[bytes | None] = []

        for _ in range(100):
            for member, share in zip(members, owned, strict=True):
                async with member.batch(count_max=100, wait_seconds=TRY_SECONDS) as batch:
                    assert all(record.topic_partition in share for record in batch.records)
                    values.extend(record.value for record in batch.records)
            if len(values) >= len(sent):
                break

        assert sorted(value or b"" for value in values) == sorted(r.value or b"" for r in sent)

    async def test_nobody_gets_the_partitions_of_a_member_at_work(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """While it is inside a batch it owns them and can commit; after it they are shared."""
        (topic,) = await topics(1, partitions=2)
        partitions = _partitions(topic, count=2)
        first = await log.subscribe(group, [topic])
        await share_out([first], partitions)
        await log.publish(_spread(topic, 10))

        async with first.batch(count_max=10, wait_seconds=TRY_SECONDS) as work:
            second = await log.subscribe(group, [topic])
            for _ in range(TRY_COUNT):
                async with second.batch(count_max=10, wait_seconds=TRY_SECONDS) as batch:
                    assert list(batch.records) == []
                    assert dict(batch.assigned) == {}
            await work.commit(dict.fromkeys(work.assigned, 0))

        await share_out([first, second], partitions)

    async def test_the_partitions_of_a_member_that_leaves_go_to_the_others(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """With the records that it had not committed."""
        (topic,) = await topics(1, partitions=2)
        partitions = _partitions(topic, count=2)
        first, second = [await log.subscribe(group, [topic]) for _ in range(2)]
        await share_out([first, second], partitions)
        sent = _spread(topic, 20)
        await log.publish(sent)
        async with second.batch(count_max=20, wait_seconds=TRY_SECONDS) as batch:
            assert all(record.topic == topic for record in batch.records)

        await second.aclose()
        await share_out([first], partitions)
        await first.rewind()

        records = await take(first, len(sent))
        assert {record.value for record in records} == {record.value for record in sent}

    async def test_a_partition_that_left_and_came_back_has_another_number(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """What a member remembered of it no longer counts."""
        (topic,) = await topics(1, partitions=2)
        partitions = _partitions(topic, count=2)
        first = await log.subscribe(group, [topic])
        (before,) = await share_out([first], partitions)
        second = await log.subscribe(group, [topic])
        _, taken = await share_out([first, second], partitions)

        await second.aclose()
        (after,) = await share_out([first], partitions)

        assert all(after[at] != before[at] for at in taken)

    async def test_a_new_assignment_begins_at_the_last_commit(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """Whatever was handed out before, of a partition under a new number it comes again."""
        (topic,) = await topics(1, partitions=2)
        partitions = _partitions(topic, count=2)
        sent = _spread(topic, 20)
        await log.publish(sent)
        first = await log.subscribe(group, [topic])
        await take(first, len(sent))
        second = await log.subscribe(group, [topic])
        shares = await share_out([first, second], partitions)
        for member in (first, second):
            await member.rewind()

        for member, share in zip((first, second), shares, strict=True):
            expected = [r for r in sent if partition_for(r.key or b"", 2) in {p for _, p in share}]
            records = await take(member, len(expected))
            assert [record.value for record in records] == [record.value for record in expected]

    async def test_a_commit_for_a_partition_of_somebody_else_is_refused(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """And then nothing of it is committed, the member's own partition neither."""
        (topic,) = await topics(1, partitions=2)
        partitions = _partitions(topic, count=2)
        members = [await log.subscribe(group, [topic]) for _ in range(2)]
        await share_out(members, partitions)
        sent = _spread(topic, 20)
        await log.publish(sent)

        async with members[0].batch(count_max=20, wait_seconds=TRY_SECONDS) as batch:
            with pytest.raises(CommitRefused):
                await batch.commit(dict.fromkeys(partitions, 1))

        for member in members:
            await member.aclose()
        records = await take(await log.subscribe(group, [topic]), len(sent))
        assert {record.value for record in records} == {record.value for record in sent}
