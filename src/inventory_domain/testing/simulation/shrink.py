"""Make a failing history smaller: fewer kinds of faults, fewer stories, fewer strikes."""

from collections.abc import Callable, Sequence

import attrs

from inventory_domain.testing.simulation.history import History, Result, run_history
from inventory_domain.testing.simulation.parts import Parts

__all__ = ["shrink"]

RUN_COUNT_MAX = 250


def shrink(failed: Result, parts: Parts, run_count_max: int = RUN_COUNT_MAX) -> Result:
    """Return the smallest history found that breaks the same promise as *failed*."""
    return _Shrinker(failed, parts, run_count_max).run()


class _Shrinker:
    def __init__(self, failed: Result, parts: Parts, runs_left: int) -> None:
        assert failed.violation is not None
        self._check = failed.violation.check
        self._best = failed
        self._parts = parts
        self._runs_left = runs_left

    def run(self) -> Result:
        history = self._best.history
        self._drop(sorted(self._best.struck), lambda gone: _without_faults(self._history, gone))
        stories = range(len(history.plan.stories))
        self._drop(list(stories), lambda gone: _without_stories(self._history, gone))
        strikes = range(1, self._best.strikes + 1)
        self._drop(list(strikes), lambda gone: _without_strikes(self._history, gone))
        return self._best

    @property
    def _history(self) -> History:
        return self._best.history

    def _drop(self, things: Sequence[object], without: Callable[[set[object]], History]) -> None:
        """Drop halves, then quarters, and so on, as long as it still fails."""
        left = list(things)
        size = max(len(left) // 2, 1)
        while left and self._runs_left:
            kept: list[object] = []
            for start in range(0, len(left), size):
                part = left[start : start + size]
                if not self._still_fails(without(set(part))):
                    kept += part
            left = kept
            if size == 1:
                return
            size = max(size // 2, 1)

    def _still_fails(self, history: History) -> bool:
        if not self._runs_left:
            return False
        self._runs_left -= 1
        result = run_history(history, self._parts)
        if result.violation is None or result.violation.check != self._check:
            return False
        self._best = result
        return True


def _without_faults(history: History, gone: set[object]) -> History:
    return attrs.evolve(history, silenced=history.silenced | {str(name) for name in gone})


def _without_stories(history: History, gone: set[object]) -> History:
    every = range(len(attrs.evolve(history, kept=None).plan.stories))
    kept = frozenset(every) if history.kept is None else history.kept
    return attrs.evolve(history, kept=frozenset(number for number in kept if number not in gone))


def _without_strikes(history: History, gone: set[object]) -> History:
    numbers = frozenset(number for number in gone if isinstance(number, int))
    return attrs.evolve(history, without=history.without | numbers)
