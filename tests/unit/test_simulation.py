"""The simulator itself: one seed is one history, and the real system keeps its promises."""

import os
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from inventory_domain.testing.simulation import (
    FAULTS,
    History,
    Parts,
    Summary,
    all_faults,
    failure_lines,
    run_history,
    run_seeds,
    shrink,
)
from inventory_domain.testing.simulation.chaos import parse_fault
from inventory_domain.testing.simulation.cli import main
from inventory_domain.testing.simulation.runner import MANY
from tests.unit.simulation_bugs import BUGS, RelayMarksFirst

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "inventory_domain.testing.simulation"]

SEED_COUNT = 2000
PROCESS_COUNT = 2

BROKEN = Parts(relay=RelayMarksFirst)
LOSES = {"publish_lost": 0.1, "crash": 0.003}


def a_part_of_the_seeds(number: int) -> tuple[Summary, str]:
    summary = run_seeds(range(number, SEED_COUNT, PROCESS_COUNT), faults=all_faults())
    failed, summary.failed = summary.failed, None
    return summary, "" if failed is None else f"seed {failed.history.seed}: {failed.violation}"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_thousands_of_histories_keep_every_promise_and_leave_nothing_unexercised() -> None:
    with ProcessPoolExecutor(PROCESS_COUNT) as pool:
        parts = list(pool.map(a_part_of_the_seeds, range(PROCESS_COUNT)))

    whole = parts[0][0]
    for other, _ in parts[1:]:
        for name in ("histories", "struck", "looked", "situations", "endings"):
            setattr(whole, name, getattr(whole, name) + getattr(other, name))
    assert [failure for _, failure in parts] == [""] * PROCESS_COUNT
    assert whole.histories == SEED_COUNT >= MANY
    assert list(whole.never) == []


def test_one_seed_is_one_history() -> None:
    history = History(seed=5, faults=all_faults())

    first, second = run_history(history), run_history(history)

    assert list(first.trace.lines()) == list(second.trace.lines())
    assert first.trace.hash == second.trace.hash


def test_another_seed_is_another_history() -> None:
    hashes = {run_history(History(seed=seed)).trace.hash for seed in range(5)}

    assert len(hashes) == 5


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_a_replay_in_another_process_is_the_same_byte_for_byte(hash_seed: str) -> None:
    here = run_history(History(seed=3, faults=all_faults()))

    told = subprocess.run(
        [*PROGRAM, "--replay", "3", "--fault", "all"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert f"trace hash {here.trace.hash}" in told
    assert all(line in told for line in here.trace.lines())


def test_faults_are_off_unless_asked_for() -> None:
    assert sum((run_history(History(seed=seed)).struck.total()) for seed in range(5)) == 0


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_each_fault_can_be_had_alone(fault: str) -> None:
    summary = run_seeds(range(6), faults={fault: min(FAULTS[fault].rate * 5, 1.0)})

    assert summary.failed is None
    assert set(summary.struck) <= {fault}


def test_a_failure_is_shrunk_and_the_smaller_one_fails_in_the_same_way() -> None:
    failed = run_seeds(range(50), parts=BROKEN, faults=LOSES).failed
    assert failed is not None
    assert failed.violation is not None

    small = shrink(failed, BROKEN)

    assert small.violation is not None
    assert small.violation.check == failed.violation.check
    assert len(small.history.plan.stories) < len(failed.history.plan.stories)
    assert small.strikes - len(small.history.without) <= failed.strikes
    assert run_history(small.history, BROKEN).trace.hash == small.trace.hash


def test_a_failure_tells_its_seed_its_commands_and_its_trace() -> None:
    failed = run_seeds(range(50), parts=BROKEN, faults=LOSES).failed
    assert failed is not None

    told = "\n".join(failure_lines(failed, BROKEN))

    assert f"seed {failed.history.seed} fails" in told
    assert f"--replay {failed.history.seed} --fault" in told
    assert "outbox_kept: " in told
    assert "--stories" in told
    assert re.search(r"trace hash [0-9a-f]{64}", told)


def test_the_command_that_is_told_runs_the_smaller_history_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bug = "tests.unit.simulation_bugs:RelayMarksFirst"
    arguments = ["--seeds", "50", "--fault", "publish_lost=0.1", "--part", f"relay={bug}"]

    status = main(arguments)
    told = capsys.readouterr().out
    again = re.findall(r"again: \S+ \S+ \S+ (.*)", told)
    replayed = main(again[-1].split())

    assert (status, replayed) == (1, 1)
    assert re.findall("trace hash .*", capsys.readouterr().out) == re.findall("trace hash .*", told)


def test_a_run_that_keeps_its_promises_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "0..3", "--orders", "3", "--fault", "all"]) == 0
    assert "3 histories" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fault", "nonsense"],
        ["--fault", "crash=2"],
        ["--fault", "crash=often"],
        ["--seeds", "few"],
        ["--seeds", "5..5"],
        ["--part", "stock_store=nowhere:nothing"],
        ["--part", "teapot=os:path"],
        ["--replay", "1", "--stories", "x"],
    ],
)
def test_misuse_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2


def test_what_was_never_exercised_is_told() -> None:
    summary = run_seeds(range(1), faults={"crash": 1e-9})

    assert "fault crash" in summary.never
    assert "check conservation" not in summary.never


def test_all_names_every_fault() -> None:
    assert parse_fault("all") == {name: kind.rate for name, kind in FAULTS.items()}


def test_every_bug_of_the_proof_has_a_part_of_its_own() -> None:
    assert len(BUGS) >= 15
    assert all(parts != Parts() for parts, _ in BUGS.values())
