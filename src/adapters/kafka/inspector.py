"""A look at Kafka from outside, read-only, in no group."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.errors import KafkaError, for_code

from adapters.kafka.connections import Connections
from adapters.kafka.errors import DRIVER_ERRORS, unavailable
from adapters.kafka.offsets import READABLE, WRITTEN, partition_bounds
from adapters.kafka.records import from_driver, to_driver_partition, to_record
from adapters.kafka.settings import KafkaSettings
from inventory_domain.log_view import GroupInfo, MemberInfo, PartitionInfo, TopicInfo
from inventory_domain.records import Record, TopicPartition, byte_count

__all__ = ["KafkaInspector"]

_Answer = TypeVar("_Answer")

_POLL_MS = 200
_BYTES_MAX = 8 * 1024 * 1024
# What was fetched is unpacked by so many: packed, a few bytes may hold very large records.
_UNPACK_COUNT_MAX = 8
_RETRY_PAUSE_SECONDS = 0.1
# Kafka Connect and others share out by the same means what is no partitions. Without a type are
# groups that only commit.
_GROUP_TYPES = frozenset({"consumer", ""})


class KafkaInspector:
    """Keeps the promises of ``ports.LogInspector``; to be closed by :meth:`aclose`.

    It connects when it is first asked, and anew after an error. Kafka does not tell when an
    offset was committed.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._opening = asyncio.Lock()
        self._connections: Connections | None = None

    async def topics(self) -> Sequence[TopicInfo]:
        return await self._ask(_topics)

    async def groups(self) -> Sequence[GroupInfo]:
        return await self._ask(_groups)

    async def read(self, at: TopicPartition, *, start: int, count_max: int) -> Sequence[Record]:
        return await self._ask(partial(_read, at=at, start=start, count_max=count_max))

    async def aclose(self) -> None:
        """Disconnect."""
        connections, self._connections = self._connections, None
        if connections is not None:
            await connections.aclose()

    async def _ask(self, question: Callable[[Connections], Awaitable[_Answer]]) -> _Answer:
        """Return the answer to *question*, asked again while leaders and coordinators move."""
        connections = await self._open()
        try:
            async with asyncio.timeout(self._settings.inspect_seconds_max):
                while True:
                    try:
                        return await question(connections)
                    except KafkaError as error:
                        if not error.retriable:
                            raise
                    await asyncio.sleep(_RETRY_PAUSE_SECONDS)
        except DRIVER_ERRORS as error:
            if self._connections is connections:
                self._connections = None
                await connections.aclose()
            raise unavailable(self._settings, "does not answer", error) from error

    async def _open(self) -> Connections:
        async with self._opening:
            if self._connections is None:
                self._connections = await Connections.open(self._settings)
            return self._connections


async def _topics(connections: Connections) -> Sequence[TopicInfo]:
    cluster = await connections.client.fetch_all_metadata()
    names = sorted(cluster.topics())
    partitions = [
        TopicPartition(name, number)
        for name in names
        for number in sorted(cluster.partitions_for_topic(name) or ())
    ]
    bounds = await partition_bounds(connections.client, cluster, partitions, WRITTEN)
    return [_topic_info(name, partitions, bounds) for name in names]


async def _groups(connections: Connections) -> Sequence[GroupInfo]:
    admin = connections.admin
    listed = await admin.list_consumer_groups()
    names = sorted(name for name, group_type in listed if group_type in _GROUP_TYPES)
    return await asyncio.gather(*(_group_info(admin, name) for name in names))


async def _read(
    connections: Connections, *, at: TopicPartition, start: int, count_max: int
) -> Sequence[Record]:
    cluster = await connections.client.fetch_all_metadata()
    bounds = await partition_bounds(connections.client, cluster, [at], READABLE)
    begin, end = bounds.get(at, (0, 0))
    start = max(start, begin)
    if count_max <= 0 or start >= end:
        return []
    async with connections.reading:
        return await _read_until(end, connections.reader, at, start, count_max)


async def _read_until(
    end: int, reader: AIOKafkaConsumer, at: TopicPartition, start: int, count_max: int
) -> Sequence[Record]:
    partition = to_driver_partition(at)
    reader.assign([partition])
    records: list[Record] = []
    size = 0
    try:
        reader.seek(partition, start)
        # The last offsets may hold no records but the marks of transactions.
        while (
            len(records) < count_max
            and size < _BYTES_MAX
            and await reader.position(partition) < end
        ):
            count = min(count_max - len(records), _UNPACK_COUNT_MAX)
            found = await reader.getmany(timeout_ms=_POLL_MS, max_records=count)
            new = [to_record(one) for part in found.values() for one in part]
            records.extend(new)
            size += sum(map(byte_count, new))
    finally:
        reader.unsubscribe()
    return records


def _topic_info(
    name: str,
    partitions: Sequence[TopicPartition],
    bounds: Mapping[TopicPartition, tuple[int, int]],
) -> TopicInfo:
    infos = tuple(
        PartitionInfo(partition=at.partition, begin=bounds[at][0], end=bounds[at][1])
        for at in partitions
        if at.topic == name and at in bounds
    )
    return TopicInfo(name=name, partitions=infos)


async def _group_info(admin: AIOKafkaAdminClient, name: str) -> GroupInfo:
    coordinator = await admin.find_coordinator(name)
    described, offsets = await asyncio.gather(
        admin.describe_consumer_groups([name], coordinator),
        admin.list_consumer_group_offsets(name, coordinator),
    )
    found = described[0].to_object()["groups"][0]
    if found["error_code"]:
        raise for_code(found["error_code"])(name)
    committed = {from_driver(at): said.offset for at, said in offsets.items() if said.offset >= 0}
    return GroupInfo(
        name=name,
        state=found["state"],
        members=tuple(_member_info(member) for member in found["members"]),
        committed=committed,
        committed_at={},
    )


def _member_info(found: Mapping[str, Any]) -> MemberInfo:
    return MemberInfo(
        member_id=found["member_id"], assigned=_partitions(found["member_assignment"])
    )


def _partitions(assignment: bytes) -> tuple[TopicPartition, ...]:
    # There is none yet while the group shares its partitions out.
    if not assignment:
        return ()
    try:
        found = ConsumerProtocol.ASSIGNMENT.decode(assignment).partitions()
    except (ValueError, TypeError):
        # In a form of its own program's: no reason to see nothing of the others.
        return ()
    return tuple(sorted(map(from_driver, found)))
