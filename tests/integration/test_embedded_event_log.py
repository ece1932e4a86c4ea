"""The event log in a SQLite file keeps what the ports promise."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.embedded.event_log import SqliteEventLog
from inventory_domain.testing.contracts.event_log import EventLogContract, MakeTopics, OpenLog

pytestmark = pytest.mark.integration


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def open_log(path: Path) -> OpenLog:
    @asynccontextmanager
    async def open_log() -> AsyncIterator[SqliteEventLog]:
        log = await SqliteEventLog.open(path)
        try:
            yield log
        finally:
            await log.aclose()

    return open_log


@pytest.fixture
def topics(path: Path) -> MakeTopics:
    async def topics(count: int, *, partitions: int) -> tuple[str, ...]:
        names = tuple(f"topic-{uuid4().hex}" for _ in range(count))
        log = await SqliteEventLog.open(path, is_owner=False)
        await log.ensure_topics(names, partitions)
        await log.aclose()
        return names

    return topics


class TestEventLog(EventLogContract):
    @pytest.fixture
    async def inspector(self, path: Path) -> AsyncIterator[SqliteEventLog]:
        """Another process's look: what it sees lies in the file."""
        log = await SqliteEventLog.open(path, is_owner=False)
        yield log
        await log.aclose()


class TestOwnersLook(EventLogContract):
    @pytest.fixture
    def inspector(self, log: SqliteEventLog) -> SqliteEventLog:
        return log
