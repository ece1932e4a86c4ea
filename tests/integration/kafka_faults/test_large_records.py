"""Foreign records too large to be sent on as they are: each ends, and holds up no other."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest
from confluent_kafka import Producer

from adapters.kafka import KafkaEventLog, KafkaInspector, KafkaSettings, prepare_topics
from adapters.kafka.settings import SENT_BYTES_MAX
from adapters.system import RandomIds, SystemClock
from inventory_domain.dead_letters import read_letter
from inventory_domain.records import TopicPartition
from inventory_domain.testing.contracts.waiting import eventually
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
from tests.integration.kafka_faults.driving import fresh
from tests.support.kafka_server import KafkaServer

pytestmark = pytest.mark.integration

MIB = 1024 * 1024
COMPRESSIBLE = b'{"note":"' + b"x" * 3 * MIB + b'"}'
# More than a topic of dead letters takes, and more than is sent at all.
INCOMPRESSIBLE = Random(1).randbytes(3 * MIB)
ENORMOUS = bytes(SENT_BYTES_MAX + 1)


class Small:
    """Takes small records only."""

    def __init__(self) -> None:
        self.taken: list[bytes | None] = []

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        return [self._take(delivery.record.value) for delivery in deliveries]

    def _take(self, value: bytes | None) -> HandlerResult:
        if value is None or len(value) > MIB:
            return Broken("broken_message", "It is too large.")
        self.taken.append(value)
        return Ended(Ending.APPLIED)


async def test_large_foreign_records_end_and_the_others_are_handled_once(
    real_kafka_server: KafkaServer, log: KafkaEventLog, inspector: KafkaInspector, group: str
) -> None:
    topic = fresh("topic")
    limits = {"max.message.bytes": str(8 * MIB)}
    await asyncio.to_thread(real_kafka_server.create_topic, topic, 2, limits)
    settings = KafkaSettings(bootstrap_servers=real_kafka_server.bootstrap, topic_partitions=1)
    await prepare_topics(settings, names=[dead_letter_topic(topic)])
    await asyncio.to_thread(_produce, real_kafka_server.bootstrap, topic)
    small = Small()
    consumer = Consumer(
        await log.subscribe(group, [topic]),
        small,
        log,
        clock=SystemClock(),
        ids=RandomIds(),
        settings=ConsumerSettings(service="products-service", poll_seconds=0.2),
    )

    async def all_ended() -> bool:
        await consumer.step()
        assert consumer.outage is None
        committed = {one.name: one.committed for one in await inspector.groups()}[group]
        return committed == {TopicPartition(topic, 0): 4, TopicPartition(topic, 1): 1}

    await eventually(all_ended, "all messages have ended")
    assert sorted(small.taken, key=repr) == [b"behind", b"beside"]
    at = TopicPartition(dead_letter_topic(topic), 0)
    letters = await inspector.read(at, start=0, count_max=20)
    found = {read_letter(letter).offset: letter for letter in letters}
    assert {offset: letter.value for offset, letter in found.items()} == {
        0: COMPRESSIBLE,
        1: None,
        2: None,
    }
    assert {letter.key for letter in letters} == {b"bad"}
    assert dict(found[1].headers)["original-bytes"] == str(len(INCOMPRESSIBLE) + 3).encode()


def _produce(bootstrap: str, topic: str) -> None:
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "compression.type": "gzip",
            "message.max.bytes": 2 * SENT_BYTES_MAX,
        }
    )
    for value in (COMPRESSIBLE, INCOMPRESSIBLE, ENORMOUS):
        producer.produce(topic, value, b"bad", partition=0)
        producer.flush()
    producer.produce(topic, b"behind", b"k", partition=0)
    producer.produce(topic, b"beside", b"k", partition=1)
    assert producer.flush() == 0
