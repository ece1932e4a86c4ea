"""What goes wrong with a fake, and when: outages, lost calls, and calls whose answer was lost."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import attrs

from inventory_domain.errors import DependencyUnavailable, DomainError

__all__ = ["Faults", "Step"]

Step = Callable[[str], Awaitable[None]]
"""Runs at every moment in which the real thing would be waited for; it gets the call's name."""


async def _give_way(_call: str) -> None:
    await asyncio.sleep(0)


class _Nothing:
    """Is over as soon as it is awaited."""

    def __await__(self) -> Generator[Any, Any, None]:
        return _ENDED  # type: ignore[no-any-return] # an iterator serves


_ENDED: Any = iter(())
_NOTHING = _Nothing()


@attrs.define
class _Fault:
    error: DomainError
    applied: bool
    skip: int


class Faults:
    """The faults of one fake.

    While ``available`` is False every call raises ``DependencyUnavailable``, and so does a call
    that was under way when it became so, whose effect is then there all the same. ``step`` is
    awaited before and after the effect of each call: a simulator schedules, delays and kills
    there. With None nobody gets in between.
    """

    def __init__(self, dependency: str, step: Step | None = _give_way) -> None:
        self.dependency = dependency
        self.available = True
        self.step = step
        self._planned: defaultdict[str, deque[_Fault]] = defaultdict(deque)
        self._answers_to_lose: defaultdict[str, deque[_Fault]] = defaultdict(deque)

    def fail_next(
        self,
        call: str,
        error: DomainError | None = None,
        *,
        applied: bool = False,
        skip: int = 0,
        times: int = 1,
    ) -> None:
        """Let the next *call* fail with *error*, ``DependencyUnavailable`` unless given.

        *applied*: its effect happens first, only the answer is lost. *skip* lets as many calls
        pass before. *times*: as many calls in a row fail.
        """
        for turn in range(times):
            fault = _Fault(error or self._unavailable(), applied, 0 if turn else skip)
            self._planned[call].append(fault)

    def before(self, call: str) -> Awaitable[None]:
        """Stand before the effect of *call*, and fail if nothing of it shall happen."""
        if self.step is None and self.available and not self._planned:
            return _NOTHING
        return self._before(call)

    def after(self, call: str) -> Awaitable[None]:
        """Stand between the effect of *call* and its answer, and fail if that is lost."""
        if self.step is None and self.available and not self._answers_to_lose:
            return _NOTHING
        return self._after(call)

    async def _before(self, call: str) -> None:
        if self.step is not None:
            await self.step(call)
        self.check(call)

    async def _after(self, call: str) -> None:
        if self.step is not None:
            await self.step(call)
        lost = self._answers_to_lose.get(call)
        if lost:
            raise lost.popleft().error
        if not self.available:
            raise self._unavailable()

    def check(self, call: str) -> None:
        """Fail at once if *call* shall fail before its effect."""
        if not self.available:
            raise self._unavailable()
        planned = self._planned.get(call)
        if not planned:
            return
        if planned[0].skip:
            planned[0].skip -= 1
            return
        fault = planned.popleft()
        if not fault.applied:
            raise fault.error
        self._answers_to_lose[call].append(fault)

    def _unavailable(self) -> DependencyUnavailable:
        return DependencyUnavailable(dependency=self.dependency, reason="told to be away")
