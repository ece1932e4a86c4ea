"""The way from a process to what it depends on, where calls are delayed, lost and cut off."""

from inventory_domain.errors import DependencyUnavailable
from inventory_domain.testing.simulation.chaos import Chaos
from inventory_domain.testing.simulation.process import Process

__all__ = ["Gate", "Outages"]


class Outages:
    """Which dependencies are away now."""

    def __init__(self) -> None:
        self.away: set[str] = set()


class Gate:
    """Stands before and after every call that one process makes to one dependency."""

    def __init__(self, process: Process, dependency: str, outages: Outages) -> None:
        self.process = process
        self.chaos: Chaos = process.chaos
        self.dependency = dependency
        self._away = outages.away

    async def read(self, call: str) -> None:
        """Stand before a call that changes nothing."""
        if not self.process.passes(call):
            await self.process.stand()
        if self._away:
            self.check()

    async def before_write(self, call: str) -> None:
        """Stand before a change.

        Raises:
            DependencyUnavailable: it shall not happen.
        """
        if not self.process.passes(call):
            await self.process.stand()
        if self._away:
            self.check()
        if self.chaos.strikes_now("write_lost"):
            raise self.unavailable(f"{call} was lost")

    async def after_write(self, call: str) -> None:
        """Stand behind a change that has happened.

        Raises:
            DependencyUnavailable: nobody shall know of it.
        """
        if not self.process.passes(call):
            await self.process.stand()
        if self._away:
            self.check()
        if self.chaos.strikes_now("write_unacknowledged"):
            raise self.unavailable(f"{call} was not acknowledged")

    def check(self) -> None:
        """Fail if the dependency is away."""
        if self._away and self.dependency in self._away:
            raise self.unavailable("an outage")

    def unavailable(self, reason: str) -> DependencyUnavailable:
        """Return the failure, and note it."""
        self.process.trace.add(self.process.name, f"{self.dependency} failed:", reason)
        return DependencyUnavailable(dependency=self.dependency, reason=reason)
