"""A database file: one writer that combines, readers beside it, outages, versions."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.embedded.database import Database
from adapters.embedded.order_store import SqliteOrderStore
from adapters.embedded.schema import FileTooNew, Schema
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.testing.builders import a_write, an_order
from inventory_domain.writes import Added

pytestmark = pytest.mark.integration

STEP_1 = ("CREATE TABLE things (name TEXT PRIMARY KEY)",)
STEP_2 = ("ALTER TABLE things ADD COLUMN size INTEGER NOT NULL DEFAULT 7",)
FIRST = Schema("the things", (STEP_1,))
SECOND = Schema("the things", (STEP_1, STEP_2))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "things.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    database = await Database.open(path, FIRST, "thing store", busy_seconds=0.05)
    yield database
    await database.aclose()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def _put(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("INSERT INTO things (name) VALUES (?)", (name,))


async def _add(database: Database, name: str) -> None:
    await database.writer.run(lambda connection: _put(connection, name))


async def _names(database: Database) -> list[str]:
    return await database.readers.run(
        lambda connection: [
            name for (name,) in connection.execute("SELECT name FROM things ORDER BY name")
        ]
    )


async def test_concurrent_writes_share_a_commit(database: Database) -> None:
    before = database.writer.commits

    await asyncio.gather(*(_add(database, f"{n:03d}") for n in range(200)))

    # The first begins at once; the others gather behind it.
    assert database.writer.commits - before <= 5
    assert len(await _names(database)) == 200


async def test_a_write_that_fails_takes_no_other_with_it(database: Database) -> None:
    results = await asyncio.gather(
        *(_add(database, name) for name in ("a", "b", "a", "c", "b")), return_exceptions=True
    )

    assert [type(result) for result in results] == [
        type(None),
        type(None),
        sqlite3.IntegrityError,
        type(None),
        sqlite3.IntegrityError,
    ]
    assert await _names(database) == ["a", "b", "c"]


async def test_writes_that_were_merged_fail_one_by_one(database: Database) -> None:
    sizes: list[int] = []

    def put_all(connection: sqlite3.Connection, names: list[str]) -> list[str]:
        sizes.append(len(names))
        for name in names:
            _put(connection, name)
        return names

    async def put(*names: str) -> list[str]:
        return list(await database.writer.run_merged(put_all, names))

    results = await asyncio.gather(
        *(put(*names) for names in ("a", "bc", "da", "e", "f")), return_exceptions=True
    )

    assert isinstance(results.pop(2), sqlite3.IntegrityError)
    assert results == [["a"], ["b", "c"], ["e"], ["f"]]
    assert await _names(database) == ["a", "b", "c", "e", "f"]
    assert max(sizes) > 2, "some were merged at first"


async def test_a_write_is_done_although_its_caller_was_cancelled(database: Database) -> None:
    noted: list[str] = []

    def put(connection: sqlite3.Connection) -> str:
        _put(connection, "a")
        return "a"

    task = asyncio.ensure_future(database.writer.run(put, then=noted.append))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await _add(database, "b")

    assert await _names(database) == ["a", "b"]
    assert noted == ["a"]


async def test_a_locked_file_is_unavailable_and_heals(database: Database, path: Path) -> None:
    with _locked(path):
        with pytest.raises(DependencyUnavailable) as caught:
            await _add(database, "a")
        assert await _names(database) == [], "readers go on"

    assert caught.value.dependency == "thing store"
    assert "locked" in caught.value.reason
    await _add(database, "b")
    assert await _names(database) == ["b"]


async def test_a_full_disk_is_unavailable_and_heals(database: Database) -> None:
    def limit(connection: sqlite3.Connection, pages: int) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    await database.writer.run(lambda connection: limit(connection, 1))

    big = asyncio.gather(
        *(_add(database, letter * 100_000) for letter in "abc"), return_exceptions=True
    )
    failures = await big

    assert all(isinstance(failure, DependencyUnavailable) for failure in failures)
    assert "full" in str(getattr(failures[0], "reason", ""))
    await database.writer.run(lambda connection: limit(connection, 1_000_000))
    await _add(database, "d" * 100_000)
    assert await _names(database) == ["d" * 100_000]


@pytest.fixture
def damaged(path: Path) -> Path:
    path.write_bytes(b"this is no database" * 100)
    return path


async def test_a_file_that_is_no_database_is_unavailable(damaged: Path) -> None:
    with pytest.raises(DependencyUnavailable, match="does not answer") as caught:
        await Database.open(damaged, FIRST, "thing store")

    assert "not a database" in caught.value.reason


async def test_readers_see_one_moment(database: Database) -> None:
    await _add(database, "a")
    loop = asyncio.get_running_loop()

    def count_twice(connection: sqlite3.Connection) -> tuple[int, int]:
        before = connection.execute("SELECT count(*) FROM things").fetchone()[0]
        asyncio.run_coroutine_threadsafe(_add(database, "b"), loop).result(10)
        return before, connection.execute("SELECT count(*) FROM things").fetchone()[0]

    assert await database.readers.run(count_twice) == (1, 1)
    assert await _names(database) == ["a", "b"]


async def test_closing_does_what_was_handed_in_and_refuses_the_rest(path: Path) -> None:
    database = await Database.open(path, FIRST, "thing store")
    writes = [asyncio.ensure_future(_add(database, f"{n}")) for n in range(50)]
    await asyncio.sleep(0)

    await database.aclose()
    await database.aclose()

    assert await asyncio.gather(*writes) == [None] * 50
    with pytest.raises(DependencyUnavailable):
        await _add(database, "late")
    with pytest.raises(DependencyUnavailable):
        await _names(database)


async def test_an_older_file_moves_forward(path: Path) -> None:
    database = await Database.open(path, FIRST, "thing store")
    await _add(database, "old")
    await database.aclose()

    database = await Database.open(path, SECOND, "thing store")
    try:
        assert await database.readers.value("SELECT size FROM things") == 7
        assert await database.readers.value("PRAGMA user_version") == 2
    finally:
        await database.aclose()


async def test_a_step_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    broken = Schema("the things", (STEP_1, (*STEP_2, "CREATE TABLE things (name TEXT)")))
    await (await Database.open(path, FIRST, "thing store")).aclose()

    with pytest.raises(DependencyUnavailable, match="does not answer"):
        await Database.open(path, broken, "thing store")

    database = await Database.open(path, SECOND, "thing store")
    await database.aclose()


async def test_two_processes_may_make_a_file_at_once(path: Path) -> None:
    databases = await asyncio.gather(
        *(Database.open(path, SECOND, "thing store") for _ in range(5))
    )

    await asyncio.gather(*(database.aclose() for database in databases))


async def test_a_newer_file_is_refused_with_a_sentence(path: Path) -> None:
    await (await Database.open(path, SECOND, "thing store")).aclose()

    with pytest.raises(FileTooNew, match="the file of the things has version 2, this program"):
        await Database.open(path, FIRST, "thing store")


async def test_orders_of_many_callers_go_into_few_commits(tmp_path: Path) -> None:
    store = await SqliteOrderStore.open(tmp_path / "orders.db")
    try:
        before = store.commits
        writes = [a_write(an_order(f"order-{n}")) for n in range(300)]

        results = await asyncio.gather(*(store.add([write]) for write in writes))

        assert [list(result) for result in results] == [[Added()]] * 300
        assert store.commits - before <= 5
        entries = await store.pending(1000)
        records = [record for entry in entries for record in entry.records]
        assert records == [event for write in writes for event in write.events]
    finally:
        await store.aclose()
