"""Sending records: small ones with others in a batch, a large one compressed in its own.

A broker counts compressed bytes, so what came in from a producer that compresses may be many
times larger than a topic's limit and must go out compressed as well. All else goes as it is:
compressing every small batch would only cost time.
"""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBase

from adapters.kafka.partitioner import choose_partition
from adapters.kafka.settings import BATCH_BYTES
from inventory_domain.records import OutgoingRecord, byte_count

__all__ = ["send_all"]

Acknowledgement = asyncio.Future[object]


async def send_all(producer: AIOKafkaProducer, records: Sequence[OutgoingRecord]) -> None:
    """Send *records* and return when all of them are acknowledged."""
    acknowledgements: list[Acknowledgement] = []
    try:
        for record in records:
            acknowledgements.append(await _send(producer, record))  # noqa: PERF401 - kept on errors
        for acknowledgement in acknowledgements:
            await acknowledgement
    finally:
        # One error tells enough; the others must be looked at, or the loop complains of them.
        for acknowledgement in acknowledgements:
            if not acknowledgement.cancel() and not acknowledgement.cancelled():
                acknowledgement.exception()


async def _send(producer: AIOKafkaProducer, record: OutgoingRecord) -> Acknowledgement:
    if byte_count(record) > BATCH_BYTES:
        batch = BatchBuilder(BATCH_BYTES, DefaultRecordBase.CODEC_GZIP)
        return await _send_alone(producer, batch, record)
    if record.key is None and record.value is None:
        # Kafka knows such records, but the driver's ``send`` does not. Others may write them,
        # and their dead letters are the same.
        return await _send_alone(producer, producer.create_batch(), record)
    acknowledgement: Acknowledgement = await producer.send(
        record.topic, record.value, record.key, headers=list(record.headers)
    )
    return acknowledgement


async def _send_alone(
    producer: AIOKafkaProducer, batch: BatchBuilder, record: OutgoingRecord
) -> Acknowledgement:
    headers = list(record.headers)
    batch.append(key=record.key, value=record.value, timestamp=None, headers=headers)
    batch.close()
    partitions = sorted(await producer.partitions_for(record.topic))
    partition = choose_partition(record.key, partitions, ())
    sent: Acknowledgement = await producer.send_batch(batch, record.topic, partition=partition)
    # Whoever waits may give up, and the loop complains of an error that nobody looks at.
    sent.add_done_callback(_look_at)
    return asyncio.shield(sent)


def _look_at(sent: Acknowledgement) -> None:
    if not sent.cancelled():
        sent.exception()
