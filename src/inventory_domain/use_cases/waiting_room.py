"""Records that wait: one for its next try, and those of its order behind it."""

from collections import deque
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import islice

import attrs

from inventory_domain.records import Record, TopicPartition

__all__ = ["Delivery", "WaitingRoom"]


@attrs.frozen
class Delivery:
    """A record handed to a handler; *attempt* counts from 1, *first_failure_at* is of the first.

    *fault_count* tells how often in a row the handler has stumbled over it since: a fault of ours
    uses up none of its attempts, nor do they shorten the patience with faults.
    """

    record: Record
    attempt: int = 1
    first_failure_at: datetime | None = None
    fault_count: int = 0

    @property
    def tries(self) -> int:
        """How often it was tried with this one, whatever became of it."""
        return self.attempt + self.fault_count

    def again(self, now: datetime, *, is_fault: bool) -> "Delivery":
        """Return the next try, after one that failed at *now*."""
        first_at = self.first_failure_at or now
        if is_fault:
            return Delivery(self.record, self.attempt, first_at, self.fault_count + 1)
        return Delivery(self.record, self.attempt + 1, first_at)


class _Line:
    """The waiting records of one order; only the first is tried, when it is due."""

    __slots__ = ("deliveries", "due_at", "since")

    def __init__(self, head: Delivery, due_at: datetime, since: datetime) -> None:
        self.deliveries: deque[Delivery] = deque([head])
        self.due_at = due_at
        self.since = since

    def is_due(self, now: datetime) -> bool:
        # If the clock was set back nobody knows when it would be.
        return self.due_at <= now or now < self.since

    def begins_with(self, record: Record) -> bool:
        return self.deliveries[0].record is record

    def forget(self, record: Record) -> bool:
        kept = [one for one in self.deliveries if one.record is not record]
        was_there = len(kept) < len(self.deliveries)
        self.deliveries = deque(kept)
        return was_there


class WaitingRoom:
    """Keeps the order within each key while other keys go on."""

    def __init__(self) -> None:
        self._lines: dict[bytes, _Line] = {}

    def __len__(self) -> int:
        return sum(len(line.deliveries) for line in self._lines.values())

    @property
    def is_used(self) -> bool:
        """Whether anything waits."""
        return bool(self._lines)

    def next_due_at(self) -> datetime | None:
        """Return when the next record is due, or None if none waits."""
        return min([line.due_at for line in self._lines.values()], default=None)

    def take_due(self, now: datetime, count_max: int) -> list[Delivery]:
        """Return up to *count_max* records that are due; they stay at the head of their lines."""
        due = (line.deliveries[0] for line in self._lines.values() if line.is_due(now))
        return list(islice(due, count_max))

    def head(self, key: bytes | None) -> Delivery | None:
        """Return the record of *key* that waits for its next try."""
        line = None if key is None else self._lines.get(key)
        return None if line is None else line.deliveries[0]

    def join(self, record: Record) -> bool:
        """Put *record* behind those of its key that wait; False if none does."""
        line = None if record.key is None else self._lines.get(record.key)
        if line is None:
            return False
        line.deliveries.append(Delivery(record))
        return True

    def put_behind(self, delivery: Delivery) -> None:
        """Put *delivery* behind those of its key, unless it is among them already."""
        line = self._lines[_key(delivery.record)]
        if all(one.record is not delivery.record for one in line.deliveries):
            line.deliveries.append(delivery)

    def put(self, delivery: Delivery, due_at: datetime, now: datetime) -> None:
        """Let *delivery* wait until *due_at*, and what its key waits for already behind it."""
        key = _key(delivery.record)
        line = self._lines.get(key)
        if line is None:
            self._lines[key] = _Line(delivery, due_at, now)
            return
        if not line.begins_with(delivery.record):
            line.forget(delivery.record)
            line.deliveries.appendleft(delivery)
        line.deliveries[0] = delivery
        line.due_at, line.since = due_at, now

    def leave(self, record: Record, now: datetime) -> None:
        """Note that *record* has ended; the next of its line is due at once."""
        key = _key(record)
        line = self._lines.get(key)
        if line is None:
            return
        if not line.begins_with(record):
            # Behind one that overtook it and is to be tried again? If not it has itself overtaken
            # those that wait, and they may have nothing to wait for any more.
            if not line.forget(record):
                line.due_at = line.since = now
            return
        line.deliveries.popleft()
        line.due_at = line.since = now
        if not line.deliveries:
            del self._lines[key]

    def drop(self, lost: Collection[TopicPartition]) -> None:
        """Forget the records of *lost* partitions: they belong to somebody else now."""
        if not lost:
            return
        for key, line in list(self._lines.items()):
            kept = [one for one in line.deliveries if one.record.topic_partition not in lost]
            if not kept:
                del self._lines[key]
            elif len(kept) < len(line.deliveries):
                line.deliveries = deque(kept)

    def clear(self) -> None:
        """Forget everything."""
        self._lines.clear()

    def records(self) -> Iterable[Record]:
        """Return all that wait."""
        return [one.record for line in self._lines.values() for one in line.deliveries]


def _key(record: Record) -> bytes:
    # A record without a key has nobody behind it: its place in the log is its own line.
    if record.key is not None:
        return record.key
    return f"\0{record.topic}/{record.partition}/{record.offset}".encode()
