"""Records as the driver has them, turned into the domain's."""

from datetime import UTC, datetime, timedelta
from operator import itemgetter

from aiokafka.structs import ConsumerRecord
from aiokafka.structs import TopicPartition as DriverPartition

from inventory_domain.records import Record, TopicPartition

__all__ = ["from_driver", "to_driver_partition", "to_record"]

_VALUE = itemgetter(1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


def to_record(found: "ConsumerRecord[bytes, bytes]") -> Record:
    """Return *found* with its bytes as they are; a header without a value gets an empty one."""
    headers = found.headers
    if None in map(_VALUE, headers):
        headers = tuple((name, value or b"") for name, value in headers)
    return Record(
        found.topic,
        found.partition,
        found.offset,
        found.key,
        found.value,
        headers,
        _instant(found.timestamp),
    )


def from_driver(at: DriverPartition) -> TopicPartition:
    """Return the domain's name of a partition."""
    return TopicPartition(at.topic, at.partition)


def to_driver_partition(at: TopicPartition) -> DriverPartition:
    """Return the driver's name of a partition."""
    return DriverPartition(at.topic, at.partition)


def _instant(milliseconds: int) -> datetime:
    # The time may be a foreign producer's word. Whatever it says, its record must be readable:
    # one that fails here would hold up its partition for ever.
    try:
        return _EPOCH + timedelta(milliseconds=max(milliseconds, 0))
    except OverflowError:
        return _LATEST
