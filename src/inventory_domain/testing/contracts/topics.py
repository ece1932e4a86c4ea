"""Topics for one test."""

from collections.abc import Awaitable
from typing import Protocol

__all__ = ["MakeTopics"]


class MakeTopics(Protocol):
    """Makes topics that nobody used before."""

    def __call__(self, count: int, *, partitions: int) -> Awaitable[tuple[str, ...]]:
        """Return the names of *count* new topics, each with so many partitions."""
