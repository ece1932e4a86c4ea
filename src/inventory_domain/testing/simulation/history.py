"""One history from one seed: run it, and say what came of it."""

from collections import Counter
from collections.abc import Mapping
from random import Random

import attrs

from inventory_domain.testing.simulation.chaos import Chaos
from inventory_domain.testing.simulation.checks import Violation
from inventory_domain.testing.simulation.loop import SimulatedLoop, Standstill
from inventory_domain.testing.simulation.parts import Parts
from inventory_domain.testing.simulation.plan import Plan
from inventory_domain.testing.simulation.trace import Trace
from inventory_domain.testing.simulation.world import World

__all__ = ["History", "Result", "run_history"]

ORDER_COUNT = 10
_STEPS_MAX = 50_000


@attrs.frozen(kw_only=True)
class History:
    """What one history follows from, entirely.

    *faults* names the rates of those that are on. *kept* names the stories of the plan that
    are played (None: all), *without* the strikes of faults that are let off, by number, and
    *silenced* the faults that are drawn as ever and never happen.
    """

    seed: int
    order_count: int = ORDER_COUNT
    faults: Mapping[str, float] = attrs.field(factory=dict)
    kept: frozenset[int] | None = None
    without: frozenset[int] = frozenset()
    silenced: frozenset[str] = frozenset()

    @property
    def plan(self) -> Plan:
        """The plan with the stories that are played."""
        return Plan.draw(Random(f"plan {self.seed}"), self.order_count).only(self.kept)


@attrs.frozen(kw_only=True)
class Result:
    """What came of a history: *violation* is None if every promise was kept."""

    history: History
    violation: Violation | None
    trace: Trace
    struck: Counter[str]
    strikes: int
    looked: Counter[str]
    situations: Counter[str]
    endings: Counter[str]
    steps: int


def run_history(history: History, parts: Parts = Parts()) -> Result:
    """Run *history* with *parts*. The same history gives the same result, byte for byte."""
    # It has what use cases ask of a loop: no sockets, no signals, no processes.
    loop = SimulatedLoop(  # type: ignore[abstract]
        Random(f"schedule {history.seed}"), steps_max=_STEPS_MAX
    )
    chaos = Chaos(
        Random(f"chaos {history.seed}"), history.faults, history.without, history.silenced
    )
    world = World(history.plan, parts, loop, chaos)
    try:
        loop.run(world.run())
    except Standstill as standstill:
        world.checks.fail("rest", str(standstill))
    if loop.fault is not None:
        world.checks.fail("no_surprise", repr(loop.fault.get("exception")))
    violation = world.checks.violation
    if violation is not None:
        world.trace.add("the witness", "found", violation)
    witness = world.witness
    return Result(
        history=history,
        violation=violation,
        trace=world.trace,
        struck=chaos.struck,
        strikes=chaos.strikes,
        looked=world.checks.looked,
        situations=witness.situations,
        endings=witness.endings.counts,
        steps=loop.steps,
    )
