"""What really goes to the server: in how many commands, and with which concerns."""

from collections.abc import Iterator, Mapping
from secrets import token_hex
from typing import Any, get_args

import pytest
from pymongo import AsyncMongoClient, monitoring

from adapters.mongodb import Driver, open_order_store, open_stock_store
from inventory_domain.ids import UserId
from inventory_domain.queries import OrderQuery
from inventory_domain.testing.builders import (
    LAMP,
    a_product,
    a_write,
    an_order,
    an_outgoing_record,
    stocking,
)
from tests.support.mongo_server import ForeignMongo, MongoServer

pytestmark = pytest.mark.integration

Command = Mapping[str, Any]


class Tap(monitoring.CommandListener):
    """Hears the commands of every client that is made while it is on."""

    def __init__(self) -> None:
        self.heard: list[Command] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.heard.append(dict(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass

    def named(self, *names: str) -> list[Command]:
        """Return the commands of these names, in their order."""
        return [command for command in self.heard if next(iter(command)) in names]


@pytest.fixture
def tap() -> Iterator[Tap]:
    listeners = monitoring._LISTENERS.command_listeners
    tap = Tap()
    listeners.append(tap)
    yield tap
    listeners.remove(tap)


@pytest.fixture
def name() -> str:
    return f"commands_{token_hex(6)}"


@pytest.fixture(params=get_args(Driver))
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    return request.param  # type: ignore[no-any-return]


def waits_for_the_journals_of_a_majority(command: Command) -> bool:
    concern = command["writeConcern"]
    return bool(concern["w"] == "majority" and concern["j"] is True)


async def test_an_order_and_its_events_are_one_insert_that_a_majority_has_journaled(
    tap: Tap, mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> None:
    events = [an_outgoing_record(value=b"1"), an_outgoing_record(value=b"2")]
    async with open_order_store(mongo_server.uri, name, driver=driver) as store:
        tap.heard.clear()
        await store.add([a_write(an_order(), *events)])

    (insert,) = tap.named("insert", "update", "findAndModify", "bulkWrite")
    assert next(iter(insert)) == "insert"
    assert waits_for_the_journals_of_a_majority(insert)
    (document,) = insert["documents"]
    assert document["orderNumber"]
    assert len(document["outbox"]) == 1
    assert len(document["outbox"][0]["records"]) == 2


async def test_the_relay_sees_only_what_a_majority_has(
    tap: Tap, mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> None:
    async with open_order_store(mongo_server.uri, name, driver=driver) as store:
        await store.add([a_write(an_order())])
        tap.heard.clear()
        entries = await store.pending(10)
        await store.mark_published([entry.entry_id for entry in entries])

    (find,) = tap.named("find")
    assert find["readConcern"] == {"level": "majority"}
    (update,) = tap.named("update")
    assert waits_for_the_journals_of_a_majority(update)


async def test_a_change_of_stock_is_one_transaction_with_the_products_last(
    tap: Tap, mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> None:
    change = stocking(a_product(LAMP))
    async with open_stock_store(mongo_server.uri, name, driver=driver) as store:
        tap.heard.clear()
        await store.commit(change)

    writes = tap.named("insert", "update", "delete", "bulkWrite")
    (commit,) = tap.named("commitTransaction")
    assert len({(str(one["lsid"]), one["txnNumber"]) for one in (*writes, commit)}) == 1
    assert [one["autocommit"] for one in (*writes, commit)] == [False] * (len(writes) + 1)
    assert [one.get("startTransaction", False) for one in writes] == [
        place == 0 for place in range(len(writes))
    ]
    assert writes[-1][next(iter(writes[-1]))] == "products"
    assert waits_for_the_journals_of_a_majority(commit)
    assert tap.heard.index(commit) > tap.heard.index(writes[-1])


async def test_a_view_of_the_stock_is_one_moment_of_what_a_majority_has(
    tap: Tap, mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> None:
    async with open_stock_store(mongo_server.uri, name, driver=driver) as store:
        await store.commit(stocking(a_product(LAMP)))
        tap.heard.clear()
        await store.load(["order-1"], [LAMP])  # type: ignore[list-item] # plain words will do

    finds = tap.named("find")
    assert finds[0]["readConcern"]["level"] == "snapshot"
    assert {find["autocommit"] for find in finds} == {False}
    assert len({find["txnNumber"] for find in finds}) == 1
    assert len(tap.named("commitTransaction")) == 1


async def test_what_waits_for_the_relay_is_looked_up_in_its_own_index(
    tap: Tap, mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> None:
    async with open_order_store(mongo_server.uri, name, driver=driver) as store:
        tap.heard.clear()
        await store.pending(10)

    (find,) = tap.named("find")
    async with AsyncMongoClient[dict[str, Any]](mongo_server.uri) as client:
        asked = {key: find[key] for key in ("find", "filter", "sort", "hint")}
        told = await client[name].command({"explain": asked})
    assert "IXSCAN" in str(told["queryPlanner"]["winningPlan"])
    assert "COLLSCAN" not in str(told["queryPlanner"]["winningPlan"])


@pytest.fixture
def kept_from_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than three documents are many."""
    monkeypatch.setattr("adapters.mongodb.access._COUNTED_MAX", 3)


@pytest.mark.usefixtures("kept_from_3")
async def test_the_whole_of_a_large_collection_is_not_counted_one_by_one(
    tap: Tap, mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> None:
    """Of millions of orders that would take longer than a call may."""
    async with open_order_store(mongo_server.uri, name, driver=driver) as store:
        await store.add([a_write(an_order(f"order-{number}")) for number in range(4)])
        tap.heard.clear()
        page = await store.find(OrderQuery(limit=2))
        of_nobody = await store.find(OrderQuery(user_id=UserId("nobody")))

    assert (page.total, of_nobody.total) == (4, 0)
    whole, filtered = tap.named("count", "aggregate")
    assert next(iter(whole)) == "count"
    assert not whole.get("query")
    assert next(iter(filtered)) == "aggregate"


@pytest.mark.usefixtures("kept_from_3")
async def test_a_small_collection_is_counted_exactly(
    tap: Tap, mongo_server: MongoServer | ForeignMongo, name: str, driver: Driver
) -> None:
    """The number that a server keeps may be off after it was killed."""
    async with open_order_store(mongo_server.uri, name, driver=driver) as store:
        await store.add([a_write(an_order(f"order-{number}")) for number in range(3)])
        tap.heard.clear()
        page = await store.find(OrderQuery(limit=2))

    assert page.total == 3
    assert len(tap.named("aggregate")) == 1
