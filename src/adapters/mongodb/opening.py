"""Open the stores: find the server, check it, make what is missing, and close it all again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from adapters.mongodb.driver import Database, Driver
from adapters.mongodb.limits import BadAddress, Limits
from adapters.mongodb.order_store import MongoOrderStore
from adapters.mongodb.schema import (
    ORDERS_SCHEMA,
    STOCK_SCHEMA,
    Collection,
    SchemaDiffers,
    ensure,
)
from adapters.mongodb.server_check import ServerUnfit, check_server, explain
from adapters.mongodb.stock_store import MongoStockStore
from inventory_domain.errors import DependencyUnavailable

__all__ = ["open_order_store", "open_stock_store"]

_LIMITS = Limits()


@asynccontextmanager
async def open_order_store(
    address: str, database: str, *, driver: Driver = "motor", limits: Limits = _LIMITS
) -> AsyncIterator[MongoOrderStore]:
    """Open the orders in *database* at *address*, a connection string.

    Raises:
        ServerUnfit: the server, the address or what lies there cannot be used; the text is a
            sentence that says what to do.
        DependencyUnavailable: nobody answers; ``reason`` is such a sentence.
    """
    opened = _open(address, database, "orders store", driver, limits)
    async with _ready(opened, ORDERS_SCHEMA):
        store = MongoOrderStore(opened)
        try:
            yield store
        finally:
            await store.aclose()


@asynccontextmanager
async def open_stock_store(
    address: str, database: str, *, driver: Driver = "motor", limits: Limits = _LIMITS
) -> AsyncIterator[MongoStockStore]:
    """Open the stock in *database* at *address*; raises what :func:`open_order_store` does."""
    opened = _open(address, database, "stock store", driver, limits)
    async with _ready(opened, STOCK_SCHEMA):
        yield MongoStockStore(opened)


def _open(address: str, name: str, dependency: str, driver: Driver, limits: Limits) -> Database:
    try:
        return Database(address, name, dependency=dependency, driver=driver, limits=limits)
    except BadAddress as error:
        raise ServerUnfit(f"MONGODB_URI cannot be read ({error}): correct it.") from error


@asynccontextmanager
async def _ready(database: Database, collections: Sequence[Collection]) -> AsyncIterator[None]:
    try:
        try:
            await check_server(database)
            await ensure(database, collections)
        except SchemaDiffers as error:
            raise ServerUnfit(f"MongoDB cannot be set up: {error}") from error
        except DependencyUnavailable as error:
            raise await explain(database, error) from error
        yield
    finally:
        await database.aclose()
