"""The pytest plugin: ``--simulation-seeds N`` runs so many histories as one more test.

``--simulation-part stock_store=my_shop.storage:open_store`` puts an own part in its place, and
``--simulation-fault`` says what goes wrong (``all`` unless given). A test that wants to choose
for itself asks for the fixture ``simulation`` and calls it with the parts.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from inventory_domain.testing.simulation.chaos import parse_fault
from inventory_domain.testing.simulation.history import ORDER_COUNT
from inventory_domain.testing.simulation.naming import parts_named
from inventory_domain.testing.simulation.parts import Parts
from inventory_domain.testing.simulation.report import failure_lines
from inventory_domain.testing.simulation.runner import Summary, run_seeds

__all__ = ["simulation"]

SEED_COUNT = 200
"""How many histories the fixture runs where the command line does not say."""


class BrokenPromise(AssertionError):
    """A history in which a promise was broken; the text tells it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("simulation", "the whole system under faults, from seeds")
    group.addoption("--simulation-seeds", type=int, metavar="N", help="run N simulated histories")
    group.addoption(
        "--simulation-part",
        action="append",
        default=[],
        metavar="PART=module:factory",
        help="an own part, such as stock_store=my_shop.storage:open_store",
    )
    group.addoption(
        "--simulation-fault",
        action="append",
        default=[],
        metavar="NAME[=RATE]",
        help="a fault to switch on; all of them unless given",
    )
    group.addoption("--simulation-orders", type=int, default=ORDER_COUNT, help="orders a history")


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the histories as one more test if they were asked for."""
    if config.getoption("simulation_seeds"):
        items.append(_Histories.from_parent(session, name="simulation"))


@pytest.fixture
def simulation(request: pytest.FixtureRequest) -> Callable[..., Summary]:
    """Return what runs histories with the parts that it is given, and fails with their story."""
    config = request.config

    def run(parts: Parts | None = None, seeds: int | None = None) -> Summary:
        return _run(config, parts or _parts(config), seeds)

    return run


class _Histories(pytest.Item):
    def runtest(self) -> None:
        _run(self.config, _parts(self.config), None)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        if isinstance(excinfo.value, BrokenPromise):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, None, str]:
        return "simulation", None, "simulation"


def _run(config: pytest.Config, parts: Parts, seeds: int | None) -> Summary:
    __tracebackhide__ = True
    count = seeds or config.getoption("simulation_seeds") or SEED_COUNT
    summary = run_seeds(
        range(count),
        parts=parts,
        faults=_faults(config),
        order_count=config.getoption("simulation_orders"),
    )
    if summary.failed is not None:
        named = "".join(f" --part {part}" for part in config.getoption("simulation_part"))
        raise BrokenPromise("\n".join(failure_lines(summary.failed, parts, named)))
    return summary


def _parts(config: pytest.Config) -> Parts:
    # An own part is found in the folder in which pytest is started.
    folder = str(config.invocation_params.dir)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return parts_named(config.getoption("simulation_part"))
    except ValueError as fault:
        raise pytest.UsageError(f"--simulation-part: {fault}") from None


def _faults(config: pytest.Config) -> Mapping[str, float]:
    faults: dict[str, float] = {}
    try:
        for text in config.getoption("simulation_fault") or ["all"]:
            faults.update(parse_fault(text))
    except ValueError as fault:
        raise pytest.UsageError(f"--simulation-fault: {fault}") from None
    return faults
