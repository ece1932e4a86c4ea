"""Numbers that order what is stored by when it was stored."""

from collections.abc import Callable
from time import time_ns

__all__ = ["Ticks"]


def _microseconds() -> int:
    return time_ns() // 1000


class Ticks:
    """Gives ever growing numbers: microseconds of the clock, or more where the clock is behind.

    What was read from the store is shown to :meth:`saw`. So whatever is stored because of it is
    numbered after it, also if another machine, whose clock is ahead, had stored it.
    """

    def __init__(self, now: Callable[[], int] = _microseconds) -> None:
        self._now = now
        self._last = 0

    def next(self) -> int:
        """Return a number above all that were given or seen."""
        self._last = max(self._last + 1, self._now())
        return self._last

    def saw(self, tick: int) -> None:
        """Take note of a number that another one gave."""
        self._last = max(self._last, tick)
