"""What can go wrong, how often, and what did: every draw comes from the seed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random
from typing import Final

import attrs

__all__ = ["FAULTS", "Chaos", "FaultKind", "all_faults", "parse_fault"]


@attrs.frozen
class FaultKind:
    """One kind of fault: the rate it has when it is asked for without one, and what it does."""

    rate: float
    per: str
    says: str


FAULTS: Final[Mapping[str, FaultKind]] = {
    "crash": FaultKind(0.003, "await", "a process dies at once and comes back later"),
    "stall": FaultKind(0.001, "await", "a process stands still for a while, then goes on"),
    "duplicate": FaultKind(0.1, "publish", "a record is in the log again, soon or much later"),
    "late": FaultKind(0.08, "batch", "a partition gives its records later"),
    "reorder": FaultKind(0.08, "batch", "a whole topic gives its records behind the others'"),
    "rebalance": FaultKind(0.04, "batch", "the partitions are shared out while a batch is at work"),
    "zombie": FaultKind(0.02, "batch", "a member is expelled, and goes on with what it owned"),
    "commit_refused": FaultKind(0.05, "commit", "offsets are refused"),
    "publish_lost": FaultKind(0.04, "publish", "a publish fails, and arrives in part or not"),
    "publish_unacknowledged": FaultKind(0.04, "publish", "a publish arrives, and fails"),
    "write_lost": FaultKind(0.03, "write", "a store's write fails, and is not there"),
    "write_unacknowledged": FaultKind(0.03, "write", "a store's write is there, and fails"),
    "conflict": FaultKind(0.08, "write", "somebody else changes the same product first"),
    "broker_outage": FaultKind(0.04, "second", "the broker is away for a while"),
    "store_outage": FaultKind(0.04, "second", "a store is away for a while"),
    "skew": FaultKind(0.5, "process", "a process has a clock that is seconds off"),
    "repeat": FaultKind(0.2, "order", "a client sends the same order again, or twice at once"),
    "broken": FaultKind(0.08, "order", "a message is sent that can never be processed"),
}
"""Every fault by name. All are off unless asked for."""

_CALM_HISTORIES = 1 / 16
_TAKES_PART = 3 / 4


def all_faults() -> dict[str, float]:
    """Return every fault at its own rate."""
    return {name: kind.rate for name, kind in FAULTS.items()}


def parse_fault(text: str) -> dict[str, float]:
    """Read ``crash``, ``crash=0.02`` or ``all``.

    Raises:
        ValueError: there is no such fault, or its rate is not from 0 to 1.
    """
    name, _, rate_text = text.partition("=")
    if name == "all":
        return all_faults()
    if name not in FAULTS:
        raise ValueError(f"there is no fault {name!r}; there are: all, {', '.join(FAULTS)}")
    try:
        rate = float(rate_text) if rate_text else FAULTS[name].rate
    except ValueError:
        raise ValueError(f"the rate of {name} must be a number, not {rate_text!r}") from None
    if not 0 <= rate <= 1:
        raise ValueError(f"the rate of {name} must be from 0 to 1")
    return {name: rate}


class Chaos:
    """Decides at each opportunity whether a fault strikes, and counts.

    Some histories are calm, and in the others each fault takes part or not: faults hide each
    other when all of them strike all the time. *without* names strikes, by their number, and
    *silenced* kinds of faults that shall be let off, so that a failing history can be made
    smaller.
    """

    def __init__(
        self,
        random: Random,
        rates: Mapping[str, float],
        without: Iterable[int] = (),
        silenced: Iterable[str] = (),
    ) -> None:
        self.random = random
        self.is_on = True
        self.struck: Counter[str] = Counter()
        self.strikes = 0
        self._chance = random.random
        self._without = frozenset(without)
        self._silenced = frozenset(silenced)
        calm = random.random() < _CALM_HISTORIES
        drawn = {name: random.random() for name in FAULTS}
        self._rates = {
            name: rate
            for name, rate in rates.items()
            if rate and not calm and (drawn[name] < _TAKES_PART or len(rates) == 1)
        }
        # One draw at each await says what happens there: a low one ends the process, a high one
        # lets others get in between, from hardly ever to nearly always, and the highest for long.
        self._crashes_below = self._rates.get("crash", 0.0)
        self._stalls_below = self._crashes_below + self._rates.get("stall", 0.0)
        hop_rate = random.choice((0.03, 0.1, 0.3, 0.5, 1.0))
        self.ends_below = self._stalls_below
        self.hops_from = 1 - hop_rate
        self.is_slow_from = 1 - hop_rate * random.choice((0.0, 0.05, 0.3))

    def rest(self) -> None:
        """Let nothing go wrong from now on."""
        self.is_on = False
        self.ends_below = 0.0

    def begin(self) -> None:
        """Let things go wrong from now on."""
        self.is_on = True
        self.ends_below = self._stalls_below

    def end_of(self, drawn: float) -> str | None:
        """Return what befalls a process that drew less than ``ends_below``, if anything does."""
        fault = "crash" if drawn < self._crashes_below else "stall"
        return fault if self._strikes(fault) else None

    @property
    def is_calm(self) -> bool:
        """Whether nothing goes wrong in this history."""
        return not self._rates

    def strikes_now(self, fault: str) -> bool:
        """Draw whether *fault* happens at this opportunity."""
        rate = self._rates.get(fault)
        if rate is None or not self.is_on or self._chance() >= rate:
            return False
        return self._strikes(fault)

    def _strikes(self, fault: str) -> bool:
        self.strikes += 1
        if self.strikes in self._without or fault in self._silenced:
            return False
        self.struck[fault] += 1
        return True

    def seconds(self, low: float, high: float) -> float:
        """Draw how long something lasts."""
        return low + (high - low) * self._chance()
