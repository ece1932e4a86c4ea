"""Products, reservations and movements in MongoDB: every commit is one transaction."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any

from adapters.mongodb.access import Access, Document, Sort
from adapters.mongodb.driver import Database
from adapters.mongodb.leases import acquire_lease
from adapters.mongodb.queries import best_match_steps, offset, product_filter, sort_of
from adapters.mongodb.stock_documents import (
    entry_documents,
    entry_from,
    ledger_range,
    movement_from,
    new_movement,
    product_fields,
    product_from,
    reservation_fields,
    reservation_from,
)
from adapters.mongodb.ticks import Ticks
from adapters.mongodb.turns import MongoTurns
from adapters.system import RandomIds, SystemClock
from inventory_domain.audit import AuditPart
from inventory_domain.errors import StockConflict
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.queries import MovementQuery, Page, ProductQuery
from inventory_domain.stock import Movement, Product, ReservationState, StockChange, StockView
from inventory_domain.writes import OutboxEntry

__all__ = ["MOVEMENTS", "OUTBOX", "PRODUCTS", "RESERVATIONS", "MongoStockStore"]

PRODUCTS = "products"
RESERVATIONS = "reservations"
MOVEMENTS = "movements"
OUTBOX = "outbox"

_AUDIT_PART_SIZE = 1_000
_OLDEST_FIRST: Sort = [("_id", 1)]


class MongoStockStore:
    """Keeps the promises of ``StockStore`` over an open *database*."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ticks = Ticks()
        self._writer = token_hex(6)
        self.turns = MongoTurns(database, SystemClock(), RandomIds())

    async def load(
        self, order_ids: Collection[OrderId], product_ids: Collection[ProductId]
    ) -> StockView:
        async def read(access: Access) -> tuple[list[Document], list[Document]]:
            held = await _by_id(access, RESERVATIONS, order_ids)
            named = {line["productId"] for one in held for line in one["items"]}
            return held, await _by_id(access, PRODUCTS, named.union(product_ids))

        held, products = await self._database.transaction(read, reads_only=True)
        for document in held:
            self._ticks.saw(document["tick"])
        return StockView(
            {OrderId(document["_id"]): reservation_from(document) for document in held},
            {ProductId(document["_id"]): product_from(document) for document in products},
        )

    async def commit(self, change: StockChange) -> None:
        if not change.is_empty:
            await self._database.transaction(_Commit(change, self._ticks.next(), self._writer))

    async def find_products(self, query: ProductQuery) -> Page[Product]:
        where = product_filter(query)
        total = await self._database.count(PRODUCTS, where)
        if query.by_match:
            found = await self._database.aggregate(PRODUCTS, best_match_steps(query))
        else:
            found = await self._database.find(
                PRODUCTS, where, sort=sort_of(query.sort), skip=offset(query), limit=query.limit
            )
        return Page(tuple([product_from(document) for document in found]), total)

    async def find_movements(self, query: MovementQuery) -> Page[Movement]:
        where = ledger_range(query.product_id)
        if query.order_id is not None:
            where["orderId"] = query.order_id
        total = await self._database.count(MOVEMENTS, where)
        found = await self._database.find(
            MOVEMENTS, where, sort=[("_id", -1)], skip=offset(query), limit=query.limit
        )
        return Page(tuple([movement_from(document) for document in found]), total)

    async def audit_parts(self) -> AsyncIterator[AuditPart]:
        # The server ends a transaction that lasts too long (transactionLifetimeLimitSeconds, 60
        # unless set): then this ends with DependencyUnavailable.
        async with self._database.moment(reads_only=True) as moment:
            for collection, where, part_of in _AUDITED:
                parts = moment.parts(collection, where, sort=_OLDEST_FIRST, size=_AUDIT_PART_SIZE)
                async for part in parts:
                    yield part_of(part)

    async def pending(self, count_max: int) -> Sequence[OutboxEntry]:
        # In one moment: a look that takes longer could pass over an order's earlier entry, which
        # comes while it goes on, and see the later one.
        async def read(access: Access) -> list[Document]:
            return await access.find(OUTBOX, {}, sort=_OLDEST_FIRST, limit=-count_max)

        found = await self._database.transaction(read, reads_only=True)
        return [entry_from(document) for document in found]

    async def mark_published(self, entry_ids: Sequence[str]) -> None:
        if entry_ids:
            await self._database.delete(OUTBOX, {"_id": {"$in": list(entry_ids)}})

    async def acquire_relay(self, holder: str, *, now: datetime, until: datetime) -> bool:
        return await acquire_lease(self._database, holder, now=now, until=until)


class _Commit:
    """One change as the writes of a transaction, made before it begins to keep that short."""

    def __init__(self, change: StockChange, tick: int, writer: str) -> None:
        self._reservations = [
            (reservation_fields(write.reservation, tick), write.expected_version)
            for write in change.reservations
        ]
        self._products = [
            (product_fields(write.product), write.expected_version) for write in change.products
        ]
        # In one order everywhere: of two that meet, one goes on.
        self._movements = sorted(map(new_movement, change.movements), key=_identity)
        self._entries = entry_documents(change.events, tick, writer)

    async def __call__(self, access: Access) -> None:
        await _write_guarded(access, RESERVATIONS, self._reservations)
        await access.write(OUTBOX, inserts=self._entries)
        await access.write(MOVEMENTS, inserts=self._movements)
        # Last: another instance can miss a product's version from here on only.
        await _write_guarded(access, PRODUCTS, self._products)


async def _write_guarded(
    access: Access, collection: str, documents: Sequence[tuple[Document, int | None]]
) -> None:
    """Insert what is new and replace the rest, each if it has the expected version.

    Raises:
        StockConflict: one has not.
    """
    in_turn = sorted(documents, key=lambda pair: _identity(pair[0]))
    inserts = [document for document, expected in in_turn if expected is None]
    changed = [
        ({"_id": document["_id"], "version": expected}, document)
        for document, expected in in_turn
        if expected is not None
    ]
    if await access.write(collection, inserts=inserts, replacements=changed) < len(changed):
        raise StockConflict


async def _by_id(access: Access, collection: str, ids: Collection[str]) -> list[Document]:
    return await access.find(collection, {"_id": {"$in": list(ids)}}) if ids else []


def _identity(document: Mapping[str, Any]) -> str:
    return str(document["_id"])


def _product_part(documents: Sequence[Document]) -> AuditPart:
    return AuditPart(products=tuple([product_from(document) for document in documents]))


def _reservation_part(documents: Sequence[Document]) -> AuditPart:
    return AuditPart(reservations=tuple([reservation_from(document) for document in documents]))


def _movement_part(documents: Sequence[Document]) -> AuditPart:
    return AuditPart(movements=tuple([movement_from(document) for document in documents]))


# Reservations that hold nothing any more are no part of the sums.
_AUDITED: tuple[tuple[str, Document, Callable[[Sequence[Document]], AuditPart]], ...] = (
    (PRODUCTS, {}, _product_part),
    (RESERVATIONS, {"state": ReservationState.RESERVED.value}, _reservation_part),
    (MOVEMENTS, {}, _movement_part),
)
