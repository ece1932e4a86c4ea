"""The write-ahead log of a database file stays bounded, and keeps nobody from writing."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from itertools import groupby
from pathlib import Path

import pytest

from adapters.embedded import checkpoint
from adapters.embedded.bulk import value
from adapters.embedded.connection import open_writer
from adapters.embedded.database import Database
from adapters.embedded.schema import Schema
from adapters.embedded.writer import Writer

pytestmark = pytest.mark.integration

SCHEMA = Schema("the things", (("CREATE TABLE things (name TEXT)",),))
WAL_BYTES_MAX = 256 * 1024
ROW = "x" * 20_000
ROW_COUNT = 300
# Where reads are slow to hand over to each other, a few restarts in a row may be held back.
ROUNDS_MAX = 6


class Relay:
    """Reads of which each lasts until the next has begun, so that somebody reads at any time."""

    def __init__(self) -> None:
        self._began: threading.Event | None = None
        self.is_over = threading.Event()
        self.count = 0

    def read(self, connection: sqlite3.Connection) -> None:
        value(connection, "SELECT count(*) FROM things")
        self.count += 1
        before, self._began = self._began, threading.Event()
        mine = self._began
        if before is not None:
            before.set()
        while not (mine.wait(0.01) or self.is_over.is_set()):
            pass


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "things.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    database = await Database.open(path, SCHEMA, "thing store", wal_bytes_max=WAL_BYTES_MAX)
    yield database
    await database.aclose()


@pytest.fixture
def restarts(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of every try to begin the log anew, whether it came off."""
    tried: list[bool] = []
    restart = checkpoint._restart

    def noting(connection: sqlite3.Connection, wait_milliseconds: int) -> bool:
        tried.append(restart(connection, wait_milliseconds))
        return tried[-1]

    monkeypatch.setattr(checkpoint, "_restart", noting)
    return tried


def held_back_in_a_row(restarts: list[bool]) -> int:
    """Return how many tries in a row came to nothing, at the most."""
    runs = [len(list(run)) for came_off, run in groupby(restarts) if not came_off]
    return max(runs, default=0)


def _put(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO things VALUES (?)", (ROW,))


async def _write(database: Database, count: int) -> int:
    """Write so many large rows in commits of their own; return the longest size of the log."""
    wal = database.path.with_name("things.db-wal")
    longest = 0
    for _ in range(count):
        await database.writer.run(_put)
        longest = max(longest, wal.stat().st_size)
    return longest


@asynccontextmanager
async def _overlapping(database: Database) -> AsyncIterator[Relay]:
    relay = Relay()

    async def read() -> None:
        while not relay.is_over.is_set():
            await database.readers.run(relay.read)

    reads = [asyncio.create_task(read()) for _ in range(2)]
    try:
        yield relay
    finally:
        relay.is_over.set()
        await asyncio.gather(*reads)


async def test_the_log_stays_bounded_while_reads_overlap(
    database: Database, restarts: list[bool]
) -> None:
    # It bounds the patience with the reads as well.
    await database.writer.run(lambda one: one.execute("PRAGMA busy_timeout = 30000"))
    longest = rounds = 0
    async with _overlapping(database) as relay:
        while rounds == 0 or (rounds < ROUNDS_MAX and not any(restarts)):
            longest = max(longest, await _write(database, ROW_COUNT))
            rounds += 1

    assert relay.count > 2
    assert any(restarts)
    # It is looked at after some commits, and twice as long for each try that was held back.
    assert longest < 2 ** held_back_in_a_row(restarts) * 8 * WAL_BYTES_MAX
    count = await database.readers.value("SELECT count(*) FROM things")
    assert count == rounds * ROW_COUNT


async def test_the_log_begins_anew_after_a_long_read(database: Database) -> None:
    """The read keeps nobody from writing, and sees its moment all the time."""
    began, is_over = threading.Event(), threading.Event()

    def read(connection: sqlite3.Connection) -> tuple[int, int]:
        before = value(connection, "SELECT count(*) FROM things")
        began.set()
        assert is_over.wait(60)
        return before, value(connection, "SELECT count(*) FROM things")

    reading = asyncio.create_task(database.readers.run(read))
    await asyncio.to_thread(began.wait, 30)
    held_back = await _write(database, ROW_COUNT // 2)
    is_over.set()

    assert await reading == (0, 0)
    assert held_back > 8 * WAL_BYTES_MAX
    await _write(database, ROW_COUNT // 2)
    assert await _write(database, 1) < 8 * WAL_BYTES_MAX


async def test_a_checkpoint_leaves_the_patience_with_other_processes_as_it_was(
    database: Database,
) -> None:
    before = await database.writer.run(lambda one: value(one, "PRAGMA busy_timeout"))

    async with _overlapping(database):
        await _write(database, ROW_COUNT // 3)

    assert await database.writer.run(lambda one: value(one, "PRAGMA busy_timeout")) == before


async def test_a_failed_checkpoint_fails_no_write(path: Path) -> None:
    failures = 0

    def fail(_: sqlite3.Connection) -> None:
        nonlocal failures
        failures += 1
        raise sqlite3.OperationalError("disk I/O error")

    with closing(open_writer(path, busy_seconds=1)) as connection:
        connection.execute("CREATE TABLE things (name TEXT)")
    writer = Writer(lambda: open_writer(path, busy_seconds=1), "thing store", tidy_up=fail)
    try:
        for _ in range(50):
            await writer.run(_put)
        count = await writer.run(lambda one: value(one, "SELECT count(*) FROM things"))
    finally:
        await writer.aclose(5)

    assert failures > 1
    assert count == 50
