"""The gate that keeps a run from passing because its tests were skipped."""

import re

import pytest

from tests.support import report
from tests.support.report import HeaderLines, SkipGate, read_allowed_skips


def skipped(reason: str) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="tests/test_pages.py::test_cart",
        location=("tests/test_pages.py", 3, "test_cart"),
        keywords={},
        outcome="skipped",
        longrepr=("tests/test_pages.py", 3, f"Skipped: {reason}"),
        when="call",
    )


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("reason", ["", "unconditional skip"])
def test_a_skip_without_reason_never_passes(reason: str, strict: bool) -> None:
    gate = SkipGate(allowed=[re.compile(".*")], strict=strict)

    gate.add(skipped(reason))

    assert gate.unexpected() == ["tests/test_pages.py::test_cart: skipped without a reason"]


def test_a_strict_gate_names_a_reason_that_is_not_listed() -> None:
    gate = SkipGate(allowed=read_allowed_skips("# no browser there\nchromium"), strict=True)

    gate.add(skipped("chromium is not installed"))
    gate.add(skipped("redis-server is not installed"))

    assert gate.unexpected() == ["tests/test_pages.py::test_cart: redis-server is not installed"]


def test_a_developer_may_skip_with_any_reason() -> None:
    gate = SkipGate(allowed=[], strict=False)

    gate.add(skipped("redis-server is not installed"))

    assert gate.unexpected() == []


def test_an_expected_failure_is_no_skip() -> None:
    gate = SkipGate(allowed=[], strict=True)
    expected_failure = skipped("known")
    expected_failure.wasxfail = "known"

    gate.add(expected_failure)

    assert gate.unexpected() == []


def test_each_header_line_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "HEADER_LINES", [lambda: "kafka: a real one"])
    lines = HeaderLines()

    first = list(lines.take())
    report.HEADER_LINES.append(lambda: "mongodb: a real one")
    second = list(lines.take())

    assert (first, second) == (["kafka: a real one"], ["mongodb: a real one"])
