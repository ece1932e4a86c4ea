"""An event loop whose time is virtual, and whose next step is the seed's choice.

Nothing waits for real: when nobody is ready, time jumps to the next timer. Among those who are
ready the seed picks who goes on, so that one seed is one interleaving, and many seeds are many.
"""

import asyncio
import contextvars
import warnings
from collections.abc import Callable, Coroutine
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any, TypeVar

from inventory_domain.testing.simulation.callbacks import Call, Timer
from inventory_domain.testing.simulation.strands import Pause, Strand

__all__ = ["SimulatedLoop", "Standstill"]

T = TypeVar("T")

_MICROSECONDS = 1_000_000


class Standstill(Exception):
    """Nobody is ready and no timer is set, or the steps allowed are used up."""


class SimulatedLoop(asyncio.AbstractEventLoop):
    """Runs tasks in one thread, in virtual time, in the order that *random* picks."""

    def __init__(self, random: Random, *, steps_max: int) -> None:
        self.now_us = 0
        self.steps = 0
        self.is_stopped = False
        self.fault: dict[str, Any] | None = None
        self._steps_max = steps_max
        self._chance = random.random
        self.ready: list[Any] = []
        self.current: Strand | None = None
        self.context = contextvars.copy_context()
        self._timers: list[tuple[int, int, Any]] = []
        self._timer_count = count()
        # Kept, so that what is never resumed is not cleared away at a random moment.
        self._strands: list[Strand] = []
        self._tasks: list[asyncio.Task[Any]] = []

    # --- what asyncio asks of a loop ---------------------------------------------------------

    def time(self) -> float:
        return self.now_us / _MICROSECONDS

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override] # names and contexts mean nothing here
        self, coro: Coroutine[Any, Any, T], **_: object
    ) -> "asyncio.Task[T]":
        task: asyncio.Task[T] = asyncio.Task(coro, loop=self, name="simulated")
        self._tasks.append(task)
        return task

    def start(self, coro: Coroutine[Any, Any, object]) -> None:
        """Let *coro* run beside the others; nobody waits for it."""
        strand = Strand(coro, self)
        self._strands.append(strand)
        self.ready.append(strand)

    def pause(self, seconds: float) -> Pause | None:
        """Return a pause of the strand that is at work, None if it is a task of asyncio."""
        if self.current is None:
            return None
        pause = Pause(self.current, self.ready)
        due = self.now_us + (round(seconds * _MICROSECONDS) if seconds > 0 else 0)
        heappush(self._timers, (due, next(self._timer_count), pause))
        return pause

    def call_soon(  # type: ignore[override] # nobody asks for more
        self,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        call = Call(callback, args, context or self.context, self)
        self.ready.append(call)
        return call

    def call_at(  # type: ignore[override] # nobody asks for more
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = Timer(when, callback, args, context or self.context, self)
        due = max(round(when * _MICROSECONDS), self.now_us)
        heappush(self._timers, (due, next(self._timer_count), timer))
        return timer

    def call_later(  # type: ignore[override] # nobody asks for more
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if self.fault is None and context.get("exception") is not None:
            self.fault = context

    # --- running ----------------------------------------------------------------------------

    def run(self, main: Coroutine[Any, Any, T]) -> T | None:
        """Run *main* to its end and return its result; None if the loop was stopped before.

        Raises:
            Standstill: it would never end.
        """
        asyncio._set_running_loop(self)
        try:
            strand = Strand(main, self)
            self._strands.append(strand)
            self.ready.append(strand)
            self._run(strand)
            return strand.result  # type: ignore[no-any-return]
        finally:
            self._abandon()
            asyncio._set_running_loop(None)

    def stop(self) -> None:
        """Run nothing more."""
        self.is_stopped = True

    def _run(self, main: Strand) -> None:
        ready, chance = self.ready, self._chance
        steps, steps_max = 0, self._steps_max
        while not (self.is_stopped or main.is_done):
            if not ready:
                self._jump()
            waiting = len(ready)
            if waiting == 1:
                call = ready.pop()
            else:
                pick = int(chance() * waiting)
                call = ready[pick]
                ready[pick] = ready[-1]
                ready.pop()
            if not call._cancelled:
                call.step()
            self.steps = steps = steps + 1
            if steps > steps_max:
                raise Standstill(f"no end after {steps_max} steps")

    def _jump(self) -> None:
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            heappop(timers)
        if not timers:
            raise Standstill("everybody waits for somebody else")
        self.now_us = now = timers[0][0]
        while timers and timers[0][0] == now:
            self.ready.append(heappop(timers)[2])

    def _abandon(self) -> None:
        """Close what is left, in the order in which it began, so that nothing lingers."""
        self.is_stopped = True
        with warnings.catch_warnings():
            # Some were about to begin when the history was stopped.
            warnings.simplefilter("ignore", RuntimeWarning)
            for strand in self._strands:
                if not strand.is_done:
                    with suppress(RuntimeError, asyncio.InvalidStateError):
                        strand.close()
            for task in self._tasks:
                if not task.done():
                    task._log_destroy_pending = False  # type: ignore[attr-defined]
                    with suppress(RuntimeError, asyncio.InvalidStateError):
                        task.get_coro().close()
        self._strands.clear()
        self._tasks.clear()
        self.ready.clear()
        self._timers.clear()
