"""Run many seeds, stop at the first that fails, and say what was exercised."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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

_ALL_COLLECTED_AFTER = 200


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
    with _rare_collection() as history_over:
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
            history_over()
    return summary


@contextmanager
def _rare_collection() -> Iterator[Callable[[], None]]:
    """Collect the garbage of a history when it is over, and never in the middle of one."""
    was_on, over = gc.isenabled(), 0

    def history_over() -> None:
        nonlocal over
        over += 1
        # What a history leaves behind is young; what is older is looked at now and then.
        gc.collect(1 if over % _ALL_COLLECTED_AFTER else 2)

    gc.disable()
    try:
        yield history_over
    finally:
        if was_on:
            gc.enable()
