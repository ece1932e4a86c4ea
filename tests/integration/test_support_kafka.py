"""The Kafka of the integration tests, real and mock, does what those tests assume."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from tests.support import servers
from tests.support.kafka_mock import Api, KafkaMock
from tests.support.kafka_server import KafkaServer
from tests.support.proxy import Mode, Proxy
from tests.support.report import HEADER_LINES
from tests.support.servers import (
    KAFKA_SETTING,
    MOCK,
    REAL,
    RealBrokerMissing,
    choose_kafka,
    describe_kafka,
    describe_servers,
    kafka_of_this_machine,
)

pytestmark = pytest.mark.integration

SECONDS_MAX = 20.0
HANG_SECONDS = 0.5
TOPIC_AUTHORIZATION_FAILED = 29


def fresh(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:12]}"


@asynccontextmanager
async def producer_at(
    address: str, request_timeout_ms: int = 10_000
) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        bootstrap_servers=address, acks="all", request_timeout_ms=request_timeout_ms
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def read_values(address: str, topic: str, partition: int, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, partition)])
        async with asyncio.timeout(SECONDS_MAX):
            return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def produce(address: str, topic: str, values: list[bytes]) -> None:
    async with producer_at(address) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, partition=0)


async def test_records_come_back_from_kafka_in_order(kafka_server: KafkaServer | KafkaMock) -> None:
    topic, values = fresh("orders"), [b"one", b"two", b"three"]
    kafka_server.create_topic(topic, partitions=3)

    await produce(kafka_server.bootstrap, topic, values)

    assert await read_values(kafka_server.bootstrap, topic, 0, 3) == values


async def test_a_killed_broker_keeps_what_it_acknowledged(real_kafka_server: KafkaServer) -> None:
    server, topic = real_kafka_server, fresh("orders")
    server.create_topic(topic)
    await produce(server.bootstrap, topic, [b"before"])

    server.kill()
    await asyncio.to_thread(server.restart)
    await produce(server.bootstrap, topic, [b"after"])

    assert await read_values(server.bootstrap, topic, 0, 2) == [b"before", b"after"]


async def test_a_frozen_broker_acknowledges_after_it_wakes(real_kafka_server: KafkaServer) -> None:
    topic = fresh("orders")
    real_kafka_server.create_topic(topic)
    async with producer_at(real_kafka_server.bootstrap) as producer:
        await producer.send_and_wait(topic, b"awake", partition=0)

        real_kafka_server.pause()
        acknowledged = await producer.send(topic, b"asleep", partition=0)
        done, _ = await asyncio.wait([acknowledged], timeout=HANG_SECONDS)
        real_kafka_server.resume()

        assert not done
        assert (await asyncio.wait_for(acknowledged, SECONDS_MAX)).offset == 1


async def test_kafka_clients_of_the_proxy_stay_behind_it(real_kafka_server: KafkaServer) -> None:
    server, topic = real_kafka_server, fresh("orders")
    server.create_topic(topic)
    async with (
        Proxy(server.behind_proxy_port, server.proxy_port) as proxy,
        producer_at(f"127.0.0.1:{proxy.port}", request_timeout_ms=2000) as producer,
    ):
        await producer.send_and_wait(topic, b"through", partition=0)

        await proxy.set_mode(Mode.SWALLOW)
        acknowledged = await producer.send(topic, b"held up", partition=0)
        done, _ = await asyncio.wait([acknowledged], timeout=HANG_SECONDS)
        await proxy.set_mode(Mode.PASS)

        assert not done
        await asyncio.wait_for(acknowledged, SECONDS_MAX)
    assert await read_values(server.bootstrap, topic, 0, 2) == [b"through", b"held up"]


async def test_the_mock_fails_requests_as_told(kafka_mock: KafkaMock) -> None:
    topic = fresh("orders")
    kafka_mock.create_topic(topic, partitions=1)
    async with producer_at(kafka_mock.bootstrap) as producer:
        kafka_mock.push_errors(Api.PRODUCE, TOPIC_AUTHORIZATION_FAILED)

        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(topic, b"refused", partition=0)

        assert (await producer.send_and_wait(topic, b"taken", partition=0)).offset == 0


async def test_a_mock_broker_comes_back(kafka_mock: KafkaMock) -> None:
    topic = fresh("orders")
    kafka_mock.create_topic(topic, partitions=1)
    async with producer_at(kafka_mock.bootstrap) as producer:
        await producer.send_and_wait(topic, b"up", partition=0)

        for broker in (1, 2, 3):
            kafka_mock.broker_down(broker)
        acknowledged = await producer.send(topic, b"down", partition=0)
        done, _ = await asyncio.wait([acknowledged], timeout=HANG_SECONDS)
        for broker in (1, 2, 3):
            kafka_mock.broker_up(broker)

        assert not done
        assert (await asyncio.wait_for(acknowledged, SECONDS_MAX)).offset == 1


@pytest.mark.parametrize(
    ("wanted", "java_fault", "has_java", "ci", "kind"),
    [
        ("", None, True, False, REAL),
        ("", None, True, True, REAL),
        ("", "no Java found", False, False, MOCK),
        ("", "no Java found", False, True, MOCK),
        ("", "Java 11 is older than 17", True, False, MOCK),
        ("", "Java 11 is older than 17", True, True, None),
        ("mock", None, True, False, MOCK),
        ("mock", None, True, True, None),
        ("real", None, True, True, REAL),
        ("real", "no Java found", False, False, None),
        ("rael", None, True, False, None),
    ],
)
def test_ci_with_java_never_settles_for_the_mock(
    wanted: str, java_fault: str | None, has_java: bool, ci: bool, kind: str | None
) -> None:
    def choose() -> str:
        return choose_kafka(wanted=wanted, java_fault=java_fault, has_java=has_java, ci=ci)

    if kind is None:
        with pytest.raises(RealBrokerMissing):
            choose()
    else:
        assert choose() == kind


def test_the_head_of_the_report_names_every_server_with_its_version() -> None:
    kafka, mongo, redis = describe_servers().removeprefix("servers: ").split("; ")

    assert re.search(r"Kafka \d+\.\d+\.\d+ on Java \d+|librdkafka \d+\.\d+", kafka)
    assert re.search(r"(MongoDB|SecantusDB) \d+\.\d+", mongo)
    assert re.search(r"Redis \d+\.\d+|redis", redis)
    assert describe_servers in HEADER_LINES


def test_a_run_on_the_mock_says_so_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "")
    monkeypatch.setenv(KAFKA_SETTING, MOCK)

    assert "not a real broker" in describe_kafka()
    assert f"{KAFKA_SETTING}={MOCK}" in describe_kafka() or "Java" in describe_kafka()


def test_a_run_in_ci_that_wants_the_mock_says_that_it_will_fail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv(KAFKA_SETTING, REAL)
    monkeypatch.setattr(servers, "no_java_reason", lambda: "no Java found")

    assert "Kafka tests will fail" in describe_kafka()
    with pytest.raises(RealBrokerMissing):
        kafka_of_this_machine()
