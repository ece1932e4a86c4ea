"""The trace of a history: what happened, when and where, the same every time for one seed."""

import hashlib
from collections.abc import Iterator
from typing import Protocol

__all__ = ["Trace"]

_PLACE_WIDTH = 12


class Time(Protocol):
    """What says how late it is."""

    now_us: int


class Trace:
    """Lines about a history. They become text only when somebody asks, which is rare."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._entries: list[tuple[int, str, str, tuple[object, ...]]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, place: str, what: str, *details: object) -> None:
        """Note that *what* happened at *place*."""
        self._entries.append((self._time.now_us, place, what, details))

    def lines(self) -> Iterator[str]:
        """Return the lines for people."""
        for at_us, place, what, details in self._entries:
            told = " ".join(str(detail) for detail in details)
            line = f"{at_us / 1_000_000:11.6f}  {place:<{_PLACE_WIDTH}} {what} {told}"
            yield line.rstrip()

    @property
    def hash(self) -> str:
        """The SHA-256 of all lines."""
        digest = hashlib.sha256()
        for line in self.lines():
            digest.update(line.encode())
            digest.update(b"\n")
        return digest.hexdigest()
