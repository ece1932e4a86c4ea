"""The whole system under faults, in virtual time, from one seed: for us and for adapters of yours.

The unchanged use cases run on an event loop whose next step is the seed's choice, in processes
that die, over what is durable; every promise is checked as it goes. One seed is one history,
byte for byte. ``python -m inventory_domain.testing.simulation --help`` shows the command line.
"""

from inventory_domain.testing.simulation.chaos import FAULTS, all_faults
from inventory_domain.testing.simulation.checks import CHECKS, Violation
from inventory_domain.testing.simulation.history import History, Result, run_history
from inventory_domain.testing.simulation.parts import Durable, Parts
from inventory_domain.testing.simulation.report import failure_lines
from inventory_domain.testing.simulation.runner import Summary, run_seeds
from inventory_domain.testing.simulation.shrink import shrink

__all__ = [
    "CHECKS",
    "FAULTS",
    "Durable",
    "History",
    "Parts",
    "Result",
    "Summary",
    "Violation",
    "all_faults",
    "failure_lines",
    "run_history",
    "run_seeds",
    "shrink",
]
