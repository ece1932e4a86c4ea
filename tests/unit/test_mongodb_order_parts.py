"""Large batches of orders go to the server in parts, each with its own deadline."""

from typing import Any, cast

from adapters.mongodb.driver import Database
from adapters.mongodb.order_store import ORDERS_PER_CALL_MAX, MongoOrderStore
from inventory_domain.testing.builders import a_write, an_order, an_order_number
from inventory_domain.writes import OrderWrite, Saved


class CountingDatabase:
    """Takes everything and notes how much came with each call."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    async def insert(self, _collection: str, documents: list[Any]) -> frozenset[int]:
        self.counts.append(len(documents))
        return frozenset()

    async def write(self, _collection: str, *, updates: list[Any]) -> int:
        self.counts.append(len(updates))
        return len(updates)

    async def update_all(self, _collection: str, where: Any, _change: Any) -> None:
        self.counts.append(len(where["_id"]["$in"]))


def store_over(database: CountingDatabase) -> MongoOrderStore:
    return MongoOrderStore(cast("Database", database))


def writes(count: int, **changes: Any) -> list[OrderWrite]:
    names = [f"order-{number}" for number in range(count)]
    return [
        a_write(an_order(name, order_number=an_order_number(name), **changes)) for name in names
    ]


async def test_no_call_to_the_server_carries_more_orders_than_its_deadline_allows() -> None:
    wanted = [ORDERS_PER_CALL_MAX, ORDERS_PER_CALL_MAX, 5]
    count = sum(wanted)
    added, saved, marked = CountingDatabase(), CountingDatabase(), CountingDatabase()

    results = await store_over(added).add(writes(count))
    assert await store_over(saved).save(writes(count, version=2)) == [Saved()] * count
    await store_over(marked).mark_published([f"order-{number}#1" for number in range(count)])

    assert len(results) == count
    assert [added.counts, saved.counts, marked.counts] == [wanted] * 3


async def test_nothing_to_write_calls_nobody() -> None:
    database = CountingDatabase()
    store = store_over(database)

    assert (await store.add([]), await store.save([])) == ([], [])
    await store.mark_published([])

    assert database.counts == []
