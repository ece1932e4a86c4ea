"""A clock that stands still until it is told to go on."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

__all__ = ["CLOCK_START", "VirtualClock"]

CLOCK_START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
"""Where every virtual clock begins, unless told otherwise."""

# So many turns of the event loop are given to the tasks after each sleeper was woken, and before
# an idle clock jumps. A task that needs more turns than this sees time move while it works.
_TURNS = 64


class VirtualClock:
    """Time that moves by :meth:`advance` alone, or by itself with *autojump*.

    Sleepers wake in the order of their time, and those of one time in the order in which they
    went to sleep. With *autojump* the clock jumps to the next sleeper when the tasks have had
    their turns and nobody woke anybody: nothing ever waits for real.
    """

    def __init__(self, start: datetime = CLOCK_START, *, autojump: bool = False) -> None:
        self._start = start
        self._elapsed_us = 0
        self._autojump = autojump
        self._timers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._timer_count = 0
        self._jump_planned = False

    def now(self) -> datetime:
        """Return the present instant in whole milliseconds."""
        return self._start + timedelta(milliseconds=self._elapsed_us // 1000)

    @property
    def sleeper_count(self) -> int:
        """How many are asleep or wait with a limit."""
        return sum(not timer.done() for _, _, timer in self._timers)

    async def sleep(self, seconds: float) -> None:
        """Return after *seconds* of this clock."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        timer = self._timer(seconds)
        try:
            await timer
        finally:
            timer.cancel()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Return True as soon as *event* is set, False if it is not within *seconds*."""
        if event.is_set():
            return True
        timer = self._timer(max(seconds, 0))
        waiter = asyncio.ensure_future(event.wait())
        waiter.add_done_callback(lambda _: _wake(timer))
        try:
            await timer
            return waiter.done()
        finally:
            waiter.cancel()
            timer.cancel()

    async def advance(self, seconds: float) -> None:
        """Move on by *seconds*, waking everybody on the way at their own time."""
        target = self._elapsed_us + _microseconds(seconds)
        await _take_turns()
        while self._timers and self._timers[0][0] <= target:
            self._wake_first()
            await _take_turns()
        self._elapsed_us = target
        await _take_turns()

    def _timer(self, seconds: float) -> "asyncio.Future[None]":
        timer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._timer_count += 1
        due = self._elapsed_us + _microseconds(seconds)
        heapq.heappush(self._timers, (due, self._timer_count, timer))
        if self._autojump and not self._jump_planned:
            self._jump_planned = True
            self._count_down(_TURNS)
        return timer

    def _wake_first(self) -> None:
        due, _, timer = heapq.heappop(self._timers)
        if not timer.done():
            self._elapsed_us = max(self._elapsed_us, due)
            _wake(timer)

    def _count_down(self, turns: int) -> None:
        while self._timers and self._timers[0][2].done():
            heapq.heappop(self._timers)
        if not self._timers:
            self._jump_planned = False
            return
        if turns == 0:
            self._wake_first()
            turns = _TURNS
        asyncio.get_running_loop().call_soon(self._count_down, turns - 1)


def _wake(timer: "asyncio.Future[None]") -> None:
    if not timer.done():
        timer.set_result(None)


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


async def _take_turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
