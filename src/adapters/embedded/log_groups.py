"""The consumer groups of the process that owns the log, and their traces in the file."""

import asyncio
import os
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial

from adapters.embedded.database import Database
from adapters.embedded.log_group import Group
from adapters.embedded.log_groups_table import (
    CommitRow,
    forget_members,
    read_commits,
    save_group,
    store_commits,
)
from adapters.embedded.log_partition import LogPartitions
from inventory_domain.log_view import GroupInfo
from inventory_domain.ports import Clock
from inventory_domain.records import TopicPartition
from inventory_domain.times import to_milliseconds

__all__ = ["LogGroups"]


class LogGroups:
    """Every group that somebody joined in this process."""

    def __init__(self, database: Database, partitions: LogPartitions, clock: Clock) -> None:
        self._database = database
        self._partitions = partitions
        self._clock = clock
        self._groups: dict[str, Group] = {}
        self._loading = asyncio.Lock()

    async def start(self) -> None:
        """Write down that nobody is a member yet: those of a dead process do not come back."""
        await self._database.writer.run(forget_members)

    async def get(self, name: str) -> Group:
        """Return the group *name* with what it committed before."""
        async with self._loading:
            group = self._groups.get(name)
            if group is None:
                group = await self._load(name)
                self._groups[name] = group
        return group

    async def save(self) -> None:
        """Write down the groups that have changed, for other processes to see."""
        for group in tuple(self._groups.values()):
            if not group.is_dirty:
                continue
            group.is_dirty = False
            work = partial(save_group, group=group.info(), topics=group.topics())
            try:
                await self._database.writer.run(work)
            except BaseException:
                group.is_dirty = True
                raise

    async def commit(self, group: Group, offsets: Mapping[TopicPartition, int]) -> None:
        """Store *offsets* durably."""
        now = self._clock.now()
        at = to_milliseconds(now)
        rows = [(group.name, *place, offset, at) for place, offset in offsets.items()]
        await self._database.writer.run_merged(
            _store, rows, then=lambda _: group.note_committed(offsets, now)
        )

    def wake(self, topics: set[str]) -> None:
        """Wake the members that wait for records of these *topics*."""
        if topics:
            for group in self._groups.values():
                group.wake(topics)

    def expel_silent(self, seconds: float) -> None:
        """Let go the members that have neither waited nor ended a batch for so long."""
        for group in self._groups.values():
            group.expel_silent(seconds)

    def infos(self) -> Mapping[str, GroupInfo]:
        """Return what an onlooker sees of each group."""
        return {name: group.info() for name, group in self._groups.items()}

    async def _load(self, name: str) -> Group:
        now = asyncio.get_running_loop().time
        group = Group(name, self._partitions, now=now, process=f"{name}-{os.getpid()}")
        group.committed, group.committed_at = await self._database.readers.run(
            partial(read_commits, group=name)
        )
        return group


def _store(connection: sqlite3.Connection, rows: list[CommitRow]) -> Sequence[None]:
    store_commits(connection, rows)
    return [None] * len(rows)
