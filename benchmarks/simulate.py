"""The simulator: histories a CPU second with every fault on, in one process on one core."""

from time import process_time

from inventory_domain.testing.simulation import Summary, all_faults, run_seeds
from inventory_domain.testing.simulation.history import ORDER_COUNT

SEEDS = range(1_000_000, 1_000_500)
WARM_UP = range(20)
ROUNDS = 3
TARGET = 100


def run() -> None:
    """Print histories a CPU second, and what one history holds."""
    run_seeds(WARM_UP, faults=all_faults())
    best = 0.0
    summary = Summary({})
    for _ in range(ROUNDS):
        begun = process_time()
        summary = run_seeds(SEEDS, faults=all_faults())
        best = max(best, summary.histories / (process_time() - begun))
    print(f"  {best:,.0f} histories a CPU second, the best of {ROUNDS} rounds; target {TARGET}")
    for line in what_was_in_them(summary):
        print(f"  {line}")


def what_was_in_them(summary: Summary) -> list[str]:
    """Return what a history held on average, and whether every promise was kept."""
    count, kinds = summary.histories, len(summary.struck)
    failed = summary.failed
    return [
        f"{ORDER_COUNT} orders in each of {count}, and what is sent again",
        f"{sum(summary.looked.values()) / count:,.0f} checks a history",
        f"{sum(summary.struck.values()) / count:.1f} faults a history, of {kinds} kinds",
        f"{sum(summary.endings.values()) / count:.0f} messages a history",
        "every promise was kept"
        if failed is None
        else f"seed {failed.history.seed} fails: {failed.violation}",
    ]
