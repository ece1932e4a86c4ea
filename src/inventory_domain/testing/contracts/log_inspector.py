"""What every look at the event log promises."""
# ruff: noqa: PLR2004 - the numbers are the story that each test tells

from collections.abc import Mapping

from inventory_domain.log_view import GroupInfo, TopicInfo
from inventory_domain.ports import EventLog, LogInspector
from inventory_domain.records import OutgoingRecord, TopicPartition, byte_count
from inventory_domain.testing.builders import an_outgoing_record
from inventory_domain.testing.contracts.topics import MakeTopics
from inventory_domain.testing.contracts.waiting import eventually, share_out, take

__all__ = ["LogInspectorContract"]

LARGE_BYTES = 900_000
PAGE_BYTES_MAX = 16 * 1024 * 1024


async def _topic(inspector: LogInspector, name: str) -> TopicInfo:
    (found,) = [topic for topic in await inspector.topics() if topic.name == name]
    return found


async def _group(inspector: LogInspector, name: str) -> GroupInfo:
    (found,) = [group for group in await inspector.groups() if group.name == name]
    return found


async def _lag(inspector: LogInspector, topic: str, group: str) -> Mapping[int, int]:
    committed = (await _group(inspector, group)).committed
    return {
        partition.partition: partition.end
        - committed.get(TopicPartition(topic, partition.partition), partition.begin)
        for partition in (await _topic(inspector, topic)).partitions
    }


class LogInspectorContract:
    """Looking on without taking part; mixed into the suite of the event log."""

    async def test_a_topic_is_seen_with_its_partitions_and_offsets(
        self, log: EventLog, topics: MakeTopics, inspector: LogInspector
    ) -> None:
        """Empty ones as well; the end is the offset that the next record gets."""
        full, empty = await topics(2, partitions=3)
        await log.publish([an_outgoing_record(full, key=str(n).encode()) for n in range(30)])

        found = (await _topic(inspector, full)).partitions
        untouched = (await _topic(inspector, empty)).partitions

        assert [partition.partition for partition in found] == [0, 1, 2]
        assert sum(partition.end for partition in found) == 30
        assert all(partition.begin == 0 for partition in found)
        assert [(one.partition, one.begin, one.end) for one in untouched] == [
            (number, 0, 0) for number in range(3)
        ]

    async def test_records_are_read_page_by_page(
        self, log: EventLog, topics: MakeTopics, inspector: LogInspector
    ) -> None:
        """From any offset; behind the end there is nothing."""
        (topic,) = await topics(1, partitions=1)
        at = TopicPartition(topic, 0)
        await log.publish([an_outgoing_record(topic, value=str(n).encode()) for n in range(7)])

        pages = [await inspector.read(at, start=start, count_max=3) for start in (0, 3, 6, 7, 99)]

        assert [[record.offset for record in page] for page in pages] == [
            [0, 1, 2],
            [3, 4, 5],
            [6],
            [],
            [],
        ]
        assert [record.value for record in pages[0]] == [b"0", b"1", b"2"]

    async def test_large_records_are_read_few_at_a_time_and_none_is_left_out(
        self, log: EventLog, topics: MakeTopics, inspector: LogInspector
    ) -> None:
        """However many are asked for, what is in memory at once is bounded; each read gets on."""
        (topic,) = await topics(1, partitions=1)
        at = TopicPartition(topic, 0)
        for number in range(20):
            mark, large = bytes([number]), bytes(LARGE_BYTES)
            # Large in its value, or in its headers.
            value, note = (mark + large, b"") if number % 2 else (mark, large)
            await log.publish([OutgoingRecord(topic, b"k", value, (("note", note),))])
        seen: list[int] = []

        while len(seen) < 20:
            page = await inspector.read(at, start=len(seen), count_max=1000)
            assert page
            assert sum(map(byte_count, page)) < PAGE_BYTES_MAX
            seen.extend((record.value or b"?")[0] for record in page)

        assert seen == list(range(20))

    async def test_reading_disturbs_nobody(
        self, log: EventLog, topics: MakeTopics, inspector: LogInspector, group: str
    ) -> None:
        """No group gets a member, loses a record, or is moved by it."""
        (topic,) = await topics(1, partitions=1)
        at = TopicPartition(topic, 0)
        await log.publish([an_outgoing_record(topic, value=str(n).encode()) for n in range(4)])
        subscription = await log.subscribe(group, [topic])
        (before,) = await share_out([subscription], [at])
        await subscription.rewind()

        assert len(await inspector.read(at, start=0, count_max=10)) == 4

        assert [record.offset for record in await take(subscription, 4)] == [0, 1, 2, 3]
        assert await share_out([subscription], [at]) == [before]

    async def test_a_group_is_seen_with_its_members_and_what_they_own(
        self, log: EventLog, topics: MakeTopics, inspector: LogInspector, group: str
    ) -> None:
        """Each member with the partitions that it was given."""
        (topic,) = await topics(1, partitions=3)
        partitions = [TopicPartition(topic, number) for number in range(3)]
        members = [await log.subscribe(group, [topic]) for _ in range(2)]
        owned = await share_out(members, partitions)

        async def is_seen() -> bool:
            found = await _group(inspector, group)
            shares = sorted(tuple(sorted(member.assigned)) for member in found.members)
            return found.state == "Stable" and shares == sorted(
                tuple(sorted(share)) for share in owned
            )

        await eventually(is_seen, "the group's members are seen with their partitions")
        found = await _group(inspector, group)
        assert len({member.member_id for member in found.members}) == 2

    async def test_a_group_without_members_keeps_its_commits(
        self, log: EventLog, topics: MakeTopics, inspector: LogInspector, group: str
    ) -> None:
        """It is empty, and its lag can be seen."""
        (topic,) = await topics(1, partitions=1)
        await log.publish([an_outgoing_record(topic)] * 5)
        subscription = await log.subscribe(group, [topic])
        await take(subscription, 2, commit=True)
        await subscription.aclose()

        async def is_empty() -> bool:
            found = await _group(inspector, group)
            return found.state == "Empty" and found.members == ()

        await eventually(is_empty, "the group is empty")
        assert (await _group(inspector, group)).committed == {TopicPartition(topic, 0): 2}

    async def test_a_group_that_nobody_joined_is_not_seen(
        self, topics: MakeTopics, inspector: LogInspector, group: str
    ) -> None:
        """Looking does not make it."""
        await topics(1, partitions=1)

        assert [found for found in await inspector.groups() if found.name == group] == []

    async def test_lag_is_the_end_minus_the_commit(
        self, log: EventLog, topics: MakeTopics, inspector: LogInspector, group: str
    ) -> None:
        """It grows with what is published and falls with what is committed, not what is read."""
        (topic,) = await topics(1, partitions=1)
        await log.publish([an_outgoing_record(topic)] * 10)
        subscription = await log.subscribe(group, [topic])
        await take(subscription, 4, commit=True)

        async def lag_is(wanted: int) -> bool:
            return await _lag(inspector, topic, group) == {0: wanted}

        await eventually(lambda: lag_is(6), "the lag is 6 after a commit of 4 of 10")
        await log.publish([an_outgoing_record(topic)] * 5)
        await take(subscription, 3)
        await eventually(lambda: lag_is(11), "the lag is 11 after 5 more, whatever was read")
        await subscription.rewind()
        await take(subscription, 11, commit=True)
        await eventually(lambda: lag_is(0), "there is no lag when all is committed")
