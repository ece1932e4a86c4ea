"""A failure for people: the seed, the smallest history that fails, and its trace."""

import shlex
from collections.abc import Iterator

from inventory_domain.testing.simulation.chaos import all_faults
from inventory_domain.testing.simulation.history import ORDER_COUNT, History, Result
from inventory_domain.testing.simulation.parts import Parts
from inventory_domain.testing.simulation.shrink import shrink

__all__ = ["failure_lines", "replay_command", "replay_lines"]

TRACE_LINES_MAX = 200
_PROGRAM = "python -m inventory_domain.testing.simulation"


def failure_lines(failed: Result, parts: Parts, options: str = "") -> Iterator[str]:
    """Tell of *failed*, made as small as it gets; *options* go into the commands."""
    small = shrink(failed, parts)
    yield f"seed {failed.history.seed} fails"
    yield f"  {failed.violation}"
    yield f"  again: {replay_command(failed.history)}{options}"
    yield f"the smallest history found that fails so ({small.violation}):"
    yield f"  again: {replay_command(small.history)}{options}"
    yield from _told(small, TRACE_LINES_MAX)


def replay_lines(result: Result) -> Iterator[str]:
    """Tell of one history in full."""
    yield f"seed {result.history.seed}"
    yield from _told(result, None)
    yield f"{result.violation or 'every promise was kept'}"


def replay_command(history: History) -> str:
    """Return the command that runs *history* again."""
    told = [f"--replay {history.seed}"]
    if dict(history.faults) == all_faults():
        told.append("--fault all")
    else:
        told += [f"--fault {name}={rate:g}" for name, rate in sorted(history.faults.items())]
    if history.order_count != ORDER_COUNT:
        told.append(f"--orders {history.order_count}")
    if history.silenced:
        told.append("--silence " + shlex.quote(",".join(sorted(history.silenced))))
    if history.kept is not None:
        told.append("--stories " + (",".join(map(str, sorted(history.kept))) or "none"))
    if history.without:
        told.append("--without " + ",".join(map(str, sorted(history.without))))
    return " ".join([_PROGRAM, *told])


def _told(result: Result, lines_max: int | None) -> Iterator[str]:
    plan = result.history.plan
    stock = ", ".join(f"{count} {product_id}" for product_id, count in plan.products)
    yield f"  stock: {stock}"
    yield f"  {plan.temper}"
    for story in plan.stories:
        yield f"  {story}"
    struck = ", ".join(f"{count} {name}" for name, count in sorted(result.struck.items()))
    yield f"  faults: {struck or 'none'}"
    lines = list(result.trace.lines())
    skipped = 0 if lines_max is None else max(len(lines) - lines_max, 0)
    if skipped:
        yield f"  ... {skipped} lines before"
    for line in lines[skipped:]:
        yield f"  {line}"
    yield f"trace hash {result.trace.hash}"
