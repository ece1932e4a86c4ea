"""A simulated process: memory and tasks that are gone when it dies, wherever they stand."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from inventory_domain.errors import DomainError
from inventory_domain.testing.simulation.chaos import Chaos
from inventory_domain.testing.simulation.clock import SimulatedClock
from inventory_domain.testing.simulation.loop import SimulatedLoop
from inventory_domain.testing.simulation.strands import give_way
from inventory_domain.testing.simulation.trace import Trace

__all__ = ["Process", "Unreachable"]

T = TypeVar("T")

_SLOW_SECONDS = (0.001, 0.15)
_STALL_SECONDS = (0.5, 12.0)


class Unreachable(Exception):
    """The process is down, or died before it answered: what became of the call is unknown."""


class Process:
    """One life of a process.

    A process that died does nothing any more: its tasks stand for ever at the await at which
    they were, as after ``kill -9``, and no ``finally`` of theirs runs.
    """

    def __init__(
        self, name: str, loop: SimulatedLoop, chaos: Chaos, trace: Trace, clock: SimulatedClock
    ) -> None:
        self.name = name
        self.loop = loop
        self.chaos = chaos
        self.trace = trace
        self.clock = clock
        self.is_up = True
        self.report: Callable[[str], None] = lambda _text: None
        self.on_death: list[Callable[[], None]] = []
        self._stalled_until_us = 0
        self._drawn = 0.0
        self._chance = chaos.random.random
        self._answers: list[asyncio.Future[Any]] = []

    async def step(self, call: str) -> None:
        """Stand at an await: others may go on here, and the process may end here."""
        if not self.passes(call):
            await self.stand()

    def passes(self, call: str) -> bool:
        """Draw what happens at an await; if it is nothing the process need not :meth:`stand`."""
        drawn = self._drawn = self._chance()
        chaos = self.chaos
        if drawn < chaos.ends_below and self.is_up:
            fault = chaos.end_of(drawn)
            if fault == "crash":
                self.die(call)
            elif fault == "stall":
                self.stall(call)
        return (
            drawn < chaos.hops_from
            and self.is_up
            and (not self._stalled_until_us or self._stalled_until_us <= self.loop.now_us)
        )

    async def stand(self) -> None:
        """Do what was drawn."""
        chaos = self.chaos
        if self._drawn >= chaos.is_slow_from:
            await self.clock.sleep(chaos.seconds(*_SLOW_SECONDS))
        elif self._drawn >= chaos.hops_from:
            await give_way()
        if not self.is_up:
            await self.freeze()
        elif self._stalled_until_us > self.loop.now_us:
            await self.clock.sleep((self._stalled_until_us - self.loop.now_us) / 1_000_000)
            if not self.is_up:
                await self.freeze()

    async def freeze(self) -> None:
        """Never return."""
        await self.loop.create_future()

    def die(self, at: str) -> None:
        """End at once."""
        if not self.is_up:
            return
        self.is_up = False
        self.trace.add(self.name, "died", at)
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(Unreachable())
        for told in self.on_death:
            told()

    def stall(self, at: str) -> None:
        """Stand still for a while, and then go on as if nothing had happened."""
        seconds = self.chaos.seconds(*_STALL_SECONDS)
        self._stalled_until_us = self.loop.now_us + round(seconds * 1_000_000)
        self.trace.add(self.name, "stands still", at, round(seconds, 1))

    def wake(self) -> None:
        """Go on at the next occasion."""
        self._stalled_until_us = 0

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Run *operation* in this process for a client and return its answer.

        Raises:
            Unreachable: it is down, or died before the answer.
        """
        if not self.is_up:
            raise Unreachable
        answer: asyncio.Future[T] = self.loop.create_future()
        self._answers = [one for one in self._answers if not one.done()]
        self._answers.append(answer)
        self.loop.start(self._serve(operation, answer))
        return await answer

    async def _serve(
        self, operation: Callable[[], Awaitable[T]], answer: "asyncio.Future[T]"
    ) -> None:
        try:
            result = await operation()
        except DomainError as refused:
            if not answer.done():
                answer.set_exception(refused)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is a finding
            self.report(f"{self.name} answered {fault!r}")
        else:
            if not answer.done():
                answer.set_result(result)
