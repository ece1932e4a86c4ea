"""What every test run has: Hypothesis profiles, a head that names the servers, a gate for skips."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.support.report import EXPECTED_SKIPS, HeaderLines, SkipGate, read_allowed_skips

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}

# A deadline would make a busy machine's pauses look like faults.
settings.register_profile("fast", max_examples=50, deadline=None)
settings.register_profile(
    "ci",
    max_examples=200,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if IN_CI else "fast"))


class RunReport:
    """The run's own words, before its tests and after them."""

    def __init__(self) -> None:
        self._header = HeaderLines()
        self._gate = SkipGate(
            allowed=read_allowed_skips(EXPECTED_SKIPS.read_text(encoding="utf-8")), strict=IN_CI
        )

    def pytest_report_header(self) -> list[str]:
        return list(self._header.take())

    def pytest_report_collectionfinish(self) -> list[str]:
        # A package below tests/ is imported after the head was printed; its lines come here.
        return list(self._header.take())

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._gate.add(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._gate.add(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK and self._gate.unexpected():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        lines = self._gate.unexpected()
        if not lines:
            return
        terminalreporter.section("skips that fail this run", red=True)
        for line in lines:
            terminalreporter.write_line(line)
        terminalreporter.write_line(f"Expected ones are listed in tests/{EXPECTED_SKIPS.name}.")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(RunReport(), "run-report")
