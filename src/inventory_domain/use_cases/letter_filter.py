"""Which dead letters: filters, and what a letter is found by."""

from datetime import datetime
from enum import StrEnum

import attrs

from inventory_domain.dead_letters import DeadLetter
from inventory_domain.records import Record, TopicPartition

__all__ = ["DeadLetterFilter", "LetterEntry", "LetterState", "message_mark"]


class LetterState(StrEnum):
    """What became of a dead letter."""

    OPEN = "open"
    SENT_BACK = "sent_back"


@attrs.frozen(kw_only=True)
class DeadLetterFilter:
    """Which dead letters: every filter given must hold; *topic* is the original one or its dlq.

    By default those that are still *open*; with None as *state* also those that were sent back.
    """

    topic: str | None = None
    reason: str | None = None
    order_id: str | None = None
    state: LetterState | None = LetterState.OPEN

    def matches(self, entry: "LetterEntry", *, is_open: bool) -> bool:
        """Tell whether the letter of *entry* passes."""
        return (
            (self.state is None or is_open is (self.state is LetterState.OPEN))
            and self.topic in (None, entry.origin, entry.place.topic)
            and self.reason in (None, entry.reason)
            and self.order_id in (None, entry.order_id)
        )


@attrs.frozen
class LetterEntry:
    """Where a dead letter lies, and what it is found by.

    *message* stands for its topic, key and bytes; *identity* also for the place and the try that
    it tells of, so that a letter that was written twice has it twice.
    """

    at: datetime
    place: TopicPartition
    offset: int
    origin: str
    reason: str
    order_id: str | None
    redrives: int
    message: int
    identity: int

    @classmethod
    def of(cls, letter: DeadLetter) -> "LetterEntry":
        """Return the entry of *letter*."""
        message = message_mark(letter.origin.topic, letter.record)
        return cls(
            at=letter.record.timestamp,
            place=letter.record.topic_partition,
            offset=letter.record.offset,
            origin=letter.origin.topic,
            reason=letter.failure.error_class,
            order_id=letter.order_id,
            redrives=letter.redrives,
            message=message,
            identity=hash((letter.origin, letter.offset, letter.redrives, message)),
        )


def message_mark(topic: str, record: Record) -> int:
    """Return what stands for a message: the same for its record in *topic* and for its letter."""
    return hash((topic, record.key, record.value))
