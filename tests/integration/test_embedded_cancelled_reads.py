"""Reads whose caller is cancelled: no connection is closed in use, and none is left open."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from adapters.embedded.bulk import value
from adapters.embedded.connection import open_reader
from adapters.embedded.readers import Readers
from adapters.embedded.stock_rows import product_from
from adapters.embedded.stock_store import SqliteStockStore
from inventory_domain.ids import ProductId
from inventory_domain.stock import ProductWrite, StockChange
from inventory_domain.testing.builders import a_product

pytestmark = pytest.mark.integration

T = TypeVar("T")

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


class Gate:
    """Where a reader's thread is held up until somebody lets it pass."""

    def __init__(self) -> None:
        self.reached = threading.Semaphore(0)
        self.is_open = threading.Event()

    def before(self, work: Callable[..., T]) -> Callable[..., T]:
        """Return *work* behind this gate."""

        def passed(*arguments: object) -> T:
            self.reached.release()
            assert self.is_open.wait(30), "nobody opened"
            return work(*arguments)

        return passed

    async def wait_for(self, count: int = 1) -> None:
        """Wait until so many threads stand before it."""
        for _ in range(count):
            assert await asyncio.to_thread(self.reached.acquire, timeout=30), "nobody came"


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.is_open.set()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStockStore]:
    store = await SqliteStockStore.open(tmp_path / "products.db")
    await store.commit(StockChange(products=(ProductWrite(a_product("lamp"), None),)))
    yield store
    await store.aclose()


@pytest.fixture
async def readers(tmp_path: Path, gate: Gate) -> AsyncIterator[Readers]:
    """Readers that open a connection when the gate is open."""
    path = tmp_path / "things.db"
    sqlite3.connect(path).close()
    readers = Readers(gate.before(lambda: open_reader(path, busy_seconds=0.05)), "thing store")
    yield readers
    gate.is_open.set()
    await readers.aclose()


def _open_count(readers: Readers) -> int:
    return len(readers._all)


async def _audit(store: SqliteStockStore) -> None:
    async for _ in store.audit_parts():
        pass


async def _cancel(task: "asyncio.Task[Any]") -> None:
    """Cancel *task* and let it go as far as it gets by itself."""
    task.cancel()
    await asyncio.wait([task], timeout=0.01)


async def test_a_cancelled_audit_closes_nothing_that_a_thread_still_reads(
    store: SqliteStockStore, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = store._database.readers
    await store.load([], [ProductId("lamp")])
    before = _open_count(readers)
    monkeypatch.setattr("adapters.embedded.stock_store.product_from", gate.before(product_from))
    audit = asyncio.create_task(_audit(store))
    await gate.wait_for()

    await _cancel(audit)
    await _cancel(audit)
    # Goes through the other thread, behind whatever the cancelled audit has asked for.
    await store.load([], [])

    assert not audit.done()
    assert _open_count(readers) == before + 1
    gate.is_open.set()
    with pytest.raises(asyncio.CancelledError):
        await audit
    assert _open_count(readers) == before


async def test_a_cancelled_statement_is_interrupted(readers: Readers, gate: Gate) -> None:
    gate.is_open.set()
    connection = await readers.connect()
    running = threading.Event()
    connection.set_progress_handler(running.set, 1000)
    call = asyncio.create_task(readers.call(value, connection, ENDLESS))
    assert await asyncio.to_thread(running.wait, 30)

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, 30)
    await readers.discard(connection)
    assert _open_count(readers) == 0


async def test_a_connection_that_nobody_waits_for_any_more_is_closed(
    readers: Readers, gate: Gate
) -> None:
    connecting = asyncio.create_task(readers.connect())
    await gate.wait_for()

    await _cancel(connecting)
    gate.is_open.set()

    with pytest.raises(asyncio.CancelledError):
        await connecting
    # Both threads are free again only after what they had to do before.
    await asyncio.gather(*(readers.value("SELECT 1") for _ in range(2)))
    assert _open_count(readers) == len(readers._idle)


async def test_a_connection_is_not_opened_for_one_who_went_before(
    readers: Readers, gate: Gate
) -> None:
    reads = [asyncio.create_task(readers.value("SELECT 1")) for _ in range(2)]
    await gate.wait_for(2)
    waiting = asyncio.create_task(readers.connect())
    await asyncio.sleep(0)

    await _cancel(waiting)

    assert waiting.cancelled(), "it need not wait for those who read"
    gate.is_open.set()
    assert await asyncio.gather(*reads) == [1, 1]
    assert _open_count(readers) == 2


async def test_a_connection_is_closed_although_its_owner_is_cancelled_then(
    readers: Readers, gate: Gate
) -> None:
    gate.is_open.set()
    connection = await readers.connect()
    held = Gate()
    reads = [
        asyncio.create_task(readers.run(held.before(lambda one: value(one, "SELECT 1"))))
        for _ in range(2)
    ]
    await held.wait_for(2)
    discarding = asyncio.create_task(readers.discard(connection))
    await asyncio.sleep(0)

    await _cancel(discarding)
    held.is_open.set()

    await asyncio.gather(*reads)
    await asyncio.gather(*(readers.value("SELECT 1") for _ in range(2)))
    assert connection not in readers._all
