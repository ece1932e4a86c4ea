"""The partitions as this process knows them, with the records that it need not read again."""

from collections import deque
from collections.abc import Iterable, Sequence

from adapters.embedded.log_tables import Appended, Layout, PartitionRow, layout_of
from adapters.embedded.packing import Content, make_records
from inventory_domain.records import Record, TopicPartition

__all__ = ["LogPartition", "LogPartitions", "Stretch"]

Stretch = tuple[int, int, Sequence[Content]]
"""Base offset, time in milliseconds, and contents that follow each other."""

_TAIL_COUNT_MAX = 5_000
_TAIL_BYTES_MAX = 4 * 1024 * 1024


class LogPartition:
    """One partition: its bounds, and a stretch of its records that is kept in memory.

    The stretch is what was published lately or read ahead, one piece without a gap. It grows
    at its end while it is within its bounds; what does not fit is read from the file later.
    """

    def __init__(self, at: TopicPartition, number: int, begin: int, end: int) -> None:
        self.at = at
        self.number = number
        self.begin = begin
        self.end = end
        self.readers: dict[str, int] = {}
        self._tail: deque[Stretch] = deque()
        self._count = 0
        self._bytes = 0

    def grow(self, stretch: Stretch, size: int) -> None:
        """Take note of records that were appended."""
        base, _, contents = stretch
        self.end = max(self.end, base + len(contents))
        fits = self._count < _TAIL_COUNT_MAX and self._bytes < _TAIL_BYTES_MAX
        if self.readers and fits and (not self._tail or self._tail_end() == base):
            self._tail.append(stretch)
            self._count += len(contents)
            self._bytes += size

    def refill(self, stretches: Iterable[Stretch]) -> None:
        """Keep what was read from the file instead of what was kept before."""
        self._tail = deque(stretches)
        self._count = sum(len(contents) for _, _, contents in self._tail)
        self._bytes = 0

    def has(self, start: int) -> bool:
        """Tell whether the record at *start* is in memory."""
        return bool(self._tail) and self._tail[0][0] <= start < self._tail_end()

    def take(self, start: int, count_max: int) -> list[Record]:
        """Return records from *start* on as far as they are in memory."""
        records: list[Record] = []
        for base, at, contents in self._tail:
            start = max(start, base)  # retention may have taken what was before
            skipped = start - base
            if skipped >= len(contents):
                continue
            wanted = count_max - len(records)
            if skipped or wanted < len(contents):
                contents = contents[skipped : skipped + wanted]  # noqa: PLW2901 - a part of it
            records += make_records(self.at, start, contents, at)
            start += len(contents)
            if len(records) >= count_max:
                break
        return records

    def forget(self, group: str, position: int) -> None:
        """Let go of what every group that reads here has been given."""
        self.readers[group] = position
        floor = min(self.readers.values())
        while self._tail and self._tail[0][0] + len(self._tail[0][2]) <= floor:
            self._count -= len(self._tail.popleft()[2])
        if not self._tail:
            self._bytes = 0

    def _tail_end(self) -> int:
        base, _, contents = self._tail[-1]
        return base + len(contents)


class LogPartitions:
    """All partitions, by topic and by number."""

    def __init__(self) -> None:
        self.layout: Layout = {}
        self._by_number: dict[int, LogPartition] = {}
        self._by_place: dict[TopicPartition, LogPartition] = {}

    def get(self, at: TopicPartition) -> LogPartition:
        """Return one partition, which must be there."""
        return self._by_place[at]

    def counts(self, topics: Iterable[str]) -> dict[str, int]:
        """Return the number of partitions of each topic."""
        return {topic: len(self.layout[topic]) for topic in topics}

    def begin(self, at: TopicPartition) -> int:
        """Return the first offset kept."""
        return self._by_place[at].begin

    def add_reader(self, group: str, topics: Iterable[str]) -> None:
        """Keep in memory what *group* is about to read of *topics*."""
        for topic in topics:
            for number in self.layout[topic]:
                partition = self._by_number[number]
                partition.readers.setdefault(group, partition.begin)

    def remove_reader(self, group: str) -> None:
        """Keep nothing for *group* any more."""
        for partition in self._by_number.values():
            partition.readers.pop(group, None)

    def note_rows(self, rows: Sequence[PartitionRow]) -> set[str]:
        """Take over what the file says; return the topics that have grown."""
        grown: set[str] = set()
        for topic, partition, number, begin, end in rows:
            known = self._by_number.get(number)
            if known is None:
                known = LogPartition(TopicPartition(topic, partition), number, begin, begin)
                self._by_number[number] = self._by_place[known.at] = known
            known.begin = max(known.begin, begin)
            if end > known.end:
                known.end = end
                grown.add(topic)
        # Replaced as a whole: the writer's thread may be looking at the one before.
        self.layout = layout_of(rows)
        return grown

    def note_appended(self, appended: Appended) -> set[str]:
        """Take over what this process appended; return the topics that have grown."""
        grown = set()
        for batch in appended.batches:
            partition = self._by_number.get(batch.number)
            if partition is not None:
                partition.grow((batch.base, appended.at, batch.contents), batch.size)
                grown.add(partition.at.topic)
        return grown
