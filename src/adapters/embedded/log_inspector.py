"""A look at the event log's file, from this process or from another."""

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import islice

import attrs

from adapters.embedded.database import Database
from adapters.embedded.log_groups_table import read_groups
from adapters.embedded.log_tables import read_batches, read_partitions
from adapters.embedded.packing import make_records
from inventory_domain.log_view import GroupInfo, PartitionInfo, TopicInfo
from inventory_domain.records import Record, TopicPartition

__all__ = ["SqliteLogInspector"]

_BYTES_MAX = 8 * 1024 * 1024


class SqliteLogInspector:
    """Keeps the promises of ``LogInspector``.

    In the owner's process members are as they are; elsewhere as they were written down last,
    a fraction of a second ago.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def topics(self) -> Sequence[TopicInfo]:
        partitions: dict[str, list[PartitionInfo]] = {}
        for topic, partition, _, begin, end in await self._database.readers.run(read_partitions):
            info = PartitionInfo(partition=partition, begin=begin, end=end)
            partitions.setdefault(topic, []).append(info)
        return [TopicInfo(name=name, partitions=tuple(x)) for name, x in partitions.items()]

    async def groups(self) -> Sequence[GroupInfo]:
        stored = await self._database.readers.run(read_groups)
        present = self._present_groups()
        return [
            attrs.evolve(info, state=present[name].state, members=present[name].members)
            if name in present
            else info
            for name, info in stored.items()
        ]

    async def read(self, at: TopicPartition, *, start: int, count_max: int) -> Sequence[Record]:
        return await self._database.readers.run(
            lambda connection: _read(connection, at, start, count_max)
        )

    def _present_groups(self) -> Mapping[str, GroupInfo]:
        """Return the groups that this process knows at first hand."""
        return {}


def _read(
    connection: sqlite3.Connection, at: TopicPartition, start: int, count_max: int
) -> list[Record]:
    row = connection.execute(
        "SELECT number FROM partitions WHERE topic = ? AND partition = ?", at
    ).fetchone()
    if row is None or count_max <= 0:
        return []
    batches = read_batches(connection, row[0], start, count_max, bytes_max=_BYTES_MAX)
    records = (
        record
        for base, milliseconds, contents in batches
        for record in make_records(at, base, contents, milliseconds)
        if record.offset >= start
    )
    return list(islice(records, count_max))
