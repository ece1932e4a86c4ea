"""A look at the log that many share: asked at most once a moment, however many watch."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from inventory_domain.log_lag import PartitionLag, group_lag
from inventory_domain.log_view import GroupInfo, TopicInfo
from inventory_domain.ports import Clock, LogInspector
from inventory_domain.topics import ORDERS_GROUP, ORDERS_TOPICS, PRODUCTS_GROUP, PRODUCTS_TOPICS

__all__ = ["READS", "GroupLook", "LogLook", "LogWatch"]

READS: Final[Mapping[str, Sequence[str]]] = {
    PRODUCTS_GROUP: PRODUCTS_TOPICS,
    ORDERS_GROUP: ORDERS_TOPICS,
}
"""What our own groups read, also while none of their members is there to tell."""

_AGE_SECONDS_MAX: Final = 0.5


@attrs.frozen(kw_only=True)
class GroupLook:
    """A group with its lag; ``lag_seconds`` is the age of the oldest record not committed."""

    info: GroupInfo
    lag: tuple[PartitionLag, ...]
    lag_seconds: float

    @property
    def lag_messages(self) -> int:
        """How many records it has not committed."""
        return sum(one.messages for one in self.lag)


@attrs.frozen(kw_only=True)
class LogLook:
    """The log at one moment."""

    at: datetime
    topics: tuple[TopicInfo, ...]
    groups: tuple[GroupLook, ...]

    def group(self, name: str) -> GroupLook | None:
        """Return the group called *name*."""
        return next((group for group in self.groups if group.info.name == name), None)


@attrs.define
class LogWatch:
    """Looks at the log, and gives everybody who asks within a moment the same look."""

    inspector: LogInspector
    clock: Clock
    _latest: LogLook | None = None
    _looking: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    _ends: "_Ends" = attrs.field(
        default=attrs.Factory(lambda self: _Ends(self.inspector), takes_self=True)
    )

    async def look(self, age_seconds_max: float = _AGE_SECONDS_MAX) -> LogLook:
        """Return a look that is at most so old.

        Raises:
            DependencyUnavailable: the log is away.
        """
        async with self._looking:
            latest, now = self._latest, self.clock.now()
            # Younger than nothing: the clock was set back, and nobody knows how old it is.
            if latest is None or not 0 <= (now - latest.at).total_seconds() <= age_seconds_max:
                latest = self._latest = await self._look(now)
            return latest

    async def topic(self, name: str) -> TopicInfo | None:
        """Return the topic called *name* with all that is in it when this is called.

        Raises:
            DependencyUnavailable: the log is away.
        """
        return next((one for one in await self._ends.now() if one.name == name), None)

    async def _look(self, now: datetime) -> LogLook:
        # The groups first: what they have committed lies before the ends that are read next.
        groups = await self.inspector.groups()
        topics = tuple(await self.inspector.topics())
        looks = [await self._group(group, topics, now) for group in groups]
        return LogLook(at=now, topics=topics, groups=tuple(looks))

    async def _group(
        self, group: GroupInfo, topics: Sequence[TopicInfo], now: datetime
    ) -> GroupLook:
        lag = group_lag(group, topics, READS.get(group.name, ()))
        oldest = [await self._time_of_next(one) for one in lag if one.messages]
        since = min((at for at in oldest if at is not None), default=now)
        seconds = max((now - since).total_seconds(), 0.0)
        return GroupLook(info=group, lag=lag, lag_seconds=seconds)

    async def _time_of_next(self, lag: PartitionLag) -> datetime | None:
        records = await self.inspector.read(lag.at, start=lag.position, count_max=1)
        return records[0].timestamp if records else None


@attrs.define
class _Ends:
    """The topics with their ends, never older than the question, by one look at a time.

    A look under way may have missed what came since it began. So all who ask meanwhile wait for
    its end and share the next one, however many they are.
    """

    inspector: LogInspector
    _begun: int = 0
    _latest: tuple[int, Sequence[TopicInfo]] = (0, ())
    _looking: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    async def now(self) -> Sequence[TopicInfo]:
        begun_before = self._begun
        async with self._looking:
            number, topics = self._latest
            if number <= begun_before:
                self._begun = number = self._begun + 1
                topics = await self.inspector.topics()
                self._latest = (number, topics)
            return topics
