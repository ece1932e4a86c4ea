"""Products, reservations and movements in a SQLite file."""

# ruff: noqa: S608 - the names in the statements are ours, every value is a parameter

import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from pathlib import Path
from typing import Any, Self

from adapters.embedded.bulk import decode, encode, execute_rows, page_offset, value
from adapters.embedded.database import Database
from adapters.embedded.outbox import SqliteOutbox, StoredEntry, store_outbox
from adapters.embedded.product_queries import find_products
from adapters.embedded.stock_rows import (
    INSERT_MOVEMENTS,
    INSERT_PRODUCTS,
    INSERT_RESERVATIONS,
    MOVEMENT_COLUMNS,
    PRODUCT_JSON,
    RESERVATION_JSON,
    STOCK_SCHEMA,
    UPDATE_PRODUCTS,
    UPDATE_RESERVATIONS,
    movement_from,
    movement_rows,
    product_from,
    product_row,
    reservation_from,
    reservation_row,
)
from inventory_domain.audit import AuditPart
from inventory_domain.errors import StockConflict
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.queries import MovementQuery, Page, ProductQuery
from inventory_domain.stock import (
    Movement,
    Product,
    ProductWrite,
    Reservation,
    ReservationState,
    ReservationWrite,
    StockChange,
    StockView,
)

__all__ = ["SqliteStockStore"]

_AUDIT_ROWS_PER_PART = 2_000
_TAKEN = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)


class SqliteStockStore(SqliteOutbox):
    """Keeps the promises of ``StockStore``; made by :meth:`open`."""

    @classmethod
    async def open(cls, path: Path, *, busy_seconds: float = 2.0) -> Self:
        """Open or make the file at *path*; see :meth:`Database.open` for what it raises."""
        return cls(
            await Database.open(path, STOCK_SCHEMA, "stock store", busy_seconds=busy_seconds)
        )

    @property
    def commits(self) -> int:
        """How many transactions were committed so far."""
        return self._database.writer.commits

    async def aclose(self) -> None:
        """Finish what was handed in and close the file."""
        await self._database.aclose()

    async def load(
        self, order_ids: Collection[OrderId], product_ids: Collection[ProductId]
    ) -> StockView:
        return await self._database.readers.run(
            lambda connection: _load(connection, order_ids, product_ids)
        )

    async def commit(self, change: StockChange) -> None:
        if not change.is_empty:
            await self._database.writer.run(
                lambda connection: _commit(connection, change), then=self.remember
            )

    async def find_products(self, query: ProductQuery) -> Page[Product]:
        total, found, is_reversed = await self._database.readers.run(
            lambda connection: find_products(connection, query)
        )
        products = [product_from(parts) for parts in decode(found or "[]")]
        return Page(tuple(products[::-1] if is_reversed else products), total)

    async def find_movements(self, query: MovementQuery) -> Page[Movement]:
        ledger = _ledger if query.order_id is None else _ledger_of_order
        return await self._database.readers.run(lambda connection: ledger(connection, query))

    async def audit_parts(self) -> AsyncIterator[AuditPart]:
        readers = self._database.readers
        connection = await readers.connect()
        try:
            await readers.call(_begin, connection)
            for statement, part in _AUDIT:
                cursor = await readers.call(sqlite3.Connection.execute, connection, statement)
                while found := await readers.call(_fetch, connection, cursor, part):
                    yield found
        finally:
            await readers.discard(connection)


def _load(
    connection: sqlite3.Connection,
    order_ids: Collection[OrderId],
    product_ids: Collection[ProductId],
) -> StockView:
    reservations: dict[OrderId, Reservation] = {}
    if order_ids:
        found = _select(connection, RESERVATION_JSON, "reservations", "order_id", order_ids)
        for parts in found:
            reservation = reservation_from(parts)
            reservations[reservation.order_id] = reservation
    wanted = set(product_ids)
    for reservation in reservations.values():
        wanted.update(line.product_id for line in reservation.lines)
    products: dict[ProductId, Product] = {}
    if wanted:
        for parts in _select(connection, PRODUCT_JSON, "products", "product_id", wanted):
            product = product_from(parts)
            products[product.product_id] = product
    return StockView(reservations, products)


def _select(
    connection: sqlite3.Connection, columns: str, table: str, key: str, keys: Iterable[str]
) -> Any:  # noqa: ANN401 - JSON data
    found = value(
        connection,
        f"SELECT '[' || group_concat({columns}) || ']' FROM {table}"
        f" WHERE {key} IN (SELECT value FROM json_each(?))",
        (encode(list(keys)),),
    )
    return decode(found or "[]")


def _commit(connection: sqlite3.Connection, change: StockChange) -> list[StoredEntry]:
    try:
        _store_products(connection, change.products)
        _store_reservations(connection, change.reservations)
        execute_rows(connection, INSERT_MOVEMENTS, movement_rows(change.movements))
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode in _TAKEN:
            raise StockConflict from error
        raise
    return store_outbox(connection, change.events)


def _store_products(connection: sqlite3.Connection, writes: Iterable[ProductWrite]) -> None:
    new: list[tuple[Any, ...]] = []
    known: list[tuple[Any, ...]] = []
    for write in writes:
        (new if write.expected_version is None else known).append(product_row(write))
    execute_rows(connection, INSERT_PRODUCTS, new)
    _update_all(connection, UPDATE_PRODUCTS, known)


def _store_reservations(connection: sqlite3.Connection, writes: Iterable[ReservationWrite]) -> None:
    new: list[tuple[Any, ...]] = []
    known: list[tuple[Any, ...]] = []
    for write in writes:
        (new if write.expected_version is None else known).append(reservation_row(write))
    execute_rows(connection, INSERT_RESERVATIONS, new)
    _update_all(connection, UPDATE_RESERVATIONS, known)


def _update_all(
    connection: sqlite3.Connection, statement: tuple[str, str], rows: list[tuple[Any, ...]]
) -> None:
    """Update *rows*; the statement passes over one whose stored version is another."""
    before, after = statement
    if execute_rows(connection, before, rows, tail=after) != len(rows):
        raise StockConflict


def _ledger(connection: sqlite3.Connection, query: MovementQuery) -> Page[Movement]:
    wanted = (query.product_id,)
    total = value(connection, "SELECT count(*) FROM movements WHERE product_id = ?", wanted)
    rows = connection.execute(
        f"SELECT {MOVEMENT_COLUMNS} FROM movements WHERE product_id = ?"
        " ORDER BY number DESC LIMIT ? OFFSET ?",
        (*wanted, query.limit, page_offset(query.page, query.limit)),
    ).fetchall()
    return Page(tuple([movement_from(row) for row in rows]), total)


def _ledger_of_order(connection: sqlite3.Connection, query: MovementQuery) -> Page[Movement]:
    # An order has few movements of a product, but the whole ledger is searched for them: once.
    rows = connection.execute(
        f"SELECT {MOVEMENT_COLUMNS} FROM movements WHERE product_id = ? AND order_id = ?"
        " ORDER BY number DESC",
        (query.product_id, query.order_id),
    ).fetchall()
    start = page_offset(query.page, query.limit)
    found = rows[start : start + query.limit]
    return Page(tuple([movement_from(row) for row in found]), len(rows))


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")


def _fetch(
    _: sqlite3.Connection, cursor: sqlite3.Cursor, part: Callable[[list[Any]], AuditPart]
) -> AuditPart | None:
    # The rows are read here as well, away from the event loop.
    rows = cursor.fetchmany(_AUDIT_ROWS_PER_PART)
    return part(rows) if rows else None


def _products_part(rows: list[tuple[str]]) -> AuditPart:
    return AuditPart(products=tuple([product_from(decode(text)) for (text,) in rows]))


def _reservations_part(rows: list[tuple[str]]) -> AuditPart:
    return AuditPart(reservations=tuple([reservation_from(decode(text)) for (text,) in rows]))


def _movements_part(rows: list[tuple[Any, ...]]) -> AuditPart:
    return AuditPart(movements=tuple([movement_from(row) for row in rows]))


_AUDIT: tuple[tuple[str, Callable[[list[Any]], AuditPart]], ...] = (
    (f"SELECT {PRODUCT_JSON} FROM products", _products_part),
    (
        f"SELECT {RESERVATION_JSON} FROM reservations WHERE state = '{ReservationState.RESERVED}'",
        _reservations_part,
    ),
    (
        f"SELECT {MOVEMENT_COLUMNS} FROM movements ORDER BY product_id, number",
        _movements_part,
    ),
)
