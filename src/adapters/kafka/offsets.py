"""Where partitions begin and end, asked without being in any group."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping

from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import for_code
from aiokafka.protocol.offset import OffsetRequest, OffsetResetStrategy

from adapters.kafka.records import to_driver_partition
from inventory_domain.records import TopicPartition

__all__ = ["READABLE", "WRITTEN", "partition_bounds"]

WRITTEN = 0
"""The end is where the next record will be written."""
READABLE = 1
"""The end is where a reader has to stop, since a transaction is under way from there on."""

_NO_REPLICA = -1


async def partition_bounds(
    client: AIOKafkaClient,
    cluster: ClusterMetadata,
    partitions: Collection[TopicPartition],
    isolation: int,
) -> Mapping[TopicPartition, tuple[int, int]]:
    """Return the first offset kept and the end of each partition that has a leader now."""
    by_leader: defaultdict[int, list[TopicPartition]] = defaultdict(list)
    for at in partitions:
        leader = cluster.leader_for_partition(to_driver_partition(at))
        if leader is not None and leader >= 0:
            by_leader[leader].append(at)
    begins: dict[TopicPartition, int] = {}
    ends: dict[TopicPartition, int] = {}
    for leader, its in by_leader.items():
        begun, ended = await asyncio.gather(
            _ask(client, leader, its, OffsetResetStrategy.EARLIEST, isolation),
            _ask(client, leader, its, OffsetResetStrategy.LATEST, isolation),
        )
        begins.update(begun)
        ends.update(ended)
    return {at: (begins[at], ends[at]) for at in begins}


async def _ask(
    client: AIOKafkaClient,
    leader: int,
    partitions: Collection[TopicPartition],
    which: int,
    isolation: int,
) -> Mapping[TopicPartition, int]:
    by_topic: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for topic, partition in partitions:
        by_topic[topic].append((partition, which))
    request = OffsetRequest(_NO_REPLICA, isolation, list(by_topic.items()))
    response = await client.send(leader, request)
    offsets = {}
    for topic, answers in response.topics:
        for partition, code, _timestamp, offset in answers:
            if code:
                raise for_code(code)(f"{topic}-{partition}")
            offsets[TopicPartition(topic, partition)] = offset
    return offsets
