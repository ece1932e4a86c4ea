"""How far a consumer has come in its partitions: what may be committed, and what may not."""

from collections.abc import Iterable, Mapping, Sequence

from inventory_domain.records import Record, TopicPartition

__all__ = ["Progress"]


class _Partition:
    __slots__ = ("assignment", "committed", "next_offset", "open")

    def __init__(self, assignment: int) -> None:
        self.assignment = assignment
        self.open: set[int] = set()
        self.next_offset: int | None = None
        self.committed: int | None = None


class Progress:
    """The open records of each partition; offsets are committed up to the first open one.

    A member owns many partitions and few have news at a time: those are kept apart, so that a
    batch costs what is in it.
    """

    def __init__(self) -> None:
        self._assigned: dict[TopicPartition, int] = {}
        self._partitions: dict[TopicPartition, _Partition] = {}
        self._busy: dict[TopicPartition, _Partition] = {}
        self._moved: dict[TopicPartition, _Partition] = {}

    def follow(self, assigned: Mapping[TopicPartition, int]) -> set[TopicPartition]:
        """Adopt *assigned* and return the partitions whose past no longer counts."""
        if assigned == self._assigned:
            return set()
        self._assigned = dict(assigned)
        lost = {
            at for at, known in self._partitions.items() if assigned.get(at) != known.assignment
        }
        for at in lost:
            del self._partitions[at]
            self._busy.pop(at, None)
            self._moved.pop(at, None)
        return lost

    def forget(self) -> None:
        """Drop everything: all that was not committed will come again."""
        self._partitions.clear()
        self._busy.clear()
        self._moved.clear()

    def begin(self, records: Sequence[Record]) -> None:
        """Note that *records* are being worked on."""
        for record in records:
            at = record.topic_partition
            partition = self._partitions.get(at)
            if partition is None:
                partition = self._partitions[at] = _Partition(self._assigned[at])
            partition.open.add(record.offset)
            partition.next_offset = record.offset + 1
            self._busy[at] = self._moved[at] = partition

    def end(self, record: Record) -> None:
        """Note that *record* has ended."""
        at = record.topic_partition
        partition = self._partitions.get(at)
        if partition is not None:
            partition.open.discard(record.offset)
            self._moved[at] = partition
            if not partition.open:
                self._busy.pop(at, None)

    def committable(self) -> dict[TopicPartition, int]:
        """Return the offsets that may be committed and are not: never past an open record."""
        offsets = {}
        for at, partition in self._moved.items():
            offset = min(partition.open) if partition.open else partition.next_offset
            if offset is not None and offset != partition.committed:
                offsets[at] = offset
        return offsets

    def note_committed(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Note that *offsets* were committed."""
        for at, offset in offsets.items():
            self._partitions[at].committed = offset
        self._moved.clear()

    def crowded(self, open_count_max: int) -> Iterable[TopicPartition]:
        """Return the partitions with at least *open_count_max* open records."""
        return [at for at, known in self._busy.items() if len(known.open) >= open_count_max]
