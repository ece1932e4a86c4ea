"""The event log on a real broker keeps every promise of the ports."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import uuid4

import pytest

from adapters.kafka import KafkaEventLog, KafkaInspector, KafkaSettings
from inventory_domain.ports import EventLog
from inventory_domain.testing.contracts.event_log import EventLogContract, MakeTopics, OpenLog
from tests.support.kafka_server import KafkaServer

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(real_kafka_server: KafkaServer) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=real_kafka_server.bootstrap, session_seconds=2.0)


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

    @pytest.fixture
    async def inspector(self, settings: KafkaSettings) -> AsyncIterator[KafkaInspector]:
        inspector = KafkaInspector(settings)
        yield inspector
        await inspector.aclose()
