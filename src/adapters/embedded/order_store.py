"""The orders in a SQLite file."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from adapters.embedded.bulk import decode, encode, execute_rows, storable, value
from adapters.embedded.database import Database
from adapters.embedded.order_queries import find_orders
from adapters.embedded.order_rows import (
    INSERT_ORDERS,
    ORDERS_SCHEMA,
    UPDATE_ORDERS,
    order_from,
    order_row,
)
from adapters.embedded.outbox import SqliteOutbox, store_outbox
from inventory_domain.documents import read_order
from inventory_domain.ids import OrderId, UserId
from inventory_domain.orders import Order
from inventory_domain.queries import OrderQuery, Page
from inventory_domain.records import OutgoingRecord
from inventory_domain.writes import (
    Added,
    AddResult,
    Conflict,
    KeyKnown,
    NumberTaken,
    OrderWrite,
    Saved,
    SaveResult,
)

__all__ = ["SqliteOrderStore"]

# An order on its way into the table: with its row, made before the writer takes it.
_Item = tuple[OrderWrite, tuple[Any, ...]]

_BY_IDS = (
    "SELECT '[' || group_concat(document) || ']' FROM orders"
    " WHERE order_id IN (SELECT value FROM json_each(?))"
)


class SqliteOrderStore(SqliteOutbox):
    """Keeps the promises of ``OrderStore``; made by :meth:`open`."""

    @classmethod
    async def open(cls, path: Path, *, busy_seconds: float = 2.0) -> Self:
        """Open or make the file at *path*; see :meth:`Database.open` for what it raises."""
        return cls(
            await Database.open(path, ORDERS_SCHEMA, "orders store", busy_seconds=busy_seconds)
        )

    @property
    def commits(self) -> int:
        """How many transactions were committed so far."""
        return self._database.writer.commits

    async def aclose(self) -> None:
        """Finish what was handed in and close the file."""
        await self._database.aclose()

    async def add(self, writes: Sequence[OrderWrite]) -> Sequence[AddResult]:
        items = [(write, order_row(write.order)) for write in writes]
        return await self._database.writer.run_merged(_add, items) if items else []

    async def save(self, writes: Sequence[OrderWrite]) -> Sequence[SaveResult]:
        items = [(write, order_row(write.order)) for write in writes]
        return await self._database.writer.run_merged(_save, items) if items else []

    async def get(self, order_ids: Collection[OrderId]) -> Mapping[OrderId, Order]:
        if not order_ids:
            return {}
        found = await self._database.readers.value(_BY_IDS, (encode(list(order_ids)),))
        return {order.order_id: order for order in _read_orders(found)}

    async def by_idempotency_key(self, subject: UserId, key: str) -> Order | None:
        found = await self._database.readers.value(
            "SELECT document FROM orders WHERE key_subject = ? AND key = ?",
            (storable(subject), storable(key)),
        )
        return None if found is None else order_from(found)

    async def find(self, query: OrderQuery) -> Page[Order]:
        found = await self._database.readers.run(lambda connection: find_orders(connection, query))
        orders = _read_orders(found.documents)
        return Page(tuple(orders[::-1] if found.is_reversed else orders), found.total)


def _read_orders(documents: str | None) -> list[Order]:
    return [] if documents is None else [read_order(found) for found in decode(documents)]


def _add(connection: sqlite3.Connection, items: list[_Item]) -> Sequence[AddResult]:
    """Store the new orders of *items*, each by itself, in a few statements for all."""
    by_key = _stored_keys(connection, items)
    taken = _taken_names(connection, items)
    results: list[AddResult] = []
    rows: list[tuple[Any, ...]] = []
    events: list[OutgoingRecord] = []
    for write, row in items:
        order = write.order
        key = order.idempotency
        pair = None if key is None else (storable(key.subject), storable(key.key))
        known = None if pair is None else by_key.get(pair)
        if known is not None:
            results.append(KeyKnown(known))
            continue
        if order.order_number in taken or order.order_id in taken:
            results.append(NumberTaken())
            continue
        if pair is not None:
            by_key[pair] = order
        taken.update((order.order_number, order.order_id))
        rows.append(row)
        events.extend(write.events)
        results.append(Added())
    execute_rows(connection, INSERT_ORDERS, rows)
    store_outbox(connection, events)
    return results


def _stored_keys(
    connection: sqlite3.Connection, items: list[_Item]
) -> dict[tuple[str, str], Order]:
    keys = [write.order.idempotency for write, _ in items]
    pairs = [(storable(key.subject), storable(key.key)) for key in keys if key is not None]
    if not pairs:
        return {}
    found = value(
        connection,
        "SELECT '[' || group_concat(document) || ']' FROM json_each(?) AS wanted"
        " CROSS JOIN orders"
        " WHERE key_subject = wanted.value ->> 0 AND orders.key = wanted.value ->> 1",
        (encode(pairs),),
    )
    orders = _read_orders(found)
    return {
        (storable(order.idempotency.subject), storable(order.idempotency.key)): order
        for order in orders
        if order.idempotency is not None
    }


def _taken_names(connection: sqlite3.Connection, items: list[_Item]) -> set[str]:
    """Return which of the numbers and ids are there.

    An order that comes again under its own id is answered like a number that is taken, so that
    it cannot fail the others that share its statement.
    """
    found = value(
        connection,
        "SELECT json_group_array(json_array(order_number, order_id)) FROM orders"
        " WHERE order_number IN (SELECT value FROM json_each(?))"
        " OR order_id IN (SELECT value FROM json_each(?))",
        (
            encode([write.order.order_number for write, _ in items]),
            encode([write.order.order_id for write, _ in items]),
        ),
    )
    return {name for names in decode(found) for name in names}


def _save(connection: sqlite3.Connection, items: list[_Item]) -> Sequence[SaveResult]:
    """Store the changed orders of *items*, each by itself, in a few statements for all."""
    versions = _stored_versions(connection, items)
    changed: dict[OrderId, _Item] = {}
    events: list[OutgoingRecord] = []
    saved: list[bool] = []
    for write, row in items:
        order = write.order
        fits = versions.get(order.order_id) == order.version - 1
        saved.append(fits)
        if fits:
            versions[order.order_id] = order.version
            changed[order.order_id] = (write, row)
            events.extend(write.events)
    before, after = UPDATE_ORDERS
    execute_rows(connection, before, [row for _, row in changed.values()], tail=after)
    store_outbox(connection, events)
    return _save_results(connection, items, saved)


def _stored_versions(connection: sqlite3.Connection, items: list[_Item]) -> dict[OrderId, int]:
    found = value(
        connection,
        "SELECT json_group_array(json_array(order_id, version)) FROM orders"
        " WHERE order_id IN (SELECT value FROM json_each(?))",
        (encode([write.order.order_id for write, _ in items]),),
    )
    return dict(decode(found))


def _save_results(
    connection: sqlite3.Connection, items: list[_Item], saved: list[bool]
) -> Sequence[SaveResult]:
    """Say what became of each: a loser is told the order as it stands after the winners."""
    losers = [
        write.order.order_id for (write, _), fits in zip(items, saved, strict=True) if not fits
    ]
    current: dict[OrderId, Order] = {}
    if losers:
        found = value(connection, _BY_IDS, (encode(losers),))
        current = {order.order_id: order for order in _read_orders(found)}
    return [
        Saved() if fits else Conflict(current.get(write.order.order_id))
        for (write, _), fits in zip(items, saved, strict=True)
    ]
