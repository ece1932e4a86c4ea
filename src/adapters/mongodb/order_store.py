"""The orders in MongoDB, each with its outbox in its own document."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from secrets import token_hex
from typing import TypeVar

from adapters.mongodb.access import Document
from adapters.mongodb.adding import Adding, conditions_of_rivals
from adapters.mongodb.batcher import Batcher
from adapters.mongodb.driver import Database
from adapters.mongodb.leases import acquire_lease
from adapters.mongodb.order_documents import (
    WRITES_KEPT,
    entry_order_id,
    forget_entries,
    new_order,
    order_change,
    order_from,
    outbox_entries,
)
from adapters.mongodb.queries import offset, order_filter, sort_of
from adapters.mongodb.schema import PENDING_INDEX
from adapters.mongodb.ticks import Ticks
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.ids import OrderId, UserId
from inventory_domain.orders import Order
from inventory_domain.queries import OrderQuery, Page
from inventory_domain.writes import (
    AddResult,
    Conflict,
    OrderWrite,
    OutboxEntry,
    Saved,
    SaveResult,
)

__all__ = ["ORDERS", "ORDERS_PER_CALL_MAX", "MongoOrderStore"]

T = TypeVar("T")

ORDERS = "orders"

ORDERS_PER_CALL_MAX = 100
"""Each call has a deadline. A server that is slow, but does its work, must not miss it again and
again for the sake of one large batch."""

_ROUNDS_BESIDE_WRITES_MAX = 5
# From here on the page's ids are taken from an index first, without reading what lies before.
_DEEP = 1_000
_ORDER_ALONE = {"outbox": 0, "writes": 0, "searchText": 0}

# A save with the mark by which it is known again.
_Save = tuple[OrderWrite, str]


class MongoOrderStore:
    """Keeps the promises of ``OrderStore`` over an open *database*."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ticks = Ticks()
        self._writer = token_hex(6)
        self._save_count = 0
        self._adds = Batcher[OrderWrite, AddResult](self._add, item_count_max=ORDERS_PER_CALL_MAX)
        self._saves = Batcher[_Save, SaveResult](self._save, item_count_max=ORDERS_PER_CALL_MAX)

    async def aclose(self) -> None:
        """Finish what was handed in."""
        await self._adds.aclose()
        await self._saves.aclose()

    async def add(self, writes: Sequence[OrderWrite]) -> Sequence[AddResult]:
        results: list[AddResult] = []
        for part in _parts(writes):
            results += await self._adds(part)
        return results

    async def save(self, writes: Sequence[OrderWrite]) -> Sequence[SaveResult]:
        results: list[SaveResult] = []
        for part in _parts(writes):
            results += await self._saves([(write, self._mark()) for write in part])
        return results

    async def get(self, order_ids: Collection[OrderId]) -> Mapping[OrderId, Order]:
        if not order_ids:
            return {}
        found = await self._find({"_id": {"$in": list(order_ids)}})
        return {order.order_id: order for order in found}

    async def by_idempotency_key(self, subject: UserId, key: str) -> Order | None:
        found = await self._find({"idempotency.subject": subject, "idempotency.key": key})
        return found[0] if found else None

    async def find(self, query: OrderQuery) -> Page[Order]:
        where = order_filter(query)
        sort = sort_of(query.sort, unique="orderNumber")
        total = await self._database.count(ORDERS, where)
        skip = offset(query)
        if skip < _DEEP:
            found = await self._database.find(
                ORDERS, where, fields=_ORDER_ALONE, sort=sort, skip=skip, limit=query.limit
            )
            return Page(tuple([order_from(document) for document in found]), total)
        ids = await self._database.find(
            ORDERS, where, fields={"_id": 1}, sort=sort, skip=skip, limit=query.limit
        )
        orders = await self.get([found["_id"] for found in ids])
        return Page(tuple([orders[found["_id"]] for found in ids if found["_id"] in orders]), total)

    async def pending(self, count_max: int) -> Sequence[OutboxEntry]:
        # Every entry of an order is in its document, so that none is seen without those before.
        found = await self._database.find(
            ORDERS,
            {"pendingSince": {"$exists": True}},
            fields={"outbox": 1},
            sort=[("pendingSince", 1), ("_id", 1)],
            limit=-count_max,
            # Asked all the time: no planner shall ever look through all orders for it.
            hint=PENDING_INDEX,
        )
        entries = (entry for document in found for entry in outbox_entries(document))
        return list(islice(entries, count_max))

    async def mark_published(self, entry_ids: Sequence[str]) -> None:
        for part in _parts(entry_ids):
            orders = {"_id": {"$in": sorted({entry_order_id(entry_id) for entry_id in part})}}
            await self._database.update_all(ORDERS, orders, forget_entries(part))

    async def acquire_relay(self, holder: str, *, now: datetime, until: datetime) -> bool:
        return await acquire_lease(self._database, holder, now=now, until=until)

    def _mark(self) -> str:
        self._save_count += 1
        return f"{self._writer}-{self._save_count}"

    async def _find(self, where: Document) -> list[Order]:
        found = await self._database.find(ORDERS, where, fields=_ORDER_ALONE)
        return [order_from(document) for document in found]

    async def _add(self, writes: Sequence[OrderWrite]) -> Sequence[AddResult]:
        """Insert *writes* in as few rounds as their keys and numbers allow."""
        adding = Adding(writes)
        for _ in range(len(writes) + _ROUNDS_BESIDE_WRITES_MAX):
            places = adding.next_round()
            documents = [new_order(writes[place], self._ticks.next()) for place in places]
            refused = await self._database.insert(ORDERS, documents)
            adding.inserted(
                [place for position, place in enumerate(places) if position not in refused]
            )
            if not adding.open:
                return adding.results()
            # Why they were refused is learnt by reading: it may have been their own first try.
            rivals = conditions_of_rivals([writes[place] for place in adding.open])
            adding.look_up(await self._find({"$or": rivals}))
            if not adding.open:
                return adding.results()
        raise DependencyUnavailable(
            dependency=self._database.dependency,
            reason="orders were refused for others that cannot be found",
        )

    async def _save(self, saves: Sequence[_Save]) -> Sequence[SaveResult]:
        """Update in turn, each guarded by its version, and read what became of those that missed.

        The server tells how many missed their guard, but not which.
        """
        updates = [
            (
                {"_id": write.order.order_id, "version": write.order.version - 1},
                order_change(write, self._ticks.next(), mark),
            )
            for write, mark in saves
        ]
        matched = await self._database.write(ORDERS, updates=updates)
        if matched == len(saves):
            return [Saved()] * len(saves)
        ids = sorted({write.order.order_id for write, _ in saves})
        found = await self._database.find(
            ORDERS, {"_id": {"$in": ids}}, fields={"outbox": 0, "searchText": 0}
        )
        stored = {document["_id"]: document for document in found}
        return [
            self._save_result(write.order, mark, stored.get(write.order.order_id))
            for write, mark in saves
        ]

    def _save_result(self, order: Order, mark: str, stored: Document | None) -> SaveResult:
        if stored is None:
            return Conflict(None)
        if mark in stored.get("writes", ()):
            return Saved()
        if stored["version"] >= order.version + WRITES_KEPT:
            raise DependencyUnavailable(
                dependency=self._database.dependency,
                reason=f"order {order.order_id} changes too often to tell what became of a save",
            )
        return Conflict(order_from(stored))


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), ORDERS_PER_CALL_MAX):
        yield items[start : start + ORDERS_PER_CALL_MAX]
