"""Calls that come at once go out together: one write is under way, the next ones gather."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import attrs

from inventory_domain.errors import DependencyUnavailable

__all__ = ["Batcher"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_ITEMS_PER_WRITE_MAX = 1_000


@attrs.frozen
class _Call(Generic[Item, Result]):
    items: Sequence[Item]
    future: "asyncio.Future[Sequence[Result]]"


class Batcher(Generic[Item, Result]):
    """Hands the items of its callers to *write*, in their order, one write at a time.

    *write* gives one result an item. If it raises anything but an outage, each caller's items
    are written again by themselves, so that nobody fails for another's fault: *write* must
    know again what it has written. An outage fails those who wait as well: they would only
    wait for the same. A caller that is cancelled leaves a write under way to its end.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        item_count_max: int = _ITEMS_PER_WRITE_MAX,
    ) -> None:
        self.write_count = 0
        self._write = write
        self._item_count_max = item_count_max
        self._waiting: deque[_Call[Item, Result]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, items: Sequence[Item]) -> Sequence[Result]:
        """Return the results of *items* when they are written."""
        call = _Call[Item, Result](items, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await call.future

    async def aclose(self) -> None:
        """Wait until everything that was handed in is written."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while calls := self._gather():
                await self._perform(calls)
        finally:
            self._task = None

    def _gather(self) -> list[_Call[Item, Result]]:
        calls: list[_Call[Item, Result]] = []
        count = 0
        while self._waiting:
            call = self._waiting[0]
            count += len(call.items)
            if calls and count > self._item_count_max:
                break
            self._waiting.popleft()
            if not call.future.done():  # else its caller was cancelled
                calls.append(call)
        return calls

    async def _perform(self, calls: list[_Call[Item, Result]]) -> None:
        try:
            self.write_count += 1
            results = await self._write([item for call in calls for item in call.items])
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits to hear of it
            if isinstance(error, DependencyUnavailable):
                _fail([*calls, *self._waiting], error)
                return
            if len(calls) == 1:
                _fail(calls, error)
                return
            for call in calls:
                await self._perform([call])
            return
        start = 0
        for call in calls:
            end = start + len(call.items)
            if not call.future.done():
                call.future.set_result(results[start:end])
            start = end


def _fail(calls: Sequence[_Call[Item, Result]], error: Exception) -> None:
    for call in calls:
        if not call.future.done():
            call.future.set_exception(error)
