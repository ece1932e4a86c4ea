"""Retention in bounded steps, however much there is to delete."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.embedded.bulk import value
from adapters.embedded.event_log import SqliteEventLog
from adapters.embedded.log_retention import Retention, retain
from adapters.embedded.log_tables import place_of
from adapters.embedded.packing import pack_contents

pytestmark = pytest.mark.integration

PARTITION_COUNT = 3
NOW = 10_000_000
EVERYTHING = Retention(age_seconds=1)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """The file of a log with one topic and no records."""
    path = tmp_path / "log.db"
    log = await SqliteEventLog.open(path)
    await log.ensure_topics(["topic"], PARTITION_COUNT)
    await log.aclose()
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def _fill(connection: sqlite3.Connection, count: int, *, at: int = 0) -> None:
    """Append so many batches of one record to every partition."""
    packed = pack_contents([(b"key", b"value", ())])
    numbers = [number for (number,) in connection.execute("SELECT number FROM partitions")]
    connection.execute("BEGIN")
    for number in numbers:
        connection.executemany(
            "INSERT INTO batches (place, base, at, records) VALUES (?, ?, ?, ?)",
            ((place_of(number, n), n, at, packed) for n in range(count)),
        )
    connection.execute("UPDATE partitions SET end_offset = ?", (count,))
    connection.execute("COMMIT")


def _count(connection: sqlite3.Connection) -> int:
    count: int = value(connection, "SELECT count(*) FROM batches")
    return count


def _work_of_a_step(connection: sqlite3.Connection) -> int:
    """Return how much SQLite does in one step of retention, in hundreds of its instructions."""
    work = 0

    def note() -> None:
        nonlocal work
        work += 1

    connection.set_progress_handler(note, 100)
    retain(connection, EVERYTHING, NOW)
    connection.set_progress_handler(None, 100)
    return work


async def test_a_step_of_retention_does_no_more_for_a_long_log(
    connection: sqlite3.Connection,
) -> None:
    _fill(connection, 2_000)
    short = _work_of_a_step(connection)
    connection.execute("DELETE FROM batches")
    _fill(connection, 20_000)

    assert _work_of_a_step(connection) < short * 1.2


async def test_a_step_of_retention_deletes_a_bounded_number_in_all(
    connection: sqlite3.Connection,
) -> None:
    _fill(connection, 800)
    counts = [_count(connection)]

    while retain(connection, EVERYTHING, NOW):
        counts.append(_count(connection))

    assert counts == [2400, 1400, 400]
    assert _count(connection) == 0
    bounds = connection.execute("SELECT first_offset, end_offset FROM partitions").fetchall()
    assert bounds == [(800, 800)] * PARTITION_COUNT


async def test_retention_that_has_nothing_to_delete_looks_at_few_batches(
    connection: sqlite3.Connection,
) -> None:
    _fill(connection, 2, at=NOW)
    few = _work_of_a_step(connection)
    connection.execute("DELETE FROM batches")
    _fill(connection, 2_000, at=NOW)

    assert _work_of_a_step(connection) <= few + 1
    assert _count(connection) == 2_000 * PARTITION_COUNT
