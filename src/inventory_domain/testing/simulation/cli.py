"""The command line: run seeds, or one of them again in full."""

import argparse
import os
import sys
from collections.abc import Sequence

from inventory_domain.testing.simulation.chaos import FAULTS, parse_fault
from inventory_domain.testing.simulation.history import ORDER_COUNT, History, run_history
from inventory_domain.testing.simulation.naming import parts_named
from inventory_domain.testing.simulation.parts import Parts
from inventory_domain.testing.simulation.progress import progress_of
from inventory_domain.testing.simulation.report import failure_lines, replay_lines
from inventory_domain.testing.simulation.runner import MANY, run_seeds

__all__ = ["main"]

KEPT, BROKEN = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what *arguments* ask for: 0, every promise was kept; 1, one was broken; 2, misuse."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    # An own part is found in the folder in which the program is started.
    if os.getcwd() not in sys.path:  # noqa: PTH109 - the path as Python itself would add it
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    try:
        parts = parts_named(asked.part)
        faults = {name: rate for text in asked.fault for name, rate in parse_fault(text).items()}
        if asked.replay is not None:
            return _replay(asked, parts, faults)
        seeds = _seeds(asked.seeds)
    except ValueError as fault:
        parser.error(str(fault))
    return _run(asked, parts, faults, seeds)


def _run(asked: argparse.Namespace, parts: Parts, faults: dict[str, float], seeds: range) -> int:
    with progress_of(len(seeds)) as progress:
        summary = run_seeds(
            seeds, parts=parts, faults=faults, order_count=asked.orders, progress=progress
        )
    if summary.failed is not None:
        options = "".join(f" --part {part}" for part in asked.part)
        _print(failure_lines(summary.failed, parts, options))
    lines = summary.lines()
    few = summary.histories < MANY
    _print(line for line in lines if not (few and line.startswith("never")))
    return BROKEN if summary.failed is not None else KEPT


def _replay(asked: argparse.Namespace, parts: Parts, faults: dict[str, float]) -> int:
    kept = None
    if asked.stories is not None:
        kept = frozenset(_numbers(asked.stories))
    result = run_history(
        History(
            seed=asked.replay,
            order_count=asked.orders,
            faults=faults,
            kept=kept,
            without=frozenset(_numbers(asked.without)),
            silenced=frozenset(asked.silence.split(",")) if asked.silence else frozenset(),
        ),
        parts,
    )
    _print(replay_lines(result))
    return BROKEN if result.violation is not None else KEPT


def _print(lines: "object") -> None:
    for line in lines:  # type: ignore[attr-defined]
        print(line)


def _seeds(text: str) -> range:
    first, dots, last = text.partition("..")
    try:
        seeds = range(int(first), int(last)) if dots else range(int(first))
    except ValueError:
        raise ValueError(f"--seeds must be N or FIRST..END, not {text!r}") from None
    if not seeds:
        raise ValueError(f"--seeds {text} names no seed")
    return seeds


def _numbers(text: str) -> list[int]:
    if text in ("", "none"):
        return []
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise ValueError(f"{text!r} must be numbers with commas between") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inventory_domain.testing.simulation",
        description="Run the whole system under faults, in virtual time, from seeds.",
        epilog="faults, each with the rate it has unless another is given: "
        + "; ".join(f"{name}={kind.rate:g}, {kind.says}" for name, kind in FAULTS.items()),
    )
    parser.add_argument("--seeds", default="0..1000", help="N or FIRST..END (1000 seeds)")
    parser.add_argument("--replay", type=int, metavar="SEED", help="run one seed, told in full")
    parser.add_argument(
        "--fault",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME[=RATE]",
        help="a fault to switch on, or 'all'",
    )
    parser.add_argument("--orders", type=int, default=ORDER_COUNT, help="orders in each history")
    parser.add_argument(
        "--part",
        action="append",
        default=[],
        metavar="PART=module:factory",
        help="an own part of the system, such as stock_store=my_shop.storage:open_store",
    )
    parser.add_argument("--stories", help="with --replay: only these stories of the plan")
    parser.add_argument("--without", default="", help="with --replay: not these strikes of faults")
    parser.add_argument("--silence", default="", help="with --replay: not these faults")
    return parser
