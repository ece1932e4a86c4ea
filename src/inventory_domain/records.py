"""Records of the event log: bytes with a key and headers, as Kafka has them."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import attrs

__all__ = [
    "Headers",
    "OutgoingRecord",
    "Record",
    "TopicPartition",
    "byte_count",
    "header",
    "text_headers",
]

Headers = tuple[tuple[str, bytes], ...]


class TopicPartition(NamedTuple):
    """One partition of a topic."""

    topic: str
    partition: int


@attrs.frozen
class OutgoingRecord:
    """A record on its way to the log; its partition follows from its key."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@attrs.frozen
class Record:
    """A record as the log holds it. ``timestamp`` is when the log took it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: datetime

    @property
    def topic_partition(self) -> TopicPartition:
        """The partition it lies in."""
        return _place(self.topic, self.partition)


# The same few for ever, and asked for at every turn.
_place = lru_cache(maxsize=4096)(TopicPartition)


def byte_count(record: Record | OutgoingRecord) -> int:
    """Return how long key, value and headers are together; a letter of a header's name counts 1."""
    headers = sum(map(len, chain.from_iterable(record.headers)))
    return len(record.key or b"") + len(record.value or b"") + headers


def header(headers: Headers, name: str) -> str | None:
    """Return the last header called *name* as text, or None; bad UTF-8 is replaced."""
    for found, value in reversed(headers):
        if found == name:
            return value.decode("utf-8", "replace")
    return None


def text_headers(pairs: Iterable[tuple[str, str | int | None]]) -> Headers:
    """Return headers of those *pairs* that have a value; what no UTF-8 can hold is replaced."""
    return tuple(
        (name, str(value).encode(errors="replace")) for name, value in pairs if value is not None
    )
