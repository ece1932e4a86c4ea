"""The stores in MongoDB keep every promise of their ports, on both drivers."""

from collections.abc import Iterator
from secrets import token_hex
from typing import get_args

import pytest

from adapters.mongodb import Driver, open_order_store, open_stock_store
from inventory_domain.testing.contracts import (
    OpenOrderStore,
    OpenStockStore,
    OrderStoreContract,
    StockStoreContract,
)
from tests.support.mongo_server import ForeignMongo, MongoServer

pytestmark = pytest.mark.integration


@pytest.fixture(params=get_args(Driver))
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    return request.param  # type: ignore[no-any-return]


class TestMongoOrderStore(OrderStoreContract):
    @pytest.fixture
    def open_store(
        self, mongo_server: MongoServer | ForeignMongo, driver: Driver
    ) -> OpenOrderStore:
        database = f"orders_{token_hex(6)}"
        return lambda: open_order_store(mongo_server.uri, database, driver=driver)


class TestMongoStockStore(StockStoreContract):
    @pytest.fixture
    def open_store(
        self, mongo_server: MongoServer | ForeignMongo, driver: Driver
    ) -> OpenStockStore:
        database = f"stock_{token_hex(6)}"
        return lambda: open_stock_store(mongo_server.uri, database, driver=driver)
