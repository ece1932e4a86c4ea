"""The broker behind the memory event logs: partitions and groups, which outlive every client."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import count

from inventory_domain.errors import RecordTooLarge
from inventory_domain.partitioning import partition_for
from inventory_domain.ports import Clock
from inventory_domain.records import OutgoingRecord, Record, TopicPartition, byte_count
from inventory_domain.testing.fakes.groups import Group

__all__ = ["PARTITION_COUNT", "MemoryBroker"]

PARTITION_COUNT = 3
"""How many partitions a topic gets that is not created with another number."""


# The same few orders are written about again and again.
_partition_for = lru_cache(maxsize=4096)(partition_for)


class _Partition:
    def __init__(self) -> None:
        self.begin = 0
        self.records: list[Record] = []

    @property
    def end(self) -> int:
        return self.begin + len(self.records)


class MemoryBroker:
    """Topics, records, groups and commits: what stays when the clients of it die.

    Any number of event logs can be opened on it at once, one a simulated process. A topic is
    there as soon as it is named, with *partition_count* partitions unless created otherwise.
    Each of ``watchers`` is shown every record as soon as it is durable. A record of more than
    *record_bytes_max* is refused.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        partition_count: int = PARTITION_COUNT,
        record_bytes_max: int | None = None,
    ) -> None:
        self.clock = clock
        self.groups: dict[str, Group] = {}
        self.watchers: list[Callable[[Record], None]] = []
        self._partition_count = partition_count
        self._record_bytes_max = record_bytes_max
        self._topics: dict[str, list[_Partition]] = {}
        self._keyless_count = count()
        self._member_count = count(1)

    @property
    def topic_names(self) -> list[str]:
        """Every topic, sorted."""
        return sorted(self._topics)

    def create_topic(self, topic: str, partition_count: int) -> None:
        """Make *topic* with so many partitions; it must not be there yet."""
        assert topic not in self._topics, f"topic {topic} is there already"
        self._topics[topic] = [_Partition() for _ in range(partition_count)]

    def partitions_of(self, topic: str) -> list[TopicPartition]:
        """Return the partitions of *topic*, which is made if it is not there."""
        return [TopicPartition(topic, number) for number in range(len(self._partitions(topic)))]

    def _partitions(self, topic: str) -> list[_Partition]:
        if topic not in self._topics:
            self.create_topic(topic, self._partition_count)
        return self._topics[topic]

    def begin(self, at: TopicPartition) -> int:
        """Return the first offset kept."""
        return self._topics[at.topic][at.partition].begin

    def end(self, at: TopicPartition) -> int:
        """Return the offset that the next record gets."""
        return self._topics[at.topic][at.partition].end

    def append(self, outgoing: OutgoingRecord) -> None:
        """Put one record behind the others of its partition, and wake who waits for it."""
        if self._record_bytes_max is not None and byte_count(outgoing) > self._record_bytes_max:
            raise RecordTooLarge(dependency="event log")
        partitions = self._partitions(outgoing.topic)
        if outgoing.key is None:
            number = next(self._keyless_count) % len(partitions)
        else:
            number = _partition_for(outgoing.key, len(partitions))
        stored = partitions[number]
        record = Record(
            topic=outgoing.topic,
            partition=number,
            offset=stored.end,
            key=outgoing.key,
            value=outgoing.value,
            headers=tuple(outgoing.headers),
            timestamp=self.clock.now(),
        )
        stored.records.append(record)
        for watch in self.watchers:
            watch(record)
        for group in self.groups.values():
            group.wake(record.topic_partition)

    def read(self, at: TopicPartition, start: int, count_max: int) -> Sequence[Record]:
        """Return up to *count_max* records from *start* on, or from the first kept."""
        partitions = self._topics.get(at.topic, [])
        if at.partition >= len(partitions):
            return ()
        stored = partitions[at.partition]
        first = max(start - stored.begin, 0)
        return stored.records[first : first + count_max]

    def forget(self, at: TopicPartition, before: int) -> None:
        """Drop the records before an offset, as retention does."""
        stored = self._topics[at.topic][at.partition]
        dropped = max(before - stored.begin, 0)
        del stored.records[:dropped]
        stored.begin += dropped

    def group(self, name: str) -> Group:
        """Return the group *name*, which is made if it is not there."""
        if name not in self.groups:
            self.groups[name] = Group(name, self)
        return self.groups[name]

    def new_member_id(self) -> str:
        """Return an id for one more member; later ones sort behind earlier ones."""
        return f"member-{next(self._member_count):06d}"

    def partition_counts(self, topics: Iterable[str]) -> dict[str, int]:
        """Return the number of partitions of each topic."""
        return {topic: len(self._partitions(topic)) for topic in topics}
