"""A header's name that is no UTF-8, as any producer may send it, stops nobody."""

import struct

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import DefaultRecordBase
from aiokafka.record.util import calc_crc32c

from adapters.kafka import KafkaEventLog, KafkaInspector
from inventory_domain.records import OutgoingRecord, TopicPartition
from inventory_domain.testing.contracts.topics import MakeTopics
from inventory_domain.testing.contracts.waiting import take
from tests.support.kafka_server import KafkaServer

pytestmark = pytest.mark.integration

HEADERS = (("\\xe9t", b"1"),)


async def test_such_a_record_and_all_around_it_are_handed_out(
    real_kafka_server: KafkaServer,
    log: KafkaEventLog,
    inspector: KafkaInspector,
    topics: MakeTopics,
    group: str,
) -> None:
    (topic,) = await topics(1, partitions=1)
    await log.publish([OutgoingRecord(topic, b"k", b"before")])
    await _publish_spoilt(real_kafka_server.bootstrap, topic)
    await log.publish([OutgoingRecord(topic, b"k", b"behind")])

    records = await take(await log.subscribe(group, [topic]), 3)

    found = [(record.key, record.value, record.headers) for record in records]
    assert found == [(b"k", b"before", ()), (b"bad", b"bad", HEADERS), (b"k", b"behind", ())]
    assert list(await inspector.read(TopicPartition(topic, 0), start=0, count_max=9)) == records


async def _publish_spoilt(bootstrap: str, topic: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        batch = producer.create_batch()
        batch.append(key=b"bad", value=b"bad", timestamp=None, headers=[("at", b"1")])
        data = bytearray(batch._build())
        data[data.index(b"at")] = 0xE9
        checksum = calc_crc32c(bytes(data[DefaultRecordBase.ATTRIBUTES_OFFSET :]))
        struct.pack_into(">I", data, DefaultRecordBase.CRC_OFFSET, checksum)
        batch._buffer = bytes(data)
        await (await producer.send_batch(batch, topic, partition=0))
