"""The event log in a SQLite file: topics, partitions, consumer groups and offsets."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

from adapters.embedded.database import Database
from adapters.embedded.log_group import Group
from adapters.embedded.log_groups import LogGroups
from adapters.embedded.log_inspector import SqliteLogInspector
from adapters.embedded.log_keeper import LogKeeper
from adapters.embedded.log_partition import LogPartition, LogPartitions, Stretch
from adapters.embedded.log_retention import Retention, retain
from adapters.embedded.log_subscription import SqliteSubscription
from adapters.embedded.log_tables import (
    LOG_SCHEMA,
    Appended,
    append,
    create_topics,
    read_batches,
    read_partitions,
)
from adapters.system import SystemClock
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.log_view import GroupInfo
from inventory_domain.ports import Clock
from inventory_domain.records import OutgoingRecord, TopicPartition
from inventory_domain.times import to_milliseconds

__all__ = ["SqliteEventLog"]

_READ_AHEAD_BYTES_MAX = 4 * 1024 * 1024
_RETENTION = Retention()


class SqliteEventLog(SqliteLogInspector):
    """Keeps the promises of ``EventLog`` and ``LogInspector``; made by :meth:`open`.

    One process opens it as its owner and has the consumer groups; others publish and look on.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        partition_count: int,
        retention: Retention,
        session_seconds: float,
    ) -> None:
        super().__init__(database)
        self._clock = clock
        self._partition_count = partition_count
        self._retention = retention
        self._partitions = LogPartitions()
        self._groups = LogGroups(database, self._partitions, clock)
        self._subscriptions: set[SqliteSubscription] = set()
        self._keeper = LogKeeper(self, self._groups, database.readers, session_seconds)

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        is_owner: bool = True,
        partition_count: int = 3,
        retention: Retention = _RETENTION,
        session_seconds: float = 60.0,
        clock: Clock | None = None,
        busy_seconds: float = 2.0,
    ) -> Self:
        """Open or make the file at *path*; see :meth:`Database.open` for what it raises.

        A topic that is made without a number gets *partition_count* partitions. A member that
        neither asks for a batch nor ends one for *session_seconds* loses its partitions.
        """
        database = await Database.open(path, LOG_SCHEMA, "event log", busy_seconds=busy_seconds)
        log = cls(
            database,
            clock=clock or SystemClock(),
            partition_count=partition_count,
            retention=retention,
            session_seconds=session_seconds,
        )
        try:
            await log.look()
            if is_owner:
                await log._groups.start()
                log._keeper.start(retention.interval_seconds)
        except BaseException:
            await log.aclose()
            raise
        return log

    async def aclose(self) -> None:
        """Let every member go, finish what was handed in and close the file."""
        await self._keeper.stop()
        try:
            # If the file is away, the next owner writes down that nobody is a member.
            with suppress(DependencyUnavailable):
                for subscription in tuple(self._subscriptions):
                    await subscription.aclose()
        finally:
            await self._database.aclose()

    async def ensure_topics(
        self, topics: Sequence[str], partition_count: int | None = None
    ) -> None:
        """Make those of *topics* that are not there; the others keep their partitions."""
        if self._partitions.layout.keys() >= set(topics):
            return
        count = partition_count or self._partition_count
        await self._database.writer.run(partial(create_topics, topics=topics, partitions=count))
        await self.look()

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        if records:
            await self._database.writer.run_merged(self._append, records, then=self._note_appended)

    async def subscribe(self, group: str, topics: Sequence[str]) -> SqliteSubscription:
        if not self._keeper.is_running:
            raise RuntimeError("only the owner of the event log has consumer groups")
        await self.ensure_topics(topics)
        joined = await self._groups.get(group)
        self._partitions.add_reader(group, topics)
        subscription = SqliteSubscription(self, joined, topics)
        self._subscriptions.add(subscription)
        # Before the first record is read: what is not committed is to be kept from now on.
        await self._groups.save()
        return subscription

    async def retain(self) -> None:
        """Delete what retention lets go; the owner does it now and then by itself."""
        now = to_milliseconds(self._clock.now())
        step = partial(retain, retention=self._retention, now=now)
        is_more = True
        while is_more:
            # Step by step, so that what is published meanwhile gets its turn.
            is_more = await self._database.writer.run(step)
        await self.look()

    async def look(self) -> None:
        """See what other processes have appended; the owner does it by itself."""
        rows = await self._database.readers.run(read_partitions)
        self._groups.wake(self._partitions.note_rows(rows))

    # What subscriptions need.

    def partition(self, at: TopicPartition) -> LogPartition:
        """Return one partition."""
        return self._partitions.get(at)

    async def refill(self, partition: LogPartition, start: int, count_max: int) -> None:
        """Read records from *start* on into the partition's memory."""

        def read(connection: sqlite3.Connection) -> list[Stretch]:
            found = read_batches(
                connection, partition.number, start, count_max, bytes_max=_READ_AHEAD_BYTES_MAX
            )
            return list(found)

        partition.refill(await self._database.readers.run(read))

    async def commit(self, group: Group, offsets: Mapping[TopicPartition, int]) -> None:
        """Store *offsets* durably."""
        await self._groups.commit(group, offsets)

    async def let_go(self, subscription: SqliteSubscription, group: Group) -> None:
        """Take note that a member has left."""
        self._subscriptions.discard(subscription)
        if not group.members:
            self._partitions.remove_reader(group.name)
        await self._groups.save()

    def _present_groups(self) -> Mapping[str, GroupInfo]:
        return self._groups.infos()

    def _append(
        self, connection: sqlite3.Connection, records: list[OutgoingRecord]
    ) -> Sequence[Appended]:
        appended = append(
            connection,
            records,
            layout=self._partitions.layout,
            partitions=self._partition_count,
            at=to_milliseconds(self._clock.now()),
        )
        return [appended] * len(records)

    def _note_appended(self, results: Sequence[Appended]) -> None:
        appended = results[0]
        # Publishers whose records went together have one result in common.
        if not appended.is_noted:
            appended.is_noted = True
            self._groups.wake(self._partitions.note_appended(appended))
