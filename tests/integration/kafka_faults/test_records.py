"""Records that no consumer or no broker takes: none takes another with it."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from adapters.kafka import KafkaEventLog, KafkaInspector, KafkaSettings, prepare_topics
from adapters.kafka.settings import SENT_BYTES_MAX
from adapters.system import RandomIds, SystemClock
from inventory_domain.errors import DependencyUnavailable, RecordTooLarge
from inventory_domain.records import OutgoingRecord, TopicPartition
from inventory_domain.testing import an_outgoing_record
from inventory_domain.testing.contracts.topics import MakeTopics
from inventory_domain.testing.contracts.waiting import eventually, share_out, take
from inventory_domain.topics import dead_letter_topic
from inventory_domain.use_cases.consume import (
    Broken,
    Consumer,
    ConsumerSettings,
    Ended,
    Ending,
    HandlerResult,
)
from inventory_domain.use_cases.waiting_room import Delivery
from tests.integration.kafka_faults.driving import fresh, numbered
from tests.support.kafka_server import KafkaServer

pytestmark = pytest.mark.integration


async def test_a_broken_record_takes_no_other_with_it(
    log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=3)
    sent = numbered(topic, range(30))
    await log.publish(sent[:15])
    await log.publish([OutgoingRecord(topic, b"order-1", b"\xff{not json", (("bad", b"\xfe"),))])
    await log.publish(sent[15:])

    records = await take(await log.subscribe(group, [topic]), 31)

    assert sorted(record.value or b"" for record in records) == sorted(
        [b"\xff{not json", *(record.value or b"" for record in sent)]
    )


async def test_a_large_record_passes_whole(
    log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    large = bytes(range(256)) * 4 * 900
    await log.publish([an_outgoing_record(topic, key=b"order-1", value=large)])
    await log.publish([an_outgoing_record(topic, key=b"order-1", value=b"next")])

    records = await take(await log.subscribe(group, [topic]), 2)

    assert [record.value for record in records] == [large, b"next"]


async def test_a_record_too_large_for_anybody_is_an_error_and_not_the_end(
    log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    await log.publish([an_outgoing_record(topic, value=b"first")])

    refused_by_the_broker = Random(1).randbytes(1536 * 1024)
    not_even_sent = bytes(SENT_BYTES_MAX + 1)
    for value in (refused_by_the_broker, not_even_sent):
        with pytest.raises(RecordTooLarge):
            await log.publish([an_outgoing_record(topic, value=value)])
    await log.publish([an_outgoing_record(topic, value=b"next")])

    records = await take(await log.subscribe(group, [topic]), 2)
    assert [record.value for record in records] == [b"first", b"next"]


class Selling:
    """Takes numbers; anything else can never succeed."""

    def __init__(self) -> None:
        self.taken: list[int] = []

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        return [self._take(delivery.record.value or b"") for delivery in deliveries]

    def _take(self, value: bytes) -> HandlerResult:
        if not value.isdigit():
            return Broken("not_a_number", "This is no number.")
        self.taken.append(int(value))
        return Ended(Ending.APPLIED)


async def test_broken_and_large_messages_become_dead_letters_and_the_others_go_on(
    real_kafka_server: KafkaServer, log: KafkaEventLog, inspector: KafkaInspector, group: str
) -> None:
    topic = fresh("topic")
    await prepare_topics(
        KafkaSettings(bootstrap_servers=real_kafka_server.bootstrap, topic_partitions=1),
        names=[topic, dead_letter_topic(topic)],
    )
    large = b"x" * 900 * 1024
    await log.publish(numbered(topic, range(5)))
    await log.publish([OutgoingRecord(topic, None, None), OutgoingRecord(topic, b"k", large)])
    await log.publish(numbered(topic, range(5, 10)))
    selling = Selling()
    consumer = Consumer(
        await log.subscribe(group, [topic]),
        selling,
        log,
        clock=SystemClock(),
        ids=RandomIds(),
        settings=ConsumerSettings(service="products-service", poll_seconds=0.2),
    )

    async def all_ended() -> bool:
        await consumer.step()
        committed = {one.name: one.committed for one in await inspector.groups()}
        return committed[group] == {TopicPartition(topic, 0): 12}

    await eventually(all_ended, "all messages have ended")
    assert selling.taken == list(range(10))
    at = TopicPartition(dead_letter_topic(topic), 0)
    letters = await inspector.read(at, start=0, count_max=10)
    assert [(letter.key, letter.value) for letter in letters] == [(None, None), (b"k", large)]


async def test_a_batch_that_waits_while_its_log_is_closed_ends_with_an_outage(
    log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    subscription = await log.subscribe(group, [topic])
    await share_out([subscription], [TopicPartition(topic, 0)])

    async def wait_long() -> None:
        async with subscription.batch(count_max=1, wait_seconds=60.0):
            raise AssertionError("there is nothing to work on")

    waiting = asyncio.create_task(wait_long())
    await asyncio.sleep(0)
    await log.aclose()

    with pytest.raises(DependencyUnavailable):
        await waiting
