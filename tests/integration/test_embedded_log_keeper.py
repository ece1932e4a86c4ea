"""The looks of the log's owner leave no connection behind, whatever fails."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.embedded import log_keeper
from adapters.embedded.bulk import value
from adapters.embedded.event_log import SqliteEventLog
from adapters.embedded.log_retention import Retention
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.testing.builders import an_outgoing_record
from inventory_domain.testing.contracts.waiting import take

pytestmark = pytest.mark.integration


@pytest.fixture
async def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqliteEventLog]:
    """A log whose owner looks after it all the time."""
    monkeypatch.setattr(log_keeper, "_LOOK_SECONDS", 0.001)
    log = await SqliteEventLog.open(tmp_path / "log.db", retention=Retention(interval_seconds=0))
    await log.ensure_topics(["topic"])
    yield log
    await log.aclose()


async def test_retention_that_fails_again_and_again_leaves_no_connection_behind(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: asyncio.Queue[int] = asyncio.Queue()
    readers = log._database.readers

    async def fail() -> None:
        failures.put_nowait(len(readers._all))
        raise DependencyUnavailable(dependency="event log", reason="database or disk is full")

    monkeypatch.setattr(log, "retain", fail)

    counts = [await asyncio.wait_for(failures.get(), 10) for _ in range(20)]

    assert max(counts) == counts[0]


async def test_a_look_that_fails_is_done_again_with_another_connection(
    log: SqliteEventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: asyncio.Queue[sqlite3.Connection] = asyncio.Queue()

    def fail(connection: sqlite3.Connection, statement: str) -> object:
        if failures.qsize() < 3:
            failures.put_nowait(connection)
            raise sqlite3.OperationalError("disk I/O error")
        return value(connection, statement)

    monkeypatch.setattr(log_keeper, "value", fail)
    subscription = await log.subscribe("group", ["topic"])
    other = await SqliteEventLog.open(tmp_path / "log.db", is_owner=False)
    try:
        await other.publish([an_outgoing_record("topic")])
    finally:
        await other.aclose()

    assert len(await take(subscription, 1)) == 1
    failed = {failures.get_nowait() for _ in range(3)}
    assert len(failed) == 3
    assert failed.isdisjoint(log._database.readers._all)
