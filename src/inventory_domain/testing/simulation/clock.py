"""The clock of one process: virtual time, perhaps ahead of the others' or behind it."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from inventory_domain.testing.fakes.clock import CLOCK_START
from inventory_domain.testing.simulation.loop import SimulatedLoop
from inventory_domain.testing.simulation.strands import give_way, rest

__all__ = ["SimulatedClock"]

_MILLISECOND = 1000


class SimulatedClock:
    """Keeps the promises of ``ports.Clock`` on a simulated loop; *skew_us* is its error."""

    def __init__(self, loop: SimulatedLoop, skew_us: int = 0) -> None:
        self._loop = loop
        self._skew_us = skew_us
        self._at_us = -1
        self._now = CLOCK_START

    def now(self) -> datetime:
        """Return the present instant as this process believes it to be."""
        now_us = self._loop.now_us
        if now_us != self._at_us:
            self._at_us = now_us
            milliseconds = (now_us + self._skew_us) // _MILLISECOND
            self._now = CLOCK_START + timedelta(milliseconds=milliseconds)
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Return after *seconds* of virtual time."""
        if seconds <= 0:
            await give_way()
            return
        pause = self._loop.pause(seconds)
        if pause is not None:
            await rest(pause)
            return
        waiter = self._loop.create_future()
        self._loop.call_later(seconds, _wake, waiter)
        await waiter

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Return True as soon as *event* is set, False if it is not within *seconds*."""
        if event.is_set():
            return True
        pause = self._loop.pause(seconds)
        if pause is None:
            return await self._wait_in_task(event, seconds)
        waiters: Any = event._waiters  # it takes whatever is like a future
        waiters.append(pause)
        try:
            await rest(pause)
            return pause.has_come or event.is_set()
        finally:
            waiters.remove(pause)

    async def _wait_in_task(self, event: asyncio.Event, seconds: float) -> bool:
        waiter = self._loop.create_future()
        # Driven by hand as far as its first pause: a task of its own would cost three steps.
        watching = event.wait()
        news = watching.send(None)
        news.add_done_callback(lambda _: _wake(waiter))
        timer = self._loop.call_later(max(seconds, 0), _wake, waiter)
        try:
            await waiter
            return event.is_set() or news.done()
        finally:
            timer.cancel()
            watching.close()


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
