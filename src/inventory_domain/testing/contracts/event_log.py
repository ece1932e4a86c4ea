"""What every event log promises."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from random import Random
from uuid import uuid4

import pytest

from inventory_domain.errors import RecordTooLarge
from inventory_domain.partitioning import partition_for
from inventory_domain.ports import EventLog
from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.builders import an_outgoing_record
from inventory_domain.testing.contracts.consumer_groups import ConsumerGroupsContract
from inventory_domain.testing.contracts.log_inspector import LogInspectorContract
from inventory_domain.testing.contracts.redelivery import RedeliveryContract
from inventory_domain.testing.contracts.topics import MakeTopics
from inventory_domain.testing.contracts.waiting import take

__all__ = ["EventLogContract", "MakeTopics", "OpenLog"]

OpenLog = Callable[[], AbstractAsyncContextManager[EventLog]]


MANY = 1000
KEY_COUNT = 50
LARGE_BYTES = 200 * 1024
REPEATED_BYTES = 3 * 1024 * 1024
# More than a log over a network takes, of what cannot be compressed.
HUGE = Random(1).randbytes(6 * 1024 * 1024)  # noqa: S311 - it keeps no secret


def _numbered(topic: str, count: int) -> list[OutgoingRecord]:
    return [
        an_outgoing_record(
            topic, key=f"order-{number % KEY_COUNT}".encode(), value=str(number).encode()
        )
        for number in range(count)
    ]


class EventLogContract(ConsumerGroupsContract, RedeliveryContract, LogInspectorContract):
    """Proves ``ports.EventLog``, ``Subscription``, ``Batch`` and ``LogInspector``.

    Fixtures: ``open_log``, a function that opens a log on the test's data as an asynchronous
    context (what is published stays for the next who opens; the suite never has two open at
    once); ``topics``, see ``MakeTopics``; ``inspector``, a look at the same data.
    """

    @pytest.fixture
    async def log(self, open_log: OpenLog) -> AsyncIterator[EventLog]:
        """An open log."""
        async with open_log() as log:
            yield log

    @pytest.fixture
    def group(self) -> str:
        """A group that nobody used before."""
        return f"group-{uuid4().hex}"

    async def test_publishing_nothing_does_nothing(self, log: EventLog) -> None:
        """An empty batch is an ordinary one."""
        await log.publish([])

    async def test_a_record_comes_out_as_it_went_in(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """With its place in the log, and the instant in which the log took it."""
        (topic,) = await topics(1, partitions=1)
        sent = an_outgoing_record(
            topic, key=b"order-1", value=b'{"qty":2}', headers=(("event-id", b"e1"),)
        )
        await log.publish([sent])

        (record,) = await take(await log.subscribe(group, [topic]), 1)

        assert (record.topic, record.partition, record.offset) == (topic, 0, 0)
        assert (record.key, record.value, record.headers) == (sent.key, sent.value, sent.headers)
        assert record.timestamp.utcoffset() == timedelta(0)

    async def test_any_bytes_and_none_come_out_as_they_went_in(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """Dead letters keep what cannot be read: bytes that are no text, and nothing at all."""
        (topic,) = await topics(1, partitions=1)
        raw = bytes(range(256))
        sent = [
            OutgoingRecord(topic, raw, raw, (("raw", raw), ("raw", b"\xff"), ("", b""))),
            OutgoingRecord(topic, None, None, ()),
            OutgoingRecord(topic, None, b"value", (("größe", b"\xc3"),)),
            OutgoingRecord(topic, b"key", None, ()),
            OutgoingRecord(topic, b"", b"", (("empty", b""),)),
            OutgoingRecord(topic, b"large", b"x" * LARGE_BYTES, ()),
        ]
        await log.publish(sent)

        records = await take(await log.subscribe(group, [topic]), len(sent))

        found = [OutgoingRecord(r.topic, r.key, r.value, r.headers) for r in records]
        assert found == sent

    async def test_records_of_one_key_stay_in_one_partition_in_their_order(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """Within one publish, and from publish to publish."""
        (topic,) = await topics(1, partitions=3)
        sent = _numbered(topic, 300)
        for start in range(0, len(sent), 60):
            await log.publish(sent[start : start + 60])

        records = await take(await log.subscribe(group, [topic]), len(sent))

        for key in {record.key for record in sent}:
            own = [record for record in records if record.key == key]
            assert len({record.partition for record in own}) == 1
            assert [r.value for r in own] == [r.value for r in sent if r.key == key]

    async def test_the_partition_of_a_key_is_that_of_every_kafka_client(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """Clients of other makes put the same order into the same partition."""
        (topic,) = await topics(1, partitions=5)
        sent = _numbered(topic, KEY_COUNT)
        await log.publish(sent)

        records = await take(await log.subscribe(group, [topic]), len(sent))

        found = {record.key: record.partition for record in records}
        assert found == {record.key: partition_for(record.key or b"", 5) for record in sent}

    async def test_offsets_count_the_records_of_each_partition(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """A batch gives each partition's records in the order of their offsets, without a gap."""
        (topic,) = await topics(1, partitions=3)
        await log.publish(_numbered(topic, 200))

        records = await take(await log.subscribe(group, [topic]), 200)

        for partition in range(3):
            offsets = [record.offset for record in records if record.partition == partition]
            assert offsets == list(range(len(offsets)))

    async def test_a_large_publish_arrives_whole(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """A thousand records in one call, each of them once."""
        (topic,) = await topics(1, partitions=3)
        await log.publish(_numbered(topic, MANY))

        records = await take(await log.subscribe(group, [topic]), MANY)

        values = sorted(int(record.value or b"-1") for record in records)
        assert values == list(range(MANY))

    async def test_what_can_be_compressed_may_be_large(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """What others sent compressed must fit in again as a dead letter, in line with others."""
        (topic,) = await topics(1, partitions=1)
        large = b"repeated" * (REPEATED_BYTES // 8)
        sent = [
            OutgoingRecord(topic, b"k", b"first"),
            OutgoingRecord(topic, b"k", large, (("note", b"n"),)),
            OutgoingRecord(topic, b"k", b"small"),
            OutgoingRecord(topic, None, None, (("note", large),)),
            OutgoingRecord(topic, b"k", b"last"),
        ]
        await log.publish(sent)

        records = await take(await log.subscribe(group, [topic]), len(sent))

        assert [OutgoingRecord(r.topic, r.key, r.value, r.headers) for r in records] == sent

    @pytest.mark.parametrize("value", [HUGE, bytes(len(HUGE) * 3)], ids=["random", "zeros"])
    async def test_a_huge_record_is_taken_or_refused_for_its_size(
        self, log: EventLog, topics: MakeTopics, group: str, value: bytes
    ) -> None:
        """It is no outage, which would be waited out for ever, and the next record is taken."""
        (topic,) = await topics(1, partitions=1)
        expected = [value, b"next"]
        try:
            await log.publish([an_outgoing_record(topic, value=value)])
        except RecordTooLarge:
            expected.remove(value)
        await log.publish([an_outgoing_record(topic, value=b"next")])

        records = await take(await log.subscribe(group, [topic]), len(expected))

        assert [len(record.value or b"") for record in records] == list(map(len, expected))

    async def test_one_publish_may_go_to_several_topics(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """Each record finds its own."""
        first, second = await topics(2, partitions=1)
        await log.publish(
            [an_outgoing_record(topic, value=topic.encode()) for topic in (second, first, second)]
        )

        records = await take(await log.subscribe(group, [first, second]), 3)

        assert sorted(record.topic for record in records) == sorted([first, second, second])
        assert all(record.value == record.topic.encode() for record in records)

    async def test_records_without_a_key_all_arrive(
        self, log: EventLog, topics: MakeTopics, group: str
    ) -> None:
        """In whatever partition."""
        (topic,) = await topics(1, partitions=3)
        sent = [an_outgoing_record(topic, key=None, value=str(n).encode()) for n in range(30)]
        await log.publish(sent)

        records = await take(await log.subscribe(group, [topic]), len(sent))

        found = sorted(record.value or b"" for record in records)
        assert found == sorted(record.value or b"" for record in sent)

    async def test_what_was_published_is_there_for_the_next_who_opens(
        self, open_log: OpenLog, topics: MakeTopics, group: str
    ) -> None:
        """Records and commits are durable; work goes on behind the last commit."""
        (topic,) = await topics(1, partitions=1)
        async with open_log() as log:
            await log.publish(_numbered(topic, 10))
            subscription = await log.subscribe(group, [topic])
            await take(subscription, 4, commit=True)
            await take(subscription, 3)
            await subscription.aclose()

        async with open_log() as log:
            await log.publish([an_outgoing_record(topic, value=b"last")])
            records = await take(await log.subscribe(group, [topic]), 7)

        assert [record.offset for record in records] == [4, 5, 6, 7, 8, 9, 10]
        assert records[-1].value == b"last"
