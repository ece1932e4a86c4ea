"""The tables of the event log and what is written to them, one function a statement of fact.

Records lie in batches, a row for each partition and publish, as they do in Kafka. A batch's
place is its partition's number and its last offset in one integer, so that one B-tree keeps
every partition's batches together and in order.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count

import attrs

from adapters.embedded.bulk import decode, encode, execute_rows, value
from adapters.embedded.packing import Content, pack_contents, unpack_contents
from adapters.embedded.schema import Schema
from inventory_domain.partitioning import murmur2
from inventory_domain.records import OutgoingRecord

__all__ = [
    "LOG_SCHEMA",
    "Appended",
    "AppendedBatch",
    "Layout",
    "append",
    "create_topics",
    "place_of",
    "read_batches",
    "read_partitions",
]

LOG_SCHEMA = Schema(
    "the event log",
    (
        (
            """CREATE TABLE partitions (
                number INTEGER PRIMARY KEY,
                topic TEXT NOT NULL,
                partition INTEGER NOT NULL,
                first_offset INTEGER NOT NULL DEFAULT 0,
                end_offset INTEGER NOT NULL DEFAULT 0,
                UNIQUE (topic, partition)
            )""",
            """CREATE TABLE batches (
                place INTEGER PRIMARY KEY,
                base INTEGER NOT NULL,
                at INTEGER NOT NULL,
                records BLOB NOT NULL
            )""",
            """CREATE TABLE commits (
                group_name TEXT NOT NULL,
                topic TEXT NOT NULL,
                partition INTEGER NOT NULL,
                next_offset INTEGER NOT NULL,
                at INTEGER NOT NULL,
                PRIMARY KEY (group_name, topic, partition)
            ) WITHOUT ROWID""",
            # Topics and members are JSON: what a group was when it was last written down.
            """CREATE TABLE groups (
                name TEXT PRIMARY KEY,
                state TEXT NOT NULL,
                topics TEXT NOT NULL,
                members TEXT NOT NULL
            ) WITHOUT ROWID""",
        ),
    ),
)

Layout = Mapping[str, Sequence[int]]
"""The numbers of each topic's partitions, in their order."""

PartitionRow = tuple[str, int, int, int, int]
"""Topic, partition, number, first offset kept, end offset."""

_OFFSET_BITS = 40
_RECORDS_PER_ROW_MAX = 1_000

_keyless = count()
_hash = lru_cache(maxsize=16_384)(murmur2)


@attrs.frozen
class AppendedBatch:
    """A batch as it was appended, with the size of its row."""

    number: int
    base: int
    contents: Sequence[Content]
    size: int


@attrs.define(eq=False)
class Appended:
    """What one transaction appended, of all who published in it."""

    at: int
    batches: Sequence[AppendedBatch]
    is_noted: bool = False


def place_of(number: int, offset: int) -> int:
    """Return the place of a batch of partition *number* whose last offset is *offset*."""
    return number << _OFFSET_BITS | offset


def read_partitions(connection: sqlite3.Connection) -> list[PartitionRow]:
    """Return every partition."""
    found = value(
        connection,
        "SELECT json_group_array(json_array(topic, partition, number, first_offset, end_offset))"
        " FROM partitions",
    )
    return sorted(tuple(row) for row in decode(found))


def create_topics(connection: sqlite3.Connection, topics: Iterable[str], partitions: int) -> None:
    """Make those of *topics* that are not there; the others keep their partitions."""
    known = {row[0] for row in read_partitions(connection)}
    rows = [
        (topic, partition)
        for topic in sorted(set(topics) - known)
        for partition in range(partitions)
    ]
    execute_rows(connection, "INSERT INTO partitions (topic, partition)", rows)


def append(
    connection: sqlite3.Connection,
    records: Sequence[OutgoingRecord],
    *,
    layout: Layout,
    partitions: int,
    at: int,
) -> Appended:
    """Append *records*; a topic that is not there is made with so many *partitions*.

    The offsets are taken inside the transaction, since other processes append as well.
    """
    unknown = {record.topic for record in records} - layout.keys()
    if unknown:
        create_topics(connection, unknown, partitions)
        layout = layout_of(read_partitions(connection))
    by_number = _share_out(records, layout)
    ends = _ends(connection, by_number)
    batches = []
    rows = []
    for number, contents in _in_rows(by_number):
        packed = pack_contents(contents)
        base = ends[number]
        ends[number] = end = base + len(contents)
        rows.append((place_of(number, end - 1), base, at, packed))
        batches.append(AppendedBatch(number, base, contents, len(packed)))
    execute_rows(connection, "INSERT INTO batches (place, base, at, records)", rows)
    execute_rows(
        connection,
        "UPDATE partitions SET end_offset = new.column2 FROM (",
        list(ends.items()),
        tail=") AS new WHERE number = new.column1",
    )
    return Appended(at, batches)


def layout_of(rows: Iterable[PartitionRow]) -> dict[str, list[int]]:
    """Return the layout that the partitions *rows* make, given in their order."""
    layout: dict[str, list[int]] = {}
    for topic, _, number, _, _ in rows:
        layout.setdefault(topic, []).append(number)
    return layout


def _share_out(records: Sequence[OutgoingRecord], layout: Layout) -> dict[int, list[Content]]:
    shares: dict[int, list[Content]] = {}
    for record in records:
        numbers = layout[record.topic]
        key = record.key
        place = next(_keyless) if key is None else _hash(key) & 0x7FFFFFFF
        number = numbers[place % len(numbers)]
        share = shares.get(number)
        if share is None:
            share = shares[number] = []
        share.append((key, record.value, record.headers))
    return shares


def _in_rows(shares: Mapping[int, list[Content]]) -> Iterator[tuple[int, list[Content]]]:
    for number, contents in shares.items():
        for start in range(0, len(contents), _RECORDS_PER_ROW_MAX):
            yield number, contents[start : start + _RECORDS_PER_ROW_MAX]


def _ends(connection: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, int]:
    found = value(
        connection,
        "SELECT json_group_array(json_array(number, end_offset)) FROM partitions"
        " WHERE number IN (SELECT value FROM json_each(?))",
        (encode(list(numbers)),),
    )
    return dict(decode(found))


def read_batches(
    connection: sqlite3.Connection,
    number: int,
    start: int,
    count_max: int,
    *,
    bytes_max: int | None = None,
) -> Iterator[tuple[int, int, list[Content]]]:
    """Yield base offset, time and contents of the batches from *start* on.

    The first may begin before *start*; it ends when *count_max* records from there, or
    *bytes_max* bytes, were given.
    """
    cursor = connection.execute(
        "SELECT base, at, records FROM batches WHERE place >= ? AND place < ? ORDER BY place",
        (place_of(number, max(start, 0)), place_of(number + 1, 0)),
    )
    try:
        stop = size = 0
        for base, at, packed in cursor:
            contents = unpack_contents(packed)
            stop = stop or max(base, start) + count_max
            size += len(packed)
            yield base, at, contents
            if base + len(contents) >= stop or (bytes_max is not None and size >= bytes_max):
                return
    finally:
        cursor.close()
