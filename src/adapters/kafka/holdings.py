"""What a member holds at the moment, and from where each partition would be read again."""

import asyncio
from collections.abc import Iterable, Mapping

from inventory_domain.records import TopicPartition

__all__ = ["Holdings"]


class Holdings:
    """A member's partitions with the numbers of their assignments.

    *owned* is None while there is no assignment. *starts* are the offsets to go back to: those
    of the first records that came, or of the commit since; so going back needs no broker.
    *rewinds* counts how often that was done.
    """

    def __init__(self) -> None:
        self.owned: Mapping[TopicPartition, int] | None = None
        self.starts: dict[TopicPartition, int] = {}
        self.rewinds = 0
        self.assigned = asyncio.Event()

    def number_of(self, at: TopicPartition) -> int | None:
        """Return the number under which *at* is held, None if it is not."""
        return None if self.owned is None else self.owned.get(at)

    def gain(self, partitions: Iterable[TopicPartition], number: int) -> None:
        """Hold *partitions* alone, under a new number."""
        self.owned = dict.fromkeys(partitions, number)
        self.assigned.set()

    def revoke(self) -> None:
        """Let go of everything, since a new assignment is on its way."""
        self.distrust()
        self.starts.clear()
        self.assigned.clear()

    def distrust(self) -> None:
        """Take nothing for held any more: the group has gone on without this member."""
        self.owned = None
