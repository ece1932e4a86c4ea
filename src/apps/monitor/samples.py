"""What the monitor remembers of the last minutes: samples of the log, for rates and charts."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import attrs

from apps.monitor.watch import LogLook
from inventory_domain.log_lag import message_count
from inventory_domain.topics import DEAD_LETTER_SUFFIX, ORDER_CREATED

__all__ = ["GroupSample", "Sample", "Samples", "dead_letter_count", "sample_of"]

SECONDS_BETWEEN: Final = 2.0
_COUNT_MAX: Final = 900
_RATE_SECONDS: Final = 10.0


@attrs.frozen
class GroupSample:
    """A group's lag at one moment."""

    group: str
    messages: int
    seconds: float


@attrs.frozen(kw_only=True)
class Sample:
    """The log at one moment, in a few numbers. ``orders`` and ``records`` only ever grow."""

    at: datetime
    orders: int
    records: int
    dead_letters: int
    groups: tuple[GroupSample, ...]


def dead_letter_count(look: LogLook) -> int:
    """Return how many dead letters the log keeps."""
    dead = (topic for topic in look.topics if topic.name.endswith(DEAD_LETTER_SUFFIX))
    return sum(message_count(topic) for topic in dead)


def sample_of(look: LogLook) -> Sample:
    """Return the numbers of *look* that are worth a chart."""
    ends = {topic.name: sum(one.end for one in topic.partitions) for topic in look.topics}
    return Sample(
        at=look.at,
        orders=ends.get(ORDER_CREATED, 0),
        records=sum(ends.values()),
        dead_letters=dead_letter_count(look),
        groups=tuple(
            GroupSample(group.info.name, group.lag_messages, group.lag_seconds)
            for group in look.groups
        ),
    )


class Samples:
    """The last half hour, in bounded memory."""

    def __init__(self) -> None:
        self._kept: deque[Sample] = deque(maxlen=_COUNT_MAX)

    def add(self, sample: Sample) -> None:
        """Remember *sample*, which is newer than all before."""
        if not self._kept or sample.at > self._kept[-1].at:
            self._kept.append(sample)

    @property
    def latest(self) -> Sample | None:
        """The newest sample, if there is one yet."""
        return self._kept[-1] if self._kept else None

    def since(self, at: datetime | None) -> Sequence[Sample]:
        """Return the samples after *at*, oldest first."""
        return [sample for sample in self._kept if at is None or sample.at > at]

    def rate(self, what: str) -> float:
        """Return by how much the count *what* grew a second, over the last seconds."""
        if len(self._kept) < 2:  # noqa: PLR2004 - a rate is between two
            return 0.0
        last = self._kept[-1]
        first = self._near(_RATE_SECONDS)
        seconds = (last.at - first.at).total_seconds()
        grown: int = getattr(last, what) - getattr(first, what)
        return max(grown / seconds, 0.0)

    def growth(self, what: str, seconds: float) -> int:
        """Return by how much the count *what* grew in the last *seconds*, as far as is known."""
        if not self._kept:
            return 0
        grown: int = getattr(self._kept[-1], what) - getattr(self._near(seconds), what)
        return max(grown, 0)

    def _near(self, seconds: float) -> Sample:
        """Return the oldest sample of the last *seconds*, at least the one before the last."""
        newest = self._kept[-1].at
        inside = (one for one in self._kept if (newest - one.at).total_seconds() <= seconds)
        before = self._kept[-min(len(self._kept), 2)]
        return min(next(inside), before, key=lambda one: one.at)
