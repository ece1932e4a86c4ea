"""The stores in SQLite files keep what the ports promise."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.embedded.order_store import SqliteOrderStore
from adapters.embedded.stock_store import SqliteStockStore
from inventory_domain.testing.contracts import (
    OpenOrderStore,
    OpenStockStore,
    OrderStoreContract,
    StockStoreContract,
)

pytestmark = pytest.mark.integration


class TestOrderStore(OrderStoreContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> OpenOrderStore:
        @asynccontextmanager
        async def open_store() -> AsyncIterator[SqliteOrderStore]:
            store = await SqliteOrderStore.open(tmp_path / "orders.db")
            try:
                yield store
            finally:
                await store.aclose()

        return open_store


class TestStockStore(StockStoreContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> OpenStockStore:
        @asynccontextmanager
        async def open_store() -> AsyncIterator[SqliteStockStore]:
            store = await SqliteStockStore.open(tmp_path / "products.db")
            try:
                yield store
            finally:
                await store.aclose()

        return open_store
