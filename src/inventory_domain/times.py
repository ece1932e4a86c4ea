"""Instants on the wire: ISO 8601, UTC, milliseconds, ``2026-01-31T12:00:00.000Z``."""

from datetime import UTC, datetime
from functools import lru_cache

__all__ = ["format_time", "parse_time", "to_milliseconds"]


# A batch says the same instant in hundreds of messages.
@lru_cache(maxsize=1024)
def format_time(at: datetime) -> str:
    """Return *at* (aware) as ISO 8601 in UTC with milliseconds."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def parse_time(text: object) -> datetime:
    """Read an ISO 8601 instant; one without an offset is taken as UTC.

    Raises:
        ValueError: *text* is no instant.
    """
    if not isinstance(text, str):
        raise ValueError("must be an ISO 8601 time")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be an ISO 8601 time") from None
    try:
        if at.tzinfo is not UTC:
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie between the years 1 and 9999 in UTC") from None
    rest = at.microsecond % 1000
    return at.replace(microsecond=at.microsecond - rest) if rest else at


def to_milliseconds(at: datetime) -> int:
    """Return the milliseconds between the Unix epoch and *at*."""
    return round(at.timestamp() * 1000)
