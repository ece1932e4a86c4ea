"""What the tests of the log under faults share: short limits, and steps towards a log."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

from adapters.kafka import KafkaEventLog, KafkaInspector, KafkaSettings, KafkaSubscription
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.records import OutgoingRecord, Record, TopicPartition
from inventory_domain.testing import an_outgoing_record
from inventory_domain.testing.contracts.waiting import eventually

# Every limit is short, so that a test sees it pass.
LIMIT_SECONDS = 1.5
# What a call may take that has one limit, or two in a row, on a busy machine.
BOUND_SECONDS = 8.0


def brisk(bootstrap: str) -> KafkaSettings:
    return KafkaSettings(
        bootstrap_servers=bootstrap,
        session_seconds=2.0,
        rebalance_seconds_max=10.0,
        connect_seconds_max=LIMIT_SECONDS,
        publish_seconds_max=LIMIT_SECONDS,
        commit_seconds_max=LIMIT_SECONDS,
        inspect_seconds_max=LIMIT_SECONDS,
        silence_seconds_max=LIMIT_SECONDS,
        stop_seconds_max=1.0,
    )


@asynccontextmanager
async def opened(bootstrap: str) -> AsyncIterator[KafkaEventLog]:
    log = KafkaEventLog(brisk(bootstrap))
    try:
        yield log
    finally:
        await log.aclose()


def fresh(name: str) -> str:
    return f"{name}-{uuid4().hex[:12]}"


def numbered(topic: str, numbers: Sequence[int]) -> list[OutgoingRecord]:
    return [
        an_outgoing_record(topic, key=f"order-{n % 7}".encode(), value=str(n).encode())
        for n in numbers
    ]


def values(records: Sequence[Record]) -> list[int]:
    return sorted(int(record.value or b"-1") for record in records)


async def publish_until_taken(log: KafkaEventLog, records: Sequence[OutgoingRecord]) -> None:
    async def taken() -> bool:
        try:
            await log.publish(records)
        except DependencyUnavailable:
            return False
        return True

    await eventually(taken, "the records are published")


async def take_in_spite_of_outages(subscription: KafkaSubscription, count: int) -> list[Record]:
    found: dict[tuple[TopicPartition, int], Record] = {}

    async def all_here() -> bool:
        try:
            async with subscription.batch(count_max=500, wait_seconds=0.2) as batch:
                found.update({(r.topic_partition, r.offset): r for r in batch.records})
        except DependencyUnavailable:
            await subscription.rewind()
        return len(found) >= count

    await eventually(all_here, f"{count} records come")
    return list(found.values())


async def read_in_spite_of_outages(
    inspector: KafkaInspector, at: TopicPartition
) -> Sequence[Record]:
    """Return what is in a partition, as soon as a broker that has just started tells it."""
    found: list[Record] = []

    async def told() -> bool:
        try:
            found.extend(await inspector.read(at, start=0, count_max=10))
        except DependencyUnavailable:
            return False
        return True

    await eventually(told, "the records are read")
    return found


async def fails_in_time(call: Callable[[], object]) -> DependencyUnavailable:
    """Return the outage that *call*, repeated, runs into within its bound."""
    began = time.monotonic()
    while time.monotonic() - began < BOUND_SECONDS:
        try:
            await call()  # type: ignore[misc] # a coroutine function
        except DependencyUnavailable as outage:
            assert time.monotonic() - began < BOUND_SECONDS
            return outage
    raise AssertionError("no outage was noticed")


def one_batch(subscription: KafkaSubscription) -> Callable[[], object]:
    async def work() -> None:
        async with subscription.batch(count_max=10, wait_seconds=0.2):
            pass

    return work
