"""One member of a consumer group at work."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from adapters.embedded.log_group import Group, Member
from adapters.embedded.log_partition import LogPartition
from inventory_domain.ports import Batch
from inventory_domain.records import Record, TopicPartition

__all__ = ["SqliteSubscription", "SubscribedLog"]

_READ_AHEAD_COUNT = 5_000


class SubscribedLog(Protocol):
    """What a subscription needs of the log."""

    def partition(self, at: TopicPartition) -> LogPartition:
        """Return one partition."""

    async def refill(self, partition: LogPartition, start: int, count_max: int) -> None:
        """Read records from *start* on into the partition's memory."""

    async def commit(self, group: Group, offsets: Mapping[TopicPartition, int]) -> None:
        """Store *offsets* durably."""

    async def let_go(self, subscription: "SqliteSubscription", group: Group) -> None:
        """Take note that a member has left."""


class _SqliteBatch:
    """Keeps the promises of ``ports.Batch``."""

    def __init__(
        self, log: SubscribedLog, group: Group, member: Member, records: Sequence[Record]
    ) -> None:
        self.records = records
        self.assigned: Mapping[TopicPartition, int] = dict(member.assigned)
        self._log = log
        self._group = group
        self._member = member

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self._group.check_commit(self._member, self.assigned, offsets)
        if offsets:
            await self._log.commit(self._group, offsets)


class SqliteSubscription:
    """Keeps the promises of ``ports.Subscription``.

    A member that was let go, since it was silent for too long, joins anew with its next batch.
    """

    def __init__(
        self,
        log: SubscribedLog,
        group: Group,
        topics: Sequence[str],
    ) -> None:
        self._log = log
        self._group = group
        self._topics = tuple(topics)
        self._is_closed = False
        self._turn = 0
        self._member = group.join(self._topics)

    def batch(
        self,
        *,
        count_max: int,
        wait_seconds: float,
        paused: Collection[TopicPartition] = (),
    ) -> AbstractAsyncContextManager[Batch]:
        return self._batch(count_max, wait_seconds, frozenset(paused))

    async def rewind(self) -> None:
        self._group.rewind(self._member)

    async def aclose(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._group.leave(self._member)
            await self._log.let_go(self, self._group)

    @asynccontextmanager
    async def _batch(
        self, count_max: int, wait_seconds: float, paused: frozenset[TopicPartition]
    ) -> AsyncIterator[Batch]:
        if self._is_closed:
            raise RuntimeError("the subscription is closed")
        if self._member.is_expelled:
            self._member = self._group.join(self._topics)
        member = self._member
        records = await self._wait(member, count_max, wait_seconds, paused)
        try:
            yield _SqliteBatch(self._log, self._group, member, records)
        finally:
            self._group.stop_work(member)

    async def _wait(
        self,
        member: Member,
        count_max: int,
        wait_seconds: float,
        paused: frozenset[TopicPartition],
    ) -> list[Record]:
        """Return the next records, or none after *wait_seconds*, with *member* at work."""
        if member.is_working:
            raise RuntimeError("a member works on one batch at a time")
        loop = asyncio.get_running_loop()
        wait_until = loop.time() + wait_seconds
        while True:
            member.woken.clear()
            self._group.start_work(member)
            try:
                records = await self._take(member, count_max, paused)
            except BaseException:
                self._group.stop_work(member)
                raise
            seconds_left = wait_until - loop.time()
            if records or seconds_left <= 0 or member.is_expelled:
                return records
            # A member that only waits keeps nobody from joining.
            self._group.stop_work(member)
            await _wait_for(member, seconds_left)

    async def _take(
        self, member: Member, count_max: int, paused: frozenset[TopicPartition]
    ) -> list[Record]:
        """Take records; each call begins with another partition, so that all get on."""
        readable = [at for at in member.assigned if at not in paused]
        self._turn += 1
        taken: dict[TopicPartition, tuple[int, list[Record]]] = {}
        count_left = count_max
        for step in range(len(readable)):
            at = readable[(self._turn + step) % len(readable)]
            if count_left <= 0:
                break
            start, records = await self._read(member, at, count_left)
            if records:
                taken[at] = start, records
                count_left -= len(records)
        # Only now: had a later partition failed, nobody would have been given these.
        return [record for at in taken for record in self._pass_on(member, at, *taken[at])]

    async def _read(
        self, member: Member, at: TopicPartition, count_max: int
    ) -> tuple[int, list[Record]]:
        """Return where *member* is in a partition, and the records from there on."""
        partition = self._log.partition(at)
        start = member.positions.get(at, partition.end)  # nowhere, if it was let go meanwhile
        if start >= partition.end:
            return start, []
        if not partition.has(start):
            await self._log.refill(partition, start, max(count_max, _READ_AHEAD_COUNT))
        return start, partition.take(start, count_max)

    def _pass_on(
        self, member: Member, at: TopicPartition, start: int, records: list[Record]
    ) -> list[Record]:
        """Move *member* behind *records*, unless it was rewound or let go meanwhile."""
        if member.positions.get(at) != start:
            return []
        position = records[-1].offset + 1
        member.positions[at] = position
        self._log.partition(at).forget(self._group.name, position)
        return records


async def _wait_for(member: Member, seconds: float) -> None:
    member.is_waiting = True
    try:
        async with asyncio.timeout(seconds):
            await member.woken.wait()
    except TimeoutError:
        return
    finally:
        member.is_waiting = False
