"""An event log in memory: one process's client of a broker."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from inventory_domain.log_view import GroupInfo, PartitionInfo, TopicInfo
from inventory_domain.ports import Batch, Clock
from inventory_domain.records import OutgoingRecord, Record, TopicPartition, byte_count
from inventory_domain.testing.fakes.broker import MemoryBroker
from inventory_domain.testing.fakes.faults import Faults
from inventory_domain.testing.fakes.groups import Group, Member

__all__ = ["MemoryBatch", "MemoryEventLog", "MemorySubscription"]

_BYTES_MAX = 8 * 1024 * 1024


class MemoryBatch:
    """Keeps the promises of ``ports.Batch``."""

    def __init__(
        self, group: Group, member: Member, records: Sequence[Record], faults: Faults
    ) -> None:
        self.records = records
        # What a member owns is never changed, it is replaced.
        self.assigned: Mapping[TopicPartition, int] = member.assigned
        self._group = group
        self._member = member
        self._faults = faults

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Say durably that all records before these offsets have ended."""
        await self._faults.before("commit")
        self._group.commit(self._member, self.assigned, offsets)
        await self._faults.after("commit")

    def leave(self) -> None:
        """End the work on it."""
        self._group.stop_work(self._member)


class MemorySubscription:
    """Keeps the promises of ``ports.Subscription``.

    A member that was expelled joins anew with its next batch, as Kafka's clients do.
    """

    def __init__(
        self, group: Group, topics: Sequence[str], *, clock: Clock, faults: Faults
    ) -> None:
        self._group = group
        self._topics = tuple(topics)
        self._clock = clock
        self._faults = faults
        self._is_closed = False
        self.member = group.join(self._topics)

    def batch(
        self,
        *,
        count_max: int,
        wait_seconds: float,
        paused: Collection[TopicPartition] = (),
    ) -> AbstractAsyncContextManager[Batch]:
        """Wait for records and enter the work on them."""
        assert not self._is_closed, "the subscription was closed"
        return _Work(self, count_max, wait_seconds, paused)

    async def rewind(self) -> None:
        """Go back to the last commit."""
        await self._faults.before("rewind")
        self._group.rewind(self.member)
        await self._faults.after("rewind")

    async def aclose(self) -> None:
        """Leave the group. That needs no answer, so it never fails."""
        self._is_closed = True
        self._group.leave(self.member)

    def expel(self) -> None:
        """Lose the membership, even in the middle of a batch, as when a session runs out."""
        self._group.leave(self.member)

    async def enter(
        self, count_max: int, wait_seconds: float, paused: Collection[TopicPartition]
    ) -> MemoryBatch:
        """Begin the work on a batch."""
        await self._faults.before("batch")
        if self.member.is_expelled:
            self.member = self._group.join(self._topics)
        member = self.member
        records = await self._records(member, count_max, wait_seconds, paused)
        # A member that owns nothing, since a rebalance is under way, holds nobody up.
        member.is_working = bool(member.assigned)
        return MemoryBatch(self._group, member, records, self._faults)

    async def _records(
        self,
        member: Member,
        count_max: int,
        wait_seconds: float,
        paused: Collection[TopicPartition],
    ) -> Sequence[Record]:
        assert not member.is_working, "a member works on one batch at a time"
        log, clock, woken = self._group.log, self._clock, member.woken
        woken.clear()
        records = member.take(log, count_max, paused)
        wait_until = clock.now() + timedelta(seconds=wait_seconds)
        while not records:
            seconds_left = (wait_until - clock.now()).total_seconds()
            if seconds_left <= 0:
                break
            await clock.wait(woken, seconds_left)
            self._faults.check("batch")
            woken.clear()
            records = member.take(log, count_max, paused)
        return records


class _Work:
    """The context of a batch."""

    __slots__ = ("_asked", "_batch", "_subscription")

    def __init__(
        self,
        subscription: MemorySubscription,
        count_max: int,
        wait_seconds: float,
        paused: Collection[TopicPartition],
    ) -> None:
        self._subscription = subscription
        self._asked = (count_max, wait_seconds, paused)
        self._batch: MemoryBatch | None = None

    async def __aenter__(self) -> MemoryBatch:
        self._batch = await self._subscription.enter(*self._asked)
        return self._batch

    async def __aexit__(self, *_: object) -> None:
        assert self._batch is not None
        self._batch.leave()


class MemoryEventLog:
    """Keeps the promises of ``ports.EventLog`` and ``ports.LogInspector``.

    What lasts is in *broker*. The calls that can be made to fail are ``publish``, ``append``
    (one record of a publish), ``subscribe``, ``batch``, ``commit``, ``rewind`` and ``inspect``.
    """

    def __init__(
        self, broker: MemoryBroker, *, clock: Clock | None = None, faults: Faults | None = None
    ) -> None:
        self.broker = broker
        self.faults = faults or Faults("event log")
        self.subscriptions: list[MemorySubscription] = []
        self._clock = clock or broker.clock

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        """Append *records* in their order."""
        await self.faults.before("publish")
        for record in records:
            self.faults.check("append")
            self.broker.append(record)
        await self.faults.after("publish")

    async def subscribe(self, group: str, topics: Sequence[str]) -> MemorySubscription:
        """Join *group* as a new member."""
        await self.faults.before("subscribe")
        subscription = MemorySubscription(
            self.broker.group(group), topics, clock=self._clock, faults=self.faults
        )
        self.subscriptions.append(subscription)
        return subscription

    def die(self) -> None:
        """Expel every member of this client, as when its process was killed a while ago."""
        for subscription in self.subscriptions:
            subscription.expel()
        self.subscriptions.clear()

    async def topics(self) -> Sequence[TopicInfo]:
        """Return every topic."""
        await self.faults.before("inspect")
        return [self._topic_info(topic) for topic in self.broker.topic_names]

    async def groups(self) -> Sequence[GroupInfo]:
        """Return every group."""
        await self.faults.before("inspect")
        return [self.broker.groups[name].info() for name in sorted(self.broker.groups)]

    async def read(self, at: TopicPartition, *, start: int, count_max: int) -> Sequence[Record]:
        """Return records of one partition, fewer if they are large."""
        await self.faults.before("inspect")
        found = self.broker.read(at, start, count_max)
        size = 0
        for count, record in enumerate(found, 1):
            size += byte_count(record)
            if size >= _BYTES_MAX:
                return found[:count]
        return found

    def _topic_info(self, topic: str) -> TopicInfo:
        partitions = tuple(
            PartitionInfo(
                partition=at.partition, begin=self.broker.begin(at), end=self.broker.end(at)
            )
            for at in self.broker.partitions_of(topic)
        )
        return TopicInfo(name=topic, partitions=partitions)
