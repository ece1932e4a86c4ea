"""Another team's Kafka client, which knows the topics and JSON and nothing else of ours."""

import asyncio
import json
import secrets
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import attrs
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from inventory_domain.records import OutgoingRecord

__all__ = ["ForeignMessage", "ForeignProducer", "read_topics"]

SECONDS_MAX = 30.0
POLL_SECONDS = 0.2


class ForeignProducer:
    """Puts a key where the Java client would, which is not this library's own habit."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "partitioner": "murmur2_random",
                "acks": "all",
                "log_level": 0,
            }
        )
        self._faults: list[str] = []

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when the broker has all of *records*."""
        for record in records:
            self._producer.produce(
                record.topic,
                record.value,
                record.key,
                headers=list(record.headers),
                on_delivery=self._note,
            )
        left = await asyncio.to_thread(self._producer.flush, SECONDS_MAX)
        assert not left, f"{left} records are not taken after {SECONDS_MAX:.0f} s"
        assert not self._faults, self._faults

    def _note(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._faults.append(str(error))


@attrs.frozen
class ForeignMessage:
    """A record as it came."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def json(self) -> dict[str, Any]:
        """Read the value as anybody would."""
        found: dict[str, Any] = json.loads(self.value or b"")
        return found


def read_topics(bootstrap: str, topics: Collection[str]) -> list[ForeignMessage]:
    """Return everything that lies in *topics* now; it blocks."""
    with _reader(bootstrap) as reader:
        ends = _ends(reader, topics)
        reader.assign([TopicPartition(topic, part, 0) for topic, part in ends])
        found: list[ForeignMessage] = []
        deadline = time.monotonic() + SECONDS_MAX
        while ends:
            assert time.monotonic() < deadline, f"nothing more comes, left: {ends}"
            for message in reader.consume(500, POLL_SECONDS):
                assert message.error() is None, message.error()
                found.append(_taken(message))
            for position in reader.position([TopicPartition(*place) for place in ends]):
                place = (position.topic, position.partition)
                if position.offset >= ends[place]:
                    del ends[place]
        return found


@contextmanager
def _reader(bootstrap: str) -> Iterator[Consumer]:
    options = {
        "bootstrap.servers": bootstrap,
        "group.id": f"foreign-{secrets.token_hex(4)}",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "log_level": 0,
    }
    with closing(Consumer(options)) as reader:
        yield reader


def _ends(reader: Consumer, topics: Collection[str]) -> dict[tuple[str, int], int]:
    known = reader.list_topics(timeout=SECONDS_MAX).topics
    places = [(topic, part) for topic in topics for part in known[topic].partitions]
    bounds = {
        place: reader.get_watermark_offsets(TopicPartition(*place), SECONDS_MAX) for place in places
    }
    return {place: end for place, (begin, end) in bounds.items() if end > begin}


def _taken(message: Message) -> ForeignMessage:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    found: Any = message.headers() or ()  # declared as one of four shapes, this is what comes
    headers = tuple((name, value or b"") for name, value in found)
    return ForeignMessage(topic, partition, offset, message.key(), message.value(), headers)
