"""The root of all errors, and those that are about no order or product."""

from collections.abc import Mapping
from typing import ClassVar

import attrs

__all__ = [
    "BrokenMessage",
    "CommitRefused",
    "Contention",
    "DependencyUnavailable",
    "DomainError",
    "Forbidden",
    "InvalidRequest",
    "RecordTooLarge",
    "StockConflict",
]


@attrs.define(kw_only=True, str=False)
class DomainError(Exception):
    """The root of all refusals and failures that the domain knows."""

    code: ClassVar[str] = "domain_error"

    def message(self) -> str:
        """Return one sentence for the sender: what is wrong and what to do."""
        return self.code.replace("_", " ")

    def __str__(self) -> str:
        return self.message()


@attrs.define(kw_only=True, str=False)
class InvalidRequest(DomainError):
    """A request does not validate; *fields* names every bad field and its fault."""

    code: ClassVar[str] = "invalid_request"
    fields: Mapping[str, str]

    def message(self) -> str:
        return "Correct these fields and send again: " + ", ".join(sorted(self.fields)) + "."


@attrs.define(kw_only=True, str=False)
class Forbidden(DomainError):
    """The caller may not do this."""

    code: ClassVar[str] = "forbidden"
    reason: str = "This is not yours: ask somebody with the right to it."

    def message(self) -> str:
        return self.reason


@attrs.define(kw_only=True, str=False)
class BrokenMessage(DomainError):
    """A message that can never be processed."""

    code: ClassVar[str] = "broken_message"
    reason: str

    def message(self) -> str:
        return self.reason


@attrs.define(kw_only=True, str=False)
class StockConflict(DomainError):
    """A guard of a stock change no longer holds; nothing was written. Load and decide again."""

    code: ClassVar[str] = "stock_conflict"


@attrs.define(kw_only=True, str=False)
class Contention(DomainError):
    """Others won every one of a bounded number of tries; nothing was written."""

    code: ClassVar[str] = "contention"
    tries: int

    def message(self) -> str:
        return "Many are changing the same thing at this moment: try again shortly."


@attrs.define(kw_only=True, str=False)
class CommitRefused(DomainError):
    """The event log refused an offset commit: the partitions belong to another member now."""

    code: ClassVar[str] = "commit_refused"


@attrs.define(kw_only=True, str=False)
class DependencyUnavailable(DomainError):
    """A store or the broker is away or does not answer; whether a write arrived is unknown."""

    code: ClassVar[str] = "dependency_unavailable"
    dependency: str
    reason: str = ""

    def message(self) -> str:
        return f"The {self.dependency} does not answer at the moment: try again shortly."


@attrs.define(kw_only=True, str=False)
class RecordTooLarge(DependencyUnavailable):
    """The event log never takes a record of this size. To whoever knows no better, an outage."""
