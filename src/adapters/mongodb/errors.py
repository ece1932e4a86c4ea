"""What the drivers' errors mean to the domain."""

from pymongo.errors import (
    BulkWriteError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from inventory_domain.errors import DependencyUnavailable, StockConflict

__all__ = ["DUPLICATE_KEY", "DocumentRefused", "NoServer", "meaning", "refusal_code"]

DUPLICATE_KEY = 11000
_WRITE_CONFLICT = 112
_TRANSIENT = "TransientTransactionError"
# The server understood the command and will never do it: a fault of ours, not an outage.
_REFUSALS = frozenset({2, 9, 14, 121, 10334, 17280})


class NoServer(DependencyUnavailable):
    """No server that the connection string describes could be found in time."""


class DocumentRefused(Exception):
    """The database's rules refuse what was about to be stored; nothing of it was."""


def meaning(error: PyMongoError, dependency: str, *, can_conflict: bool) -> Exception:
    """Return what to raise in place of *error*, which *dependency* gave.

    Where there are no rivals, what is given up for one is an outage.
    """
    if isinstance(error, BulkWriteError):
        codes = {fault["code"] for fault in error.details["writeErrors"]}
    else:
        codes = {error.code} if isinstance(error, OperationFailure) else set()
    if can_conflict and _is_conflict(error, codes):
        return StockConflict()
    if codes & _REFUSALS:
        return DocumentRefused(str(error))
    kind = NoServer if isinstance(error, ServerSelectionTimeoutError) else DependencyUnavailable
    return kind(dependency=dependency, reason=str(error))


def refusal_code(error: DependencyUnavailable) -> int | None:
    """Return the code with which the server refused a command, None: it did not."""
    cause = error.__cause__
    # What it gave up only this time is no refusal.
    if isinstance(cause, OperationFailure) and not cause.has_error_label(_TRANSIENT):
        return cause.code
    return None


def _is_conflict(error: PyMongoError, codes: set[int | None]) -> bool:
    if codes & {DUPLICATE_KEY, _WRITE_CONFLICT}:
        return True
    # An outage has the same label, but deciding again at once would not help it.
    return (
        isinstance(error, OperationFailure)
        and error.has_error_label(_TRANSIENT)
        and not error.has_error_label("UnknownTransactionCommitResult")
    )
