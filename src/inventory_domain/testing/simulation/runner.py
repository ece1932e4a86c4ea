"""Run many seeds, stop at the first that fails, and say what was exercised."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter

import attrs

from inventory_domain.testing.simulation.chaos import FAULTS
from inventory_domain.testing.simulation.checks import CHECKS
from inventory_domain.testing.simulation.history import ORDER_COUNT, History, Result, run_history
from inventory_domain.testing.simulation.parts import Parts
from inventory_domain.testing.simulation.witness import SITUATIONS

__all__ = ["MANY", "Summary", "run_seeds"]

MANY = 500
"""From so many histories on, what was never exercised is worth a word."""


@attrs.define
class Summary:
    """What a run of many seeds came to."""

    faults: Mapping[str, float]
    histories: int = 0
    seconds: float = 0.0
    failed: Result | None = None
    struck: Counter[str] = attrs.field(factory=Counter)
    looked: Counter[str] = attrs.field(factory=Counter)
    situations: Counter[str] = attrs.field(factory=Counter)
    endings: Counter[str] = attrs.field(factory=Counter)

    def add(self, result: Result) -> None:
        """Count one history."""
        self.histories += 1
        self.struck += result.struck
        self.looked += result.looked
        self.situations += result.situations
        self.endings += result.endings

    @property
    def never(self) -> Sequence[str]:
        """What had no occasion: faults that were on, checks and situations."""
        faults = [f"fault {name}" for name in FAULTS if self.faults.get(name)]
        checks = [f"check {name}" for name in CHECKS]
        situations = [f"situation {name}" for name in SITUATIONS]
        met = {f"fault {name}" for name in self.struck}
        met |= {f"check {name}" for name in self.looked}
        met |= {f"situation {name}" for name in self.situations}
        # Nothing is raised where nothing is wrong, so this check looks all the time.
        met.add("check no_surprise")
        return [name for name in (*faults, *checks, *situations) if name not in met]

    def lines(self) -> Sequence[str]:
        """Return the summary for people."""
        speed = self.histories / max(self.seconds, 0.001)
        told = [
            f"{self.histories} histories in {self.seconds:.1f} s ({speed:.0f} a second)",
            f"{sum(self.looked.values())} checks, {sum(self.struck.values())} faults",
            "messages ended: "
            + ", ".join(f"{count} {ending}" for ending, count in sorted(self.endings.items())),
        ]
        if self.struck:
            faults = sorted(self.struck.items())
            told.append("faults: " + ", ".join(f"{count} {name}" for name, count in faults))
        if self.never:
            told.append("never exercised: " + ", ".join(self.never))
        return told


def run_seeds(
    seeds: Sequence[int],
    *,
    parts: Parts = Parts(),
    faults: Mapping[str, float] | None = None,
    order_count: int = ORDER_COUNT,
    progress: Callable[[int], None] = lambda _done: None,
) -> Summary:
    """Run one history for each of *seeds*, up to the first that fails."""
    summary = Summary(faults or {})
    begun = perf_counter()
    for seed in seeds:
        result = run_history(
            History(seed=seed, order_count=order_count, faults=faults or {}), parts
        )
        summary.add(result)
        summary.seconds = perf_counter() - begun
        progress(summary.histories)
        if result.violation is not None:
            summary.failed = result
            break
    return summary
