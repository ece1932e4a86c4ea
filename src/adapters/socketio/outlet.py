"""The hand-over: from a caller that never waits to a task that emits."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from inventory_domain.writes import Push

__all__ = ["Outlet"]

_log = logging.getLogger(__name__)

Emit = Callable[[Push], Awaitable[int]]
"""Returns how many were told."""

# So many may be told before everybody else in the program has a turn.
_TURN_COUNT = 50


class Outlet:
    """Emits pushes one after the other, in the order in which they were put in.

    While emitting is slower than what comes in, the oldest make room for the newest.
    """

    def __init__(self, emit: Emit, *, count_max: int) -> None:
        self._emit = emit
        self._count_max = count_max
        self._waiting: deque[Push] = deque()
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self.emitted_count = 0
        self.dropped_count = 0
        self.failed_count = 0

    def put(self, push: Push) -> None:
        """Take *push* over and return at once."""
        if len(self._waiting) >= self._count_max:
            self._waiting.popleft()
            self.dropped_count += 1
        self._waiting.append(push)
        self._filled.set()
        self._empty.clear()

    async def run(self) -> None:
        """Emit until cancelled; one that fails is counted and touches no other."""
        while True:
            await self._filled.wait()
            told = 0
            while self._waiting:
                told += 1 + await self._emit_one(self._waiting.popleft())
                if told >= _TURN_COUNT:
                    told = 0
                    await asyncio.sleep(0)
            self._filled.clear()
            self._empty.set()

    async def drained(self) -> None:
        """Return when everything put in was emitted."""
        await self._empty.wait()

    async def _emit_one(self, push: Push) -> int:
        try:
            told = await self._emit(push)
        except Exception as fault:  # noqa: BLE001 - a push is for the eyes, whatever befalls it
            self.failed_count += 1
            _log.warning("%s was not pushed: %s: %s", push.event, type(fault).__name__, fault)
            return 0
        self.emitted_count += 1
        return told
