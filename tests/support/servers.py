"""Fixtures for the servers of the integration tests, and which of them this machine can run.

Kafka is a real broker where there is Java, else librdkafka's mock; ``KAFKA_TEST_SERVER=mock`` or
``real`` asks for one of them. MongoDB is ``MONGODB_TEST_URI``, else mongod, else SecantusDB.
"""

import os
from collections.abc import Iterator

import pytest

from tests.support.kafka_jars import (
    jars_cached,
    java_path,
    java_version,
    no_java_reason,
)
from tests.support.kafka_mock import KafkaMock
from tests.support.kafka_server import KafkaServer
from tests.support.mongo_server import ForeignMongo, MongoServer, choose_mongo
from tests.support.redis_server import RedisServer, no_redis_reason
from tests.support.report import HEADER_LINES

REAL = "real"
MOCK = "mock"
KAFKA_SETTING = "KAFKA_TEST_SERVER"


class RealBrokerMissing(Exception):
    """The tests would run on the mock although they must not."""


def choose_kafka(*, wanted: str, java_fault: str | None, has_java: bool, ci: bool) -> str:
    """Return REAL or MOCK.

    Raises:
        RealBrokerMissing: the real broker is wanted, or due (in CI where there is Java), but
            cannot run.
    """
    if wanted not in {"", REAL, MOCK}:
        raise RealBrokerMissing(f"{KAFKA_SETTING} is {wanted!r}; it may be {REAL} or {MOCK}")
    if wanted != MOCK and java_fault is None:
        return REAL
    if wanted == REAL:
        raise RealBrokerMissing(f"{KAFKA_SETTING}={REAL}, but there is no broker: {java_fault}")
    if ci and has_java:
        reason = java_fault or f"{KAFKA_SETTING}={MOCK}"
        raise RealBrokerMissing(f"CI with Java must test on a real broker: {reason}")
    return MOCK


def kafka_of_this_machine() -> str:
    """Apply choose_kafka to this machine and environment."""
    return choose_kafka(
        wanted=os.environ.get(KAFKA_SETTING, ""),
        java_fault=no_java_reason(),
        has_java=java_path() is not None,
        ci=os.environ.get("CI", "").lower() in {"1", "true"},
    )


def describe_kafka() -> str:
    """Name the Kafka that the tests will use."""
    try:
        kind = kafka_of_this_machine()
    except RealBrokerMissing as missing:
        return f"none, Kafka tests will fail ({missing})"
    if kind == MOCK:
        reason = no_java_reason() or f"{KAFKA_SETTING}={MOCK}"
        return f"{KafkaMock().description}: {reason}"
    java = java_version(java_path() or "java")
    jars = "" if jars_cached() else ", its jars to be fetched by Maven"
    return f"{KafkaServer().description} on Java {java}{jars}"


def describe_servers() -> str:
    """Say in one line which servers the integration tests will use."""
    redis = no_redis_reason() or RedisServer().description
    return f"servers: {describe_kafka()}; {choose_mongo().description}; {redis}"


HEADER_LINES.append(describe_servers)


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[KafkaServer | KafkaMock]:
    """The Kafka of the whole run; every test takes topics and groups of its own."""
    server = KafkaServer() if kafka_of_this_machine() == REAL else KafkaMock()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def own_kafka() -> Iterator[KafkaServer | KafkaMock]:
    """A Kafka of the test module's own, since the topics of a system have fixed names."""
    server = KafkaServer() if kafka_of_this_machine() == REAL else KafkaMock()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def own_broker(own_kafka: KafkaServer | KafkaMock) -> KafkaServer:
    """The same as a process to kill and freeze."""
    if isinstance(own_kafka, KafkaMock):
        pytest.skip(f"needs a real broker, this is {own_kafka.description}")
    return own_kafka


@pytest.fixture
def real_kafka_server(kafka_server: KafkaServer | KafkaMock) -> Iterator[KafkaServer]:
    """The same as a process to kill and freeze; it runs again when the test is over."""
    if isinstance(kafka_server, KafkaMock):
        pytest.skip(f"needs a real broker, this is {kafka_server.description}")
    yield kafka_server
    kafka_server.ensure_running()


@pytest.fixture
def kafka_mock() -> Iterator[KafkaMock]:
    """A mock cluster of the test's own, to push errors into; next to any real broker."""
    mock = KafkaMock()
    mock.start()
    yield mock
    mock.close()


@pytest.fixture(scope="session")
def mongo_server() -> Iterator[MongoServer | ForeignMongo]:
    """The MongoDB of the whole run; every test takes a database of its own."""
    server = choose_mongo()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def own_mongo() -> Iterator[MongoServer]:
    """A MongoDB of the test module's own, to kill and freeze."""
    server = choose_mongo()
    if isinstance(server, ForeignMongo):
        pytest.skip("the server of MONGODB_TEST_URI is not ours to kill")
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def managed_mongo_server(mongo_server: MongoServer | ForeignMongo) -> Iterator[MongoServer]:
    """The same as a process to kill and freeze; it runs again when the test is over."""
    if isinstance(mongo_server, ForeignMongo):
        pytest.skip("the server of MONGODB_TEST_URI is not ours to kill")
    yield mongo_server
    mongo_server.ensure_running()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """The Redis of the whole run."""
    if reason := no_redis_reason():
        pytest.skip(reason)
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.close()
