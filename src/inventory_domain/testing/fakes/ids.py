"""Ids in sequence, so that a failing test reads the same every time."""

from collections.abc import Sequence
from datetime import datetime
from itertools import cycle

from inventory_domain.times import to_milliseconds

__all__ = ["SequentialIds"]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SUFFIX_LENGTH = 4


class SequentialIds:
    """``id-000001``, ``id-000002``, and so on; *jitters* come round and round.

    Two sources need two prefixes, or they give the same ids.
    """

    def __init__(self, prefix: str = "id", jitters: Sequence[float] = (0.5,)) -> None:
        self._prefix = prefix
        self._id_count = 0
        self._number_count = 0
        self._jitters = cycle(jitters)

    def new_id(self) -> str:
        """Return the next id."""
        self._id_count += 1
        return f"{self._prefix}-{self._id_count:06d}"

    def order_number(self, now: datetime) -> str:
        """Return a number of the usual form that ends in the count so far, in base 36."""
        self._number_count += 1
        rest, suffix = self._number_count, ""
        for _ in range(_SUFFIX_LENGTH):
            rest, digit = divmod(rest, len(_DIGITS))
            suffix = _DIGITS[digit] + suffix
        return f"ORD-{to_milliseconds(now):013d}-{suffix}"

    def jitter(self) -> float:
        """Return the next of the jitters."""
        return next(self._jitters)
