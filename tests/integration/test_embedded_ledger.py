"""A product's long ledger in a SQLite file, searched for one order's movements."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.embedded.bulk import value
from adapters.embedded.stock_store import SqliteStockStore
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.queries import MovementQuery
from inventory_domain.stock import StockChange
from inventory_domain.testing.builders import a_movement

pytestmark = pytest.mark.integration

LAMP = ProductId("lamp")
ORDER = OrderId("order-7")
COUNT = 3_000
OF_THE_ORDER = (7, 1_500, 2_999)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStockStore]:
    store = await SqliteStockStore.open(tmp_path / "products.db")
    movements = tuple(
        a_movement(LAMP, number=n, order_id=ORDER if n in OF_THE_ORDER else OrderId(f"other-{n}"))
        for n in range(1, COUNT + 1)
    )
    await store.commit(StockChange(movements=movements))
    yield store
    await store.aclose()


async def test_the_ledger_is_gone_through_once_for_an_order(store: SqliteStockStore) -> None:
    work = 0

    def note() -> None:
        nonlocal work
        work += 1

    def count(connection: sqlite3.Connection) -> int:
        connection.set_progress_handler(note, 100)
        found: int = value(
            connection,
            "SELECT count(*) FROM movements WHERE product_id = ? AND order_id = ?",
            (LAMP, ORDER),
        )
        return found

    # One reader's connection is used again and again while nobody else reads.
    assert await store._database.readers.run(count) == len(OF_THE_ORDER)
    once, work = work, 0

    await store.find_movements(MovementQuery(product_id=LAMP, order_id=ORDER))

    assert 0 < work < once * 1.5


@pytest.mark.parametrize(
    ("page", "numbers"), [(1, [2_999, 1_500]), (2, [7]), (3, []), (10**30, [])]
)
async def test_an_order_s_movements_come_in_pages(
    store: SqliteStockStore, page: int, numbers: list[int]
) -> None:
    found = await store.find_movements(
        MovementQuery(product_id=LAMP, order_id=ORDER, page=page, limit=2)
    )

    assert [movement.number for movement in found.items] == numbers
    assert found.total == len(OF_THE_ORDER)
