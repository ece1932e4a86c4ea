"""The simulator finds bugs: each planted alone, around the real parts, and found by its seeds."""

import sys
from collections.abc import Callable

import pytest

from inventory_domain.testing.simulation import Parts, Summary, run_seeds
from inventory_domain.testing.simulation.chaos import parse_fault
from tests.unit.simulation_bugs import BUGS

SEEDS_MAX = 2000


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(
    name: str, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    parts, faults = BUGS[name]

    summary = run(parts, faults, SEEDS_MAX)

    assert summary.failed is not None
    assert summary.failed.violation is not None
    record_property("seeds", summary.histories)
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {summary.histories} seeds, {summary.failed.violation.check} ")


@pytest.mark.parametrize("faults", sorted({faults for _, faults in BUGS.values()}))
def test_without_a_bug_nothing_is_found(faults: str) -> None:
    assert run(Parts(), faults, 20).failed is None


def run(parts: Parts, faults: str, seed_count: int) -> Summary:
    rates: dict[str, float] = {}
    for text in faults.split():
        rates.update(parse_fault(text))
    return run_seeds(range(seed_count), parts=parts, faults=rates)
