"""A subscription: one place in a group, taken by one member after the other."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count

from adapters.kafka.member import Member
from adapters.kafka.settings import KafkaSettings
from inventory_domain.errors import CommitRefused
from inventory_domain.ports import Batch
from inventory_domain.records import Record, TopicPartition

__all__ = ["KafkaBatch", "KafkaSubscription"]


class KafkaBatch:
    """Keeps the promises of ``ports.Batch``."""

    def __init__(self, member: Member, records: Sequence[Record]) -> None:
        self.records = records
        self.assigned: Mapping[TopicPartition, int] = dict(member.owned)
        self._member = member

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        if any(at not in self.assigned for at in offsets):
            raise CommitRefused
        await self._member.commit(self.assigned, offsets)


class KafkaSubscription:
    """Keeps the promises of ``ports.Subscription``.

    A member that had any fault is replaced by a new one with the next batch; it begins at the
    group's last commits.
    """

    def __init__(self, settings: KafkaSettings, group: str, topics: Sequence[str]) -> None:
        self.group = group
        self._settings = settings
        self._topics = tuple(topics)
        self._numbers = count(1)
        self._member: Member | None = None
        self._is_closed = False

    async def join(self) -> None:
        """Begin to join the group.

        Raises:
            DependencyUnavailable: nobody answers.
        """
        await self._able_member()

    def batch(
        self,
        *,
        count_max: int,
        wait_seconds: float,
        paused: Collection[TopicPartition] = (),
    ) -> AbstractAsyncContextManager[Batch]:
        return self._batch(count_max, wait_seconds, frozenset(paused))

    async def rewind(self) -> None:
        member = self._member
        # One with a fault is replaced, and its successor begins at the last commits anyway.
        if member is not None and member.fault is None:
            async with member.lock:
                member.rewind()

    async def aclose(self) -> None:
        self._is_closed = True
        member, self._member = self._member, None
        if member is not None:
            await member.end()

    @asynccontextmanager
    async def _batch(
        self, count_max: int, wait_seconds: float, paused: frozenset[TopicPartition]
    ) -> AsyncIterator[Batch]:
        member = await self._able_member()
        await member.fetch(count_max, wait_seconds, paused)
        async with member.lock:
            yield KafkaBatch(member, member.claim(count_max, paused))

    async def _able_member(self) -> Member:
        assert not self._is_closed, "the subscription was closed"
        if self._member is not None and self._member.fault is None:
            return self._member
        if self._member is not None:
            await self._member.end()
        self._member = Member(self._settings, self.group, new_number=self._numbers.__next__)
        await self._member.join(self._topics)
        return self._member
