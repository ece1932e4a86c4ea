"""A start makes what is missing, keeps what is there, and says in a sentence what is wrong."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Iterator
from secrets import token_hex
from typing import Any, get_args

import attrs
import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from adapters.mongodb import Driver, Limits, ServerUnfit, open_order_store, open_stock_store
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.ids import OrderId
from inventory_domain.testing.builders import LAMP, a_product, a_write, an_order, stocking
from inventory_domain.writes import Added
from tests.support.mongo_server import ForeignMongo, MongoServer, Secantus
from tests.support.server_process import free_port

pytestmark = pytest.mark.integration

SOON = Limits(call_seconds=1.0, connect_seconds=0.5)
ORDER = OrderId("order-1")


class Standalone(Secantus):
    """A server without a replica set."""

    def command(self) -> list[str]:
        return [*super().command(), "--standalone"]


class Guarded(Secantus):
    """A server that lets nobody in without a password, once there is a user."""

    guarded = False

    def command(self) -> list[str]:
        return [*super().command(), *(["--auth"] if self.guarded else [])]


@pytest.fixture
def name() -> str:
    return f"start_{token_hex(6)}"


@pytest.fixture(params=get_args(Driver))
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
async def raw(
    mongo_server: MongoServer | ForeignMongo,
) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    async with AsyncMongoClient[dict[str, Any]](mongo_server.uri) as client:
        yield client


@pytest.fixture(scope="module")
def standalone() -> Iterator[Standalone]:
    server = Standalone()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    server = Guarded()
    try:
        server.start()
        with server.direct_client() as client:
            roles = [{"role": "root", "db": "admin"}]
            client.admin.command("createUser", "shop", pwd="right", roles=roles)
        server.guarded = True
        server.restart()
        yield server
    finally:
        server.close()


async def test_a_second_start_changes_nothing_and_keeps_the_documents(
    mongo_server: MongoServer | ForeignMongo,
    raw: AsyncMongoClient[dict[str, Any]],
    name: str,
    driver: Driver,
) -> None:
    async with open_order_store(mongo_server.uri, name, driver=driver) as store:
        await store.add([a_write()])
    before = await _schema(raw, name)

    async with open_order_store(mongo_server.uri, name, driver=driver) as store:
        assert ORDER in await store.get([ORDER])

    assert await _schema(raw, name) == before
    assert {"number", "idempotency_key", "pending", "newest"} <= set(before["orders"]["indexes"])
    assert before["orders"]["options"]["validator"]["$jsonSchema"]["required"]


async def test_instances_that_start_at_once_do_not_trip_over_each_other(
    mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> None:
    async def start() -> None:
        async with open_stock_store(mongo_server.uri, name, driver=driver) as store:
            await store.load([], [LAMP])

    await asyncio.gather(*(start() for _ in range(4)))


async def test_an_older_validator_is_brought_up_to_date(
    mongo_server: MongoServer | ForeignMongo, raw: AsyncMongoClient[dict[str, Any]], name: str
) -> None:
    async with open_stock_store(mongo_server.uri, name) as store:
        await store.commit(stocking(a_product(LAMP)))
    wanted = await _schema(raw, name)
    await raw[name].command("collMod", "products", validator={"stock": {"$gte": -5}})

    async with open_stock_store(mongo_server.uri, name) as store:
        assert (await store.load([], [LAMP])).products == {LAMP: a_product(LAMP)}

    validator = (await _schema(raw, name))["products"]["options"]["validator"]
    assert validator == wanted["products"]["options"]["validator"]


@pytest.mark.parametrize("field", ["stock", "reserved", "received", "sold", "writtenOff", "price"])
async def test_the_database_itself_refuses_what_must_never_be_stored(
    mongo_server: MongoServer | ForeignMongo,
    raw: AsyncMongoClient[dict[str, Any]],
    name: str,
    field: str,
) -> None:
    async with open_stock_store(mongo_server.uri, name) as store:
        await store.commit(stocking(a_product(LAMP, stock=1)))

    with pytest.raises(OperationFailure) as refusal:
        await raw[name].products.update_one({"_id": LAMP}, {"$set": {field: -1}})

    assert refusal.value.code == 121
    document = await raw[name].products.find_one({"_id": LAMP})
    assert document is not None
    assert document[field] >= 0


async def test_documents_that_share_a_number_stop_the_start(
    mongo_server: MongoServer | ForeignMongo, raw: AsyncMongoClient[dict[str, Any]], name: str
) -> None:
    await raw[name].orders.insert_many([{"orderNumber": "ORD-1"}, {"orderNumber": "ORD-1"}])

    with pytest.raises(ServerUnfit, match="orders share what must be unique"):
        async with open_order_store(mongo_server.uri, name):
            pass


async def test_another_index_by_a_name_of_ours_stops_the_start(
    mongo_server: MongoServer | ForeignMongo, raw: AsyncMongoClient[dict[str, Any]], name: str
) -> None:
    await raw[name].orders.create_index("somethingElse", name="number")

    with pytest.raises(ServerUnfit, match="orders has another index by the name of one of ours"):
        async with open_order_store(mongo_server.uri, name):
            pass


@pytest.mark.parametrize("query", ["?directConnection=true", "?replicaSet=rs0", ""])
async def test_a_server_without_a_replica_set_stops_the_start(
    standalone: Standalone, driver: Driver, query: str
) -> None:
    address = f"mongodb://127.0.0.1:{standalone.port}/{query}"

    with pytest.raises(ServerUnfit) as fault:
        async with open_stock_store(address, "x", driver=driver, limits=SOON):
            pass

    assert "mongod --replSet rs0" in str(fault.value)
    assert "rs.initiate()" in str(fault.value)
    assert "MONGODB_URI" in str(fault.value)


async def test_a_wrong_name_of_the_replica_set_stops_the_start(
    mongo_server: MongoServer | ForeignMongo, driver: Driver
) -> None:
    if isinstance(mongo_server, ForeignMongo):
        pytest.skip("the address of MONGODB_TEST_URI is not ours to take apart")
    address = f"mongodb://127.0.0.1:{mongo_server.port}/?replicaSet=elsewhere"

    with pytest.raises(ServerUnfit) as fault:
        async with open_order_store(address, "x", driver=driver, limits=SOON):
            pass

    assert f"set replicaSet={mongo_server.replica_set} in MONGODB_URI" in str(fault.value)


async def test_refused_credentials_stop_the_start(guarded: Guarded, driver: Driver) -> None:
    address = f"{guarded.uri}&authSource=admin".replace("//", "//shop:wrong@")

    with pytest.raises(ServerUnfit, match="user or the password in MONGODB_URI") as fault:
        async with open_order_store(address, "x", driver=driver, limits=SOON):
            pass

    assert "wrong@" not in str(fault.value)


async def test_missing_credentials_stop_the_start(guarded: Guarded, driver: Driver) -> None:
    with pytest.raises(ServerUnfit, match="MONGODB_URI"):
        async with open_order_store(guarded.uri, "x", driver=driver, limits=SOON):
            pass


async def test_the_right_credentials_open_the_store(guarded: Guarded, driver: Driver) -> None:
    address = f"{guarded.uri}&authSource=admin".replace("//", "//shop:right@")

    async with open_order_store(address, f"x_{driver}", driver=driver) as store:
        assert list(await store.add([a_write()])) == [Added()]


@pytest.fixture
def sockets_may_be_left() -> Iterator[None]:
    """Let go of sockets that a client of PyMongo forgets when it is closed while it connects."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


async def test_nobody_at_the_address_is_an_outage_that_names_the_setting(
    driver: Driver, sockets_may_be_left: None
) -> None:
    port = free_port()

    with pytest.raises(DependencyUnavailable) as fault:
        async with open_order_store(
            f"mongodb://127.0.0.1:{port}/?replicaSet=rs0", "x", driver=driver, limits=SOON
        ):
            pass

    assert fault.value.dependency == "orders store"
    assert f"127.0.0.1:{port} does not answer" in fault.value.reason
    assert "MONGODB_URI" in fault.value.reason


@pytest.mark.parametrize("address", ["somewhere", "mongodb://h:port", "mongodb://:p@@x/?a"])
async def test_an_address_that_cannot_be_read_stops_the_start(driver: Driver, address: str) -> None:
    with pytest.raises(ServerUnfit, match="MONGODB_URI cannot be read"):
        async with open_order_store(address, "x", driver=driver):
            pass


async def test_a_restart_of_the_server_keeps_everything(
    managed_mongo_server: MongoServer, name: str
) -> None:
    order = an_order(ORDER)
    async with (
        open_order_store(managed_mongo_server.uri, name) as orders,
        open_stock_store(managed_mongo_server.uri, name + "_stock") as stock,
    ):
        await orders.add([a_write(order)])
        await stock.commit(stocking(a_product(LAMP)))

        await asyncio.to_thread(managed_mongo_server.restart)

        assert await orders.get([ORDER]) == {ORDER: order}
        assert len(await orders.pending(10)) == 1
        assert (await stock.load([], [LAMP])).products == {LAMP: a_product(LAMP)}
        changed = a_write(attrs.evolve(order, version=2))
        assert len(await orders.save([changed])) == 1


async def _schema(raw: AsyncMongoClient[dict[str, Any]], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    async for collection in await raw[name].list_collections():
        indexes = await raw[name][collection["name"]].index_information()
        found[collection["name"]] = {"options": collection["options"], "indexes": indexes}
    return found
