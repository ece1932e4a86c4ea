"""Records as compact bytes, many in one row: MessagePack, which holds bytes as they are."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from inventory_domain.records import Headers, OutgoingRecord, Record, TopicPartition

__all__ = [
    "Content",
    "from_milliseconds",
    "make_records",
    "pack_contents",
    "pack_outgoing",
    "unpack_contents",
    "unpack_outgoing",
]

Content = tuple[bytes | None, bytes | None, Headers]
"""What a record holds besides its place: key, value and headers."""

_Outgoing = tuple[str, bytes | None, bytes | None, Headers]

_encoder = msgspec.msgpack.Encoder()
_contents_decoder = msgspec.msgpack.Decoder(list[Content])
_outgoing_decoder = msgspec.msgpack.Decoder(list[_Outgoing])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def pack_contents(contents: Sequence[Content]) -> bytes:
    """Return what :func:`unpack_contents` reads."""
    return _encoder.encode(contents)


def unpack_contents(packed: bytes) -> list[Content]:
    """Return the contents in *packed*, in their order."""
    return _contents_decoder.decode(packed)


def pack_outgoing(records: Iterable[OutgoingRecord]) -> bytes:
    """Return what :func:`unpack_outgoing` reads."""
    return _encoder.encode(
        [(record.topic, record.key, record.value, record.headers) for record in records]
    )


def unpack_outgoing(packed: bytes) -> tuple[OutgoingRecord, ...]:
    """Return the records in *packed*, in their order."""
    return tuple([OutgoingRecord(*parts) for parts in _outgoing_decoder.decode(packed)])


def make_records(
    at: TopicPartition, base: int, contents: Iterable[Content], milliseconds: int
) -> list[Record]:
    """Return *contents* as the records that lie from offset *base* on."""
    topic, partition = at
    timestamp = from_milliseconds(milliseconds)
    return [
        Record(topic, partition, offset, key, value, headers, timestamp)
        for offset, (key, value, headers) in enumerate(contents, base)
    ]


def from_milliseconds(milliseconds: int) -> datetime:
    """Return the instant so many milliseconds after the Unix epoch."""
    return _EPOCH + timedelta(milliseconds=milliseconds)
