"""Which partition a record goes to, and which member of a group reads it: as Kafka has it.

Both are part of what keeps an order's messages in their order: every client must put one key
into the same partition, and one member must own the same partition number of every topic.
"""

import struct
from collections.abc import Collection, Mapping

from inventory_domain.records import TopicPartition

__all__ = ["murmur2", "partition_for", "range_assignment"]

_SEED = 0x9747B28C
_FACTOR = 0x5BD1E995
_MASK = 0xFFFFFFFF
_SIGN = 0x80000000


def murmur2(data: bytes) -> int:
    """Return Kafka's 32-bit murmur2 of *data*, signed as Java has it."""
    length = len(data)
    words = length // 4
    mixed = _SEED ^ length
    for word in struct.unpack_from(f"<{words}I", data):
        scrambled = word * _FACTOR & _MASK
        scrambled = (scrambled ^ scrambled >> 24) * _FACTOR & _MASK
        mixed = mixed * _FACTOR & _MASK ^ scrambled
    if length % 4:
        rest = int.from_bytes(data[words * 4 :], "little")
        mixed = (mixed ^ rest) * _FACTOR & _MASK
    mixed = (mixed ^ mixed >> 13) * _FACTOR & _MASK
    mixed ^= mixed >> 15
    return mixed - (mixed & _SIGN) * 2


def partition_for(key: bytes, count: int) -> int:
    """Return the partition of *key* in a topic of *count* partitions."""
    return (murmur2(key) & 0x7FFFFFFF) % count


def range_assignment(
    subscribed: Mapping[str, Collection[str]], counts: Mapping[str, int]
) -> dict[str, tuple[TopicPartition, ...]]:
    """Share out the partitions of every topic in ranges over the members that subscribed to it.

    *subscribed* names each member's topics, *counts* each topic's number of partitions. The
    members are taken in the order of their ids, so topics with as many partitions and the same
    members are cut alike: partition N of each goes to one member.
    """
    shares: dict[str, list[TopicPartition]] = {member: [] for member in sorted(subscribed)}
    for topic, count in sorted(counts.items()):
        readers = [member for member in shares if topic in subscribed[member]]
        start = 0
        for position, member in enumerate(readers):
            size = count // len(readers) + (position < count % len(readers))
            shares[member].extend(TopicPartition(topic, start + step) for step in range(size))
            start += size
    return {member: tuple(share) for member, share in shares.items()}
