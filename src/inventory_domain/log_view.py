"""What an onlooker sees of the event log."""

from collections.abc import Mapping
from datetime import datetime

import attrs

from inventory_domain.records import TopicPartition

__all__ = ["GroupInfo", "MemberInfo", "PartitionInfo", "TopicInfo"]


@attrs.frozen(kw_only=True)
class PartitionInfo:
    """A partition: *begin* is the first offset kept, *end* the one that the next record gets."""

    partition: int
    begin: int
    end: int


@attrs.frozen(kw_only=True)
class TopicInfo:
    """A topic with its partitions, in their order."""

    name: str
    partitions: tuple[PartitionInfo, ...]


@attrs.frozen(kw_only=True)
class MemberInfo:
    """A member of a group and the partitions it was given."""

    member_id: str
    assigned: tuple[TopicPartition, ...]


@attrs.frozen(kw_only=True)
class GroupInfo:
    """A consumer group.

    *state* is in Kafka's words: ``Stable``, ``PreparingRebalance``, ``Empty`` ... *committed*
    holds the next offset to read of each partition; lag is the partition's end minus it.
    *committed_at* says when that was said, where the log knows it.
    """

    name: str
    state: str
    members: tuple[MemberInfo, ...]
    committed: Mapping[TopicPartition, int]
    committed_at: Mapping[TopicPartition, datetime]
