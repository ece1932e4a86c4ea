"""The event log on a real broker keeps every promise of the ports, to clients of any make."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import uuid4

import attrs
import pytest
from confluent_kafka import Consumer, Producer

from adapters.kafka import (
    KafkaEventLog,
    KafkaInspector,
    KafkaSettings,
    open_event_log,
    prepare_topics,
)
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.ports import EventLog
from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.contracts.event_log import EventLogContract, MakeTopics, OpenLog
from inventory_domain.testing.contracts.waiting import take
from inventory_domain.topics import ALL_TOPICS, ORDER_CREATED
from tests.support.kafka_server import KafkaServer
from tests.support.proxy import Mode, Proxy

pytestmark = pytest.mark.integration

SECONDS_MAX = 20.0
A_RECORD = OutgoingRecord(ORDER_CREATED, b"order-1", b"{}")
# What a broker takes at most, unless its settings say otherwise, with the record's own frame.
LARGEST_BYTES = 1024 * 1024 - 128


@pytest.fixture
def settings(real_kafka_server: KafkaServer) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=real_kafka_server.bootstrap, session_seconds=2.0)


@pytest.fixture
async def log(settings: KafkaSettings) -> AsyncIterator[KafkaEventLog]:
    log = KafkaEventLog(settings)
    yield log
    await log.aclose()


@pytest.fixture
async def inspector(settings: KafkaSettings) -> AsyncIterator[KafkaInspector]:
    inspector = KafkaInspector(settings)
    yield inspector
    await inspector.aclose()


@pytest.fixture
def topics(real_kafka_server: KafkaServer) -> MakeTopics:
    async def make(count: int, *, partitions: int) -> tuple[str, ...]:
        names = tuple(f"topic-{uuid4().hex[:12]}" for _ in range(count))
        for name in names:
            await asyncio.to_thread(real_kafka_server.create_topic, name, partitions)
        return names

    return make


class TestKafkaEventLog(EventLogContract):
    @pytest.fixture
    def open_log(self, settings: KafkaSettings) -> OpenLog:
        @asynccontextmanager
        async def open_log() -> AsyncIterator[EventLog]:
            log = KafkaEventLog(settings)
            try:
                yield log
            finally:
                await log.aclose()

        def opened() -> AbstractAsyncContextManager[EventLog]:
            return open_log()

        return opened


# --- clients of other makes ---------------------------------------------------------------------


def foreign_producer(settings: KafkaSettings, **options: str) -> Producer:
    return Producer({"bootstrap.servers": settings.bootstrap_servers, "log_level": 0, **options})


async def test_a_foreign_producer_puts_an_order_where_we_do(
    log: KafkaEventLog, settings: KafkaSettings, topics: MakeTopics
) -> None:
    (topic,) = await topics(1, partitions=3)
    keys = [f"order-{number}".encode() for number in range(60)]
    plain = b'{"eventType": "STOCK_RESERVE_REQUEST", "orderId": "order-1", "items": []}'
    foreign = foreign_producer(settings, partitioner="murmur2_random")
    for key in keys:
        foreign.produce(topic, plain, key)
    await asyncio.to_thread(foreign.flush, SECONDS_MAX)
    await log.publish([OutgoingRecord(topic, key, b"ours") for key in keys])

    records = await take(await log.subscribe(f"group-{topic}", [topic]), 2 * len(keys))

    places = {
        value: {record.key: record.partition for record in records if record.value == value}
        for value in (plain, b"ours")
    }
    assert places[plain] == places[b"ours"]
    assert set(places[plain]) == set(keys)
    assert all(record.headers == () for record in records)


async def test_a_foreign_consumer_reads_ours(
    log: KafkaEventLog, settings: KafkaSettings, topics: MakeTopics
) -> None:
    (topic,) = await topics(1, partitions=1)
    value = json.dumps({"eventType": "STOCK_RESERVED", "orderId": "order-1"}).encode()
    await log.publish([OutgoingRecord(topic, b"order-1", value, (("event-id", b"e1"),))])
    foreign = Consumer(
        {
            "bootstrap.servers": settings.bootstrap_servers,
            "group.id": f"foreign-{topic}",
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
    )
    foreign.subscribe([topic])

    message = await asyncio.to_thread(foreign.poll, SECONDS_MAX)
    await asyncio.to_thread(foreign.close)

    assert message is not None
    assert message.error() is None
    assert (message.key(), json.loads(message.value() or b"")) == (b"order-1", json.loads(value))
    assert message.headers() == [("event-id", b"e1")]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_records_that_a_foreign_producer_compressed_are_read(
    log: KafkaEventLog, settings: KafkaSettings, topics: MakeTopics, codec: str
) -> None:
    if codec != "gzip":
        pytest.importorskip("cramjam", reason="cramjam, which decompresses, is not installed")
    (topic,) = await topics(1, partitions=1)
    foreign = foreign_producer(settings, **{"compression.type": codec})
    for _ in range(20):
        foreign.produce(topic, b"x" * 1000, b"order-1")
    await asyncio.to_thread(foreign.flush, SECONDS_MAX)

    records = await take(await log.subscribe(f"group-{topic}", [topic]), 20)

    assert {record.value for record in records} == {b"x" * 1000}


async def test_a_foreign_records_time_and_headers_cannot_stop_its_partition(
    log: KafkaEventLog, settings: KafkaSettings, topics: MakeTopics
) -> None:
    (topic,) = await topics(1, partitions=1)
    foreign = foreign_producer(settings)
    foreign.produce(topic, None, None, headers=[("empty", None)], timestamp=1)
    foreign.produce(topic, b"next", b"order-1")
    await asyncio.to_thread(foreign.flush, SECONDS_MAX)

    first, second = await take(await log.subscribe(f"group-{topic}", [topic]), 2)

    assert (first.key, first.value, first.headers) == (None, None, (("empty", b""),))
    assert second.value == b"next"


# --- topics -------------------------------------------------------------------------------------


@pytest.fixture
def own_topics() -> tuple[str, ...]:
    mark = uuid4().hex[:8]
    return tuple(f"{mark}.{name}" for name in ("inventory.reserve", "inventory.reserve.dlq"))


async def test_missing_topics_are_created_as_set(
    settings: KafkaSettings, inspector: KafkaInspector, own_topics: tuple[str, ...]
) -> None:
    four = attrs.evolve(settings, topic_partitions=4)

    assert await prepare_topics(four, names=own_topics) == []
    assert await prepare_topics(four, names=own_topics) == []

    found = {topic.name: len(topic.partitions) for topic in await inspector.topics()}
    assert [found[name] for name in own_topics] == [4, 4]


async def test_two_instances_may_create_the_topics_at_once(
    settings: KafkaSettings, own_topics: tuple[str, ...]
) -> None:
    told = await asyncio.gather(*(prepare_topics(settings, names=own_topics) for _ in range(3)))

    assert told == [[], [], []]


async def test_dead_letters_are_kept_and_may_be_larger_than_what_they_hold(
    log: KafkaEventLog, settings: KafkaSettings, own_topics: tuple[str, ...]
) -> None:
    await prepare_topics(settings, names=own_topics)
    reserve, dead_letters = own_topics
    value = b"x" * LARGEST_BYTES
    await log.publish([OutgoingRecord(reserve, b"order-1", value)])
    (record,) = await take(await log.subscribe(f"group-{reserve}", [reserve]), 1)

    headers = (("error-message", b"e" * 4096),)
    await log.publish([OutgoingRecord(dead_letters, record.key, record.value, headers)])

    (letter,) = await take(await log.subscribe(f"group-{reserve}", [dead_letters]), 1)
    assert (letter.value, letter.headers) == (value, headers)


async def test_what_differs_of_existing_topics_is_told_and_not_changed(
    real_kafka_server: KafkaServer, settings: KafkaSettings, own_topics: tuple[str, ...]
) -> None:
    reserve, dead_letters = own_topics
    await asyncio.to_thread(
        real_kafka_server.create_topic, reserve, 2, {"cleanup.policy": "compact"}
    )
    await asyncio.to_thread(real_kafka_server.create_topic, dead_letters, 3)

    for _ in range(2):
        told = await prepare_topics(settings, names=own_topics)

        assert len(told) == 4
        assert f"{reserve} is compacted" in told[0]
        assert f"{reserve} has 2 partitions, TOPIC_PARTITIONS is 3" in told[1]
        assert "max.message.bytes" in told[2]
        assert "retention.ms=604800000" in told[3]


async def test_missing_topics_are_named_when_they_may_not_be_created(
    settings: KafkaSettings, own_topics: tuple[str, ...]
) -> None:
    with pytest.raises(DependencyUnavailable) as caught:
        await prepare_topics(settings, create=False, names=own_topics)

    assert all(name in caught.value.reason for name in own_topics)
    assert "KAFKA_BOOTSTRAP_SERVERS" in caught.value.reason


async def test_more_copies_than_brokers_are_refused_with_the_settings_name(
    settings: KafkaSettings, own_topics: tuple[str, ...]
) -> None:
    three = attrs.evolve(settings, topic_replication_factor=3)

    with pytest.raises(DependencyUnavailable) as caught:
        await prepare_topics(three, names=own_topics)

    assert "TOPIC_REPLICATION_FACTOR=3" in caught.value.reason


# --- the start ----------------------------------------------------------------------------------


async def test_everything_is_opened_and_closed_at_once(settings: KafkaSettings) -> None:
    told: list[str] = []

    async with open_event_log(settings, on_difference=told.append) as (log, inspector):
        await log.publish([A_RECORD])
        names = {topic.name for topic in await inspector.topics()}

    assert names >= set(ALL_TOPICS)
    assert told == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1:1", "no-such-host.invalid:9092", "127.0.0.1:kafka", ""]
)
async def test_a_wrong_address_ends_the_start_with_one_sentence(address: str) -> None:
    settings = KafkaSettings(bootstrap_servers=address, connect_seconds_max=2.0)

    with pytest.raises(DependencyUnavailable) as caught:
        async with open_event_log(settings):
            raise AssertionError("nobody is there")

    assert caught.value.reason.startswith(f"Kafka at KAFKA_BOOTSTRAP_SERVERS={address} ")
    assert "\n" not in caught.value.reason


@pytest.mark.parametrize("mode", [Mode.RESET, Mode.SWALLOW])
async def test_a_server_that_refuses_us_ends_the_start_with_one_sentence(
    real_kafka_server: KafkaServer, mode: Mode
) -> None:
    async with Proxy(real_kafka_server.behind_proxy_port) as proxy:
        await proxy.set_mode(mode)
        settings = KafkaSettings(
            bootstrap_servers=f"127.0.0.1:{proxy.port}", connect_seconds_max=2.0
        )

        log, inspector = KafkaEventLog(settings), KafkaInspector(settings)
        for asked in (log.publish([A_RECORD]), log.subscribe("g", ["t"]), inspector.topics()):
            with pytest.raises(DependencyUnavailable) as caught:
                await asked
            assert "KAFKA_BOOTSTRAP_SERVERS" in caught.value.reason
        await log.aclose()
        await inspector.aclose()
