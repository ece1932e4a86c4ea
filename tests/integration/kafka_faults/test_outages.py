"""The broker is away, hangs, or is killed: an outage in bounded time, and nothing is lost."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.kafka import KafkaEventLog, KafkaInspector
from adapters.kafka.driver import CONSUMER_PARTS
from inventory_domain.errors import CommitRefused, DependencyUnavailable
from inventory_domain.records import TopicPartition
from inventory_domain.testing.contracts.topics import MakeTopics
from inventory_domain.testing.contracts.waiting import end_offsets, eventually, share_out, take
from tests.integration.kafka_faults.driving import (
    BOUND_SECONDS,
    brisk,
    fails_in_time,
    numbered,
    one_batch,
    opened,
    publish_until_taken,
    read_in_spite_of_outages,
    take_in_spite_of_outages,
    values,
)
from tests.support.kafka_server import KafkaServer
from tests.support.proxy import Mode, Proxy

pytestmark = pytest.mark.integration


@asynccontextmanager
async def behind_proxy(server: KafkaServer) -> AsyncIterator[tuple[Proxy, KafkaEventLog]]:
    """Open a log whose every byte goes through a proxy."""
    async with (
        Proxy(server.behind_proxy_port, server.proxy_port) as proxy,
        opened(f"127.0.0.1:{proxy.port}") as log,
    ):
        yield proxy, log


async def test_nothing_acknowledged_is_lost_when_the_broker_is_killed(
    real_kafka_server: KafkaServer, log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=3)
    acknowledged: list[int] = []
    stop = asyncio.Event()

    async def publish_on() -> None:
        for start in itertools.count(step=50):
            if stop.is_set():
                return
            numbers = range(start, start + 50)
            await publish_until_taken(log, numbered(topic, numbers))
            acknowledged.extend(numbers)

    async def more_than(count: int) -> bool:
        return len(acknowledged) > count

    publishing = asyncio.create_task(publish_on())
    await eventually(lambda: more_than(200), "records are published")
    real_kafka_server.kill()
    before = len(acknowledged)
    await asyncio.to_thread(real_kafka_server.start)
    await eventually(lambda: more_than(before + 200), "records are published again")
    stop.set()
    await publishing

    subscription = await log.subscribe(group, [topic])
    records = await take_in_spite_of_outages(subscription, len(acknowledged))
    assert set(values(records)) >= set(acknowledged)


async def test_an_absent_broker_is_an_outage_that_passes(
    real_kafka_server: KafkaServer, log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    subscription = await log.subscribe(group, [topic])
    await log.publish(numbered(topic, [0]))
    await take(subscription, 1, commit=True)

    real_kafka_server.kill()
    outage = await fails_in_time(lambda: log.publish(numbered(topic, [1])))
    unread = await fails_in_time(one_batch(subscription))
    for error in (outage, unread):
        assert error.dependency == "event log"
        assert "KAFKA_BOOTSTRAP_SERVERS" in error.reason
    await asyncio.to_thread(real_kafka_server.start)

    await publish_until_taken(log, numbered(topic, [1]))
    records = await take_in_spite_of_outages(subscription, 1)
    assert values(records)[-1] == 1
    assert records[0].offset == 1


async def test_a_commit_to_an_absent_broker_ends_in_time_and_the_records_come_again(
    real_kafka_server: KafkaServer, log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    subscription = await log.subscribe(group, [topic])
    await log.publish(numbered(topic, [0, 1]))
    await take(subscription, 1, commit=True)

    async with subscription.batch(count_max=1, wait_seconds=5.0) as batch:
        real_kafka_server.kill()
        began = time.monotonic()
        with pytest.raises(DependencyUnavailable):
            await batch.commit(end_offsets(batch.records))
        assert time.monotonic() - began < BOUND_SECONDS
    await asyncio.to_thread(real_kafka_server.start)

    records = await take_in_spite_of_outages(subscription, 1)
    assert [record.offset for record in records] == [1]


async def test_closing_takes_a_bounded_time_without_a_broker(
    real_kafka_server: KafkaServer, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    log = KafkaEventLog(brisk(real_kafka_server.bootstrap))
    subscription = await log.subscribe(group, [topic])
    await log.publish(numbered(topic, [0]))
    await take(subscription, 1)

    real_kafka_server.pause()
    publishing = asyncio.create_task(log.publish(numbered(topic, [1])))
    await eventually(lambda: is_sending(log), "a record is under way")
    began = time.monotonic()
    await log.aclose()

    assert time.monotonic() - began < BOUND_SECONDS
    with pytest.raises(DependencyUnavailable):
        await publishing


async def is_sending(log: KafkaEventLog) -> bool:
    producer = log._publisher._producer
    return producer is not None and bool(producer._sender._in_flight)


async def test_what_was_given_up_is_not_sent_later(
    real_kafka_server: KafkaServer,
    log: KafkaEventLog,
    topics: MakeTopics,
    inspector: KafkaInspector,
) -> None:
    (topic,) = await topics(1, partitions=1)
    await log.publish(numbered(topic, [0]))

    real_kafka_server.kill()
    with pytest.raises(DependencyUnavailable):
        await log.publish(numbered(topic, [1]))
    await asyncio.to_thread(real_kafka_server.start)
    await publish_until_taken(log, numbered(topic, [2]))

    records = await read_in_spite_of_outages(inspector, TopicPartition(topic, 0))
    assert [record.value for record in records] == [b"0", b"2"]


async def test_a_hanging_connection_is_an_outage_and_no_freeze(
    real_kafka_server: KafkaServer, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    async with behind_proxy(real_kafka_server) as (proxy, log):
        subscription = await log.subscribe(group, [topic])
        await log.publish(numbered(topic, [0, 1]))
        async with subscription.batch(count_max=1, wait_seconds=5.0):
            pass  # the member is at work from here on
        await subscription.rewind()
        await take(subscription, 1, commit=True)

        async with subscription.batch(count_max=1, wait_seconds=5.0) as batch:
            await proxy.set_mode(Mode.SWALLOW)
            await fails_in_time(lambda: batch.commit(end_offsets(batch.records)))
        await fails_in_time(one_batch(subscription))
        await fails_in_time(lambda: log.publish(numbered(topic, [2])))
        await proxy.set_mode(Mode.PASS)

        await publish_until_taken(log, numbered(topic, [3]))
        records = await take_in_spite_of_outages(subscription, 2)
        assert {1, 3} <= set(values(records))


async def test_a_consumer_that_hears_nothing_is_an_outage(
    real_kafka_server: KafkaServer, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    async with behind_proxy(real_kafka_server) as (proxy, log):
        subscription = await log.subscribe(group, [topic])
        await share_out([subscription], [TopicPartition(topic, 0)])

        await proxy.set_mode(Mode.SWALLOW)
        outage = await fails_in_time(one_batch(subscription))

        assert "gone silent" in outage.reason


async def test_a_member_without_partitions_notices_an_absent_broker(
    real_kafka_server: KafkaServer, log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    members = [await log.subscribe(group, [topic]) for _ in range(2)]
    owned: list[list[TopicPartition]] = []

    async def one_has_all() -> bool:
        owned.clear()
        for member in members:
            async with member.batch(count_max=1, wait_seconds=0.2) as batch:
                owned.append(list(batch.assigned))
        return sorted(owned) == [[], [TopicPartition(topic, 0)]]

    await eventually(one_has_all, "one member has the partition and the other none")
    idle = members[owned.index([])]

    real_kafka_server.kill()

    await fails_in_time(one_batch(idle))


@pytest.mark.parametrize(
    ("part", "task"), [(part, name) for part, names in CONSUMER_PARTS.items() for name in names]
)
async def test_a_consumer_that_died_in_silence_is_replaced(
    log: KafkaEventLog, topics: MakeTopics, group: str, part: str, task: str
) -> None:
    """Whatever ends one of the driver's tasks, records go on being taken and committed."""
    (topic,) = await topics(1, partitions=1)
    subscription = await log.subscribe(group, [topic])
    await log.publish(numbered(topic, [0]))
    await take(subscription, 1, commit=True)
    assert subscription._member is not None
    alive = getattr(getattr(subscription._member._consumer, part), task)
    if alive is None:
        pytest.fail(f"the driver has no {task} at work")
    alive.cancel()
    await log.publish(numbered(topic, range(1, 6)))
    committed: dict[TopicPartition, int] = {}

    async def all_are_committed() -> bool:
        try:
            async with subscription.batch(count_max=10, wait_seconds=0.5) as batch:
                await batch.commit(end_offsets(batch.records))
                committed.update(end_offsets(batch.records))
        except (DependencyUnavailable, CommitRefused):
            await subscription.rewind()
        return committed == {TopicPartition(topic, 0): 6}

    await eventually(all_are_committed, "the records are taken and committed")


async def test_a_hanging_broker_does_not_hold_up_an_onlooker(
    real_kafka_server: KafkaServer, topics: MakeTopics, inspector: KafkaInspector
) -> None:
    (topic,) = await topics(1, partitions=1)
    await inspector.topics()

    real_kafka_server.pause()
    await fails_in_time(inspector.topics)
    await fails_in_time(inspector.groups)
    await fails_in_time(lambda: inspector.read(TopicPartition(topic, 0), start=0, count_max=1))
    real_kafka_server.resume()

    async def is_back() -> bool:
        try:
            return topic in [found.name for found in await inspector.topics()]
        except DependencyUnavailable:
            return False

    await eventually(is_back, "the topics are seen again")
