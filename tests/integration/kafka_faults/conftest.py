"""A log with short limits on a real broker, and names of its own for each test."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.kafka import KafkaEventLog, KafkaInspector
from inventory_domain.testing.contracts.topics import MakeTopics
from tests.integration.kafka_faults.driving import brisk, fresh, opened
from tests.support.kafka_server import KafkaServer


@pytest.fixture
async def log(real_kafka_server: KafkaServer) -> AsyncIterator[KafkaEventLog]:
    async with opened(real_kafka_server.bootstrap) as log:
        yield log


@pytest.fixture
async def inspector(real_kafka_server: KafkaServer) -> AsyncIterator[KafkaInspector]:
    inspector = KafkaInspector(brisk(real_kafka_server.bootstrap))
    yield inspector
    await inspector.aclose()


@pytest.fixture
def topics(real_kafka_server: KafkaServer) -> MakeTopics:
    async def make(count: int, *, partitions: int) -> tuple[str, ...]:
        names = tuple(fresh("topic") for _ in range(count))
        for name in names:
            await asyncio.to_thread(real_kafka_server.create_topic, name, partitions)
        return names

    return make


@pytest.fixture
def group() -> str:
    return fresh("group")
