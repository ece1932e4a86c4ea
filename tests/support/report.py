"""What a test run says about itself: its servers, and what it could not run."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import attrs
import pytest

HEADER_LINES: list[Callable[[], str]] = []
"""Called once each for the head of the report; a test package appends what it has to say."""

EXPECTED_SKIPS = Path(__file__).parent.parent / "expected_skips.txt"

# What pytest itself says where nobody gave a reason.
_NO_REASON = frozenset({"", "unconditional skip", "<Skipped instance>"})


class HeaderLines:
    """Gives every line of the head once, however late it was appended."""

    def __init__(self) -> None:
        self._said = 0

    def take(self) -> Iterator[str]:
        """Yield the lines that were appended since the last call."""
        while self._said < len(HEADER_LINES):
            line = HEADER_LINES[self._said]
            self._said += 1
            yield line()


@attrs.frozen
class Skip:
    where: str
    reason: str


class SkipGate:
    """Collects skips, and says which of them must not pass in silence.

    A skip without a reason never passes. A strict gate refuses every reason that no pattern of
    the allow-list is found in as well.
    """

    def __init__(self, *, allowed: Iterable[re.Pattern[str]], strict: bool) -> None:
        self._allowed = tuple(allowed)
        self._strict = strict
        self._skips: list[Skip] = []

    def add(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """Remember *report* if it is a skip; an expected failure is none."""
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        detail = report.longrepr
        text = str(detail[2] if isinstance(detail, tuple) else detail or "")
        reason = text.removeprefix("Skipped:").strip()
        self._skips.append(Skip(where=report.nodeid, reason=reason))

    def unexpected(self) -> list[str]:
        """Return a line for every skip that fails the run."""
        return [line for skip in self._skips if (line := self._judge(skip))]

    def _judge(self, skip: Skip) -> str:
        if skip.reason in _NO_REASON:
            return f"{skip.where}: skipped without a reason"
        if self._strict and not any(pattern.search(skip.reason) for pattern in self._allowed):
            return f"{skip.where}: {skip.reason}"
        return ""


def read_allowed_skips(text: str) -> list[re.Pattern[str]]:
    """Read an allow-list: one regular expression a line, with # comments and empty lines."""
    lines = (line.strip() for line in text.splitlines())
    return [re.compile(line) for line in lines if line and not line.startswith("#")]
