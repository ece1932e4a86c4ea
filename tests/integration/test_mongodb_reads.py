"""A read that the server gives up is an outage: it wanted to change nothing, nobody was quicker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from pymongo import AsyncMongoClient

from adapters.mongodb import Driver, open_stock_store
from adapters.mongodb.stock_store import MongoStockStore
from apps.cli import main
from inventory_domain.errors import DependencyUnavailable, StockConflict
from inventory_domain.ids import ProductId
from inventory_domain.testing.builders import LAMP, a_product, stocking
from tests.support.mongo_server import MongoServer

pytestmark = pytest.mark.integration

LOCK_TIMEOUT = 24
NO_SUCH_TRANSACTION = 251
HOST_UNREACHABLE = 6
SNAPSHOT_UNAVAILABLE = 246
GIVEN_UP = [HOST_UNREACHABLE, LOCK_TIMEOUT, SNAPSHOT_UNAVAILABLE, NO_SUCH_TRANSACTION]


@pytest.fixture
def name() -> str:
    return f"reads_{token_hex(6)}"


@pytest.fixture(params=get_args(Driver))
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    return request.param  # type: ignore[no-any-return]


@asynccontextmanager
async def giving_up(server: MongoServer, *commands: str, code: int) -> AsyncIterator[None]:
    """Let the server answer *commands* as if it had ended their transaction."""
    data = {
        "failCommands": list(commands),
        "errorCode": code,
        "errorLabels": ["TransientTransactionError"],
    }
    async with AsyncMongoClient[dict[str, Any]](server.uri) as client:
        point = {"configureFailPoint": "failCommand"}
        await client.admin.command({**point, "mode": "alwaysOn", "data": data})
        try:
            yield
        finally:
            await client.admin.command({**point, "mode": "off"})


@pytest.fixture
async def store(
    managed_mongo_server: MongoServer, name: str, driver: Driver
) -> AsyncIterator[MongoStockStore]:
    async with open_stock_store(managed_mongo_server.uri, name, driver=driver) as store:
        await store.commit(stocking(a_product(LAMP), a_product("other")))
        yield store


async def audit(store: MongoStockStore) -> None:
    async for _ in store.audit_parts():
        pass


READS: dict[str, Callable[[MongoStockStore], Awaitable[object]]] = {
    "load": lambda store: store.load([], [LAMP]),
    "pending": lambda store: store.pending(10),
    "audit": audit,
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("code", GIVEN_UP)
async def test_a_read_that_the_server_gives_up_is_an_outage(
    managed_mongo_server: MongoServer,
    store: MongoStockStore,
    read: Callable[[MongoStockStore], Awaitable[object]],
    code: int,
) -> None:
    async with giving_up(managed_mongo_server, "find", code=code):
        with pytest.raises(DependencyUnavailable):
            await read(store)

    await read(store)


async def test_a_moment_that_the_server_ends_after_the_first_part_of_an_audit_is_an_outage(
    managed_mongo_server: MongoServer, store: MongoStockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.mongodb.stock_store._AUDIT_PART_SIZE", 1)
    parts = store.audit_parts()
    await anext(parts)

    async with giving_up(managed_mongo_server, "getMore", code=NO_SUCH_TRANSACTION):
        with pytest.raises(DependencyUnavailable):
            await anext(parts)


@pytest.mark.parametrize("command", ["insert", "commitTransaction"])
async def test_a_change_that_the_server_gives_up_is_decided_again(
    managed_mongo_server: MongoServer, store: MongoStockStore, command: str
) -> None:
    async with giving_up(managed_mongo_server, command, code=NO_SUCH_TRANSACTION):
        with pytest.raises(StockConflict):
            await store.commit(stocking(a_product("third")))

    assert (await store.load([], [ProductId("third")])).products == {}


async def test_a_server_that_gives_up_a_read_at_the_start_is_away_and_not_unfit(
    managed_mongo_server: MongoServer, name: str, driver: Driver
) -> None:
    async with giving_up(managed_mongo_server, "find", code=LOCK_TIMEOUT):
        with pytest.raises(DependencyUnavailable):
            async with open_stock_store(managed_mongo_server.uri, name, driver=driver):
                pass


async def test_the_audit_command_says_that_the_store_is_away_when_its_moment_is_ended(
    managed_mongo_server: MongoServer,
    store: MongoStockStore,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("adapters.mongodb.stock_store._AUDIT_PART_SIZE", 1)
    settings = {
        "STORE": "mongodb",
        "EVENT_LOG": "embedded",
        "DATA_DIR": str(tmp_path),
        "MONGODB_URI": managed_mongo_server.uri,
        "PRODUCTS_DB": name,
    }

    async with giving_up(managed_mongo_server, "getMore", code=NO_SUCH_TRANSACTION):
        result = await asyncio.to_thread(CliRunner().invoke, main, ["audit"], env=settings)

    assert result.exit_code == 3
    assert result.stderr.startswith("The stock store does not answer (")
