"""Lag: what a consumer group has not committed yet, counted from an onlooker's view of the log."""

from collections.abc import Collection, Mapping, Sequence

import attrs

from inventory_domain.log_view import GroupInfo, PartitionInfo, TopicInfo
from inventory_domain.records import TopicPartition

__all__ = ["PartitionLag", "group_lag", "group_topics", "message_count"]


@attrs.frozen(kw_only=True)
class PartitionLag:
    """How far a group is behind in one partition.

    ``position`` is the next offset that the group has not committed, or the first one kept.
    """

    at: TopicPartition
    position: int
    end: int

    @property
    def messages(self) -> int:
        """How many records it has not committed."""
        return self.end - self.position


def message_count(topic: TopicInfo) -> int:
    """Return how many records *topic* keeps."""
    return sum(partition.end - partition.begin for partition in topic.partitions)


def group_topics(group: GroupInfo, reads: Collection[str] = ()) -> frozenset[str]:
    """Return the topics of *group*: those it *reads*, was given partitions of, or committed."""
    assigned = {at.topic for member in group.members for at in member.assigned}
    return frozenset({*reads, *assigned, *(at.topic for at in group.committed)})


def group_lag(
    group: GroupInfo, topics: Sequence[TopicInfo], reads: Collection[str] = ()
) -> tuple[PartitionLag, ...]:
    """Return the lag of *group* in every partition of its topics."""
    wanted = group_topics(group, reads)
    return tuple(
        _partition_lag(TopicPartition(topic.name, partition.partition), partition, group.committed)
        for topic in topics
        if topic.name in wanted
        for partition in topic.partitions
    )


def _partition_lag(
    at: TopicPartition, partition: PartitionInfo, committed: Mapping[TopicPartition, int]
) -> PartitionLag:
    # A commit may be older than what is kept; one seen after the end was read may be ahead of it.
    position = max(committed.get(at, partition.begin), partition.begin)
    return PartitionLag(at=at, position=min(position, partition.end), end=partition.end)
