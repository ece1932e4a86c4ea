"""The tables of the stock: their schema, and products, reservations and movements as rows."""

# ruff: noqa: S608 - the names in the statements are ours, every value is a parameter

from collections.abc import Iterable
from typing import Any

from adapters.embedded.bulk import encode, storable
from adapters.embedded.outbox import OUTBOX_TABLES
from adapters.embedded.packing import from_milliseconds
from adapters.embedded.schema import Schema
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.queries import product_search_text
from inventory_domain.stock import (
    Movement,
    MovementKind,
    Product,
    ProductWrite,
    Reservation,
    ReservationWrite,
)
from inventory_domain.stock_documents import (
    product_document,
    read_product,
    read_reservation,
    reservation_document,
)
from inventory_domain.times import to_milliseconds

__all__ = [
    "INSERT_MOVEMENTS",
    "INSERT_PRODUCTS",
    "INSERT_RESERVATIONS",
    "MOVEMENT_COLUMNS",
    "PRODUCT_JSON",
    "RESERVATION_JSON",
    "STOCK_SCHEMA",
    "UPDATE_PRODUCTS",
    "UPDATE_RESERVATIONS",
    "movement_from",
    "movement_rows",
    "product_from",
    "product_row",
    "reservation_from",
    "reservation_row",
]

STOCK_SCHEMA = Schema(
    "the stock",
    (
        (
            # A product's level and a reservation's state are in these columns alone; what the
            # document would say of them is left out of it.
            """CREATE TABLE products (
                product_id TEXT NOT NULL UNIQUE,
                version INTEGER NOT NULL,
                stock INTEGER NOT NULL CHECK (stock >= 0),
                reserved INTEGER NOT NULL CHECK (reserved >= 0),
                received INTEGER NOT NULL,
                sold INTEGER NOT NULL,
                written_off INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                created_at INTEGER NOT NULL,
                is_active INTEGER NOT NULL,
                price INTEGER NOT NULL,
                name TEXT NOT NULL,
                category_text TEXT NOT NULL,
                name_text TEXT NOT NULL,
                sku_text TEXT NOT NULL,
                search_text TEXT NOT NULL,
                document TEXT NOT NULL
            )""",
            "CREATE INDEX products_by_name ON products (name, product_id)",
            "CREATE INDEX products_by_price ON products (price, product_id)",
            "CREATE INDEX products_by_category ON products (category_text, name, product_id)",
            """CREATE TABLE reservations (
                order_id TEXT NOT NULL UNIQUE,
                version INTEGER NOT NULL,
                state TEXT NOT NULL,
                document TEXT NOT NULL
            )""",
            """CREATE TABLE movements (
                product_id TEXT NOT NULL,
                number INTEGER NOT NULL,
                kind TEXT NOT NULL,
                quantity INTEGER NOT NULL,
                stock_after INTEGER NOT NULL,
                reserved_after INTEGER NOT NULL,
                order_id TEXT,
                reason TEXT NOT NULL,
                actor TEXT NOT NULL,
                at INTEGER NOT NULL,
                PRIMARY KEY (product_id, number)
            ) WITHOUT ROWID""",
            *OUTBOX_TABLES,
        ),
    ),
)

_PRODUCT_COLUMNS = (
    "product_id",
    "version",
    "stock",
    "reserved",
    "received",
    "sold",
    "written_off",
    "updated_at",
    "created_at",
    "is_active",
    "price",
    "name",
    "category_text",
    "name_text",
    "sku_text",
    "search_text",
    "document",
)
_RESERVATION_COLUMNS = ("order_id", "version", "state", "document")

MOVEMENT_COLUMNS = (
    "product_id, number, kind, quantity, stock_after, reserved_after, order_id, reason, actor, at"
)


def _insert(table: str, columns: str) -> str:
    return f"INSERT INTO {table} ({columns})"


def _update(table: str, columns: tuple[str, ...]) -> tuple[str, str]:
    """Return what comes before and after the rows; each ends with its expected version."""
    changes = ", ".join(f"{name} = new.column{n}" for n, name in enumerate(columns[1:], 2))
    expected = f"new.column{len(columns) + 1}"
    return (
        f"UPDATE {table} SET {changes} FROM (",
        f") AS new WHERE {table}.{columns[0]} = new.column1 AND {table}.version = {expected}",
    )


INSERT_PRODUCTS = _insert("products", ", ".join(_PRODUCT_COLUMNS))
INSERT_RESERVATIONS = _insert("reservations", ", ".join(_RESERVATION_COLUMNS))
INSERT_MOVEMENTS = _insert("movements", MOVEMENT_COLUMNS)
UPDATE_PRODUCTS = _update("products", _PRODUCT_COLUMNS)
UPDATE_RESERVATIONS = _update("reservations", _RESERVATION_COLUMNS)

_LEVELS = ("version", "stock", "reserved", "received", "sold", "writtenOff")

PRODUCT_JSON = (
    "'[' || version || ',' || stock || ',' || reserved || ',' || received"
    " || ',' || sold || ',' || written_off || ',' || document || ']'"
)
RESERVATION_JSON = "'[' || version || ',' || json_quote(state) || ',' || document || ']'"


def product_row(write: ProductWrite) -> tuple[Any, ...]:
    """Return the product as its row, then its expected version if it has one."""
    product = write.product
    document = product_document(product)
    for name in _LEVELS:
        del document[name]
    row = (
        product.product_id,
        product.version,
        product.stock,
        product.reserved,
        product.received,
        product.sold,
        product.written_off,
        to_milliseconds(product.updated_at),
        to_milliseconds(product.created_at),
        product.is_active,
        product.price,
        storable(product.name),
        storable(product.category.lower()),
        storable(product.name.lower()),
        storable((product.sku or "").lower()),
        storable(product_search_text(product)),
        encode(document),
    )
    return row if write.expected_version is None else (*row, write.expected_version)


def product_from(parts: list[Any]) -> Product:
    """Return the product that :data:`PRODUCT_JSON` gave."""
    *levels, document = parts
    document.update(zip(_LEVELS, levels, strict=True))
    return read_product(document)


def reservation_row(write: ReservationWrite) -> tuple[Any, ...]:
    """Return the reservation as its row, then its expected version if it has one."""
    reservation = write.reservation
    document = reservation_document(reservation)
    del document["version"], document["state"]
    row = (
        reservation.order_id,
        reservation.version,
        str(reservation.state),
        encode(document),
    )
    return row if write.expected_version is None else (*row, write.expected_version)


def reservation_from(parts: list[Any]) -> Reservation:
    """Return the reservation that :data:`RESERVATION_JSON` gave."""
    version, state, document = parts
    document["version"] = version
    document["state"] = state
    return read_reservation(document)


def movement_rows(movements: Iterable[Movement]) -> list[tuple[Any, ...]]:
    """Return the movements as their rows."""
    rows = []
    at, milliseconds = None, 0
    for movement in movements:
        # All movements of a batch have one instant, so it is converted once.
        if movement.at is not at:
            at = movement.at
            milliseconds = to_milliseconds(at)
        rows.append(
            (
                movement.product_id,
                movement.number,
                str(movement.kind),
                movement.quantity,
                movement.stock_after,
                movement.reserved_after,
                movement.order_id,
                storable(movement.reason),
                storable(movement.actor),
                milliseconds,
            )
        )
    return rows


_KINDS = {str(kind): kind for kind in MovementKind}


def movement_from(row: tuple[Any, ...]) -> Movement:
    """Return the movement that :data:`MOVEMENT_COLUMNS` gave."""
    product_id, number, kind, quantity, stock, reserved, order_id, reason, actor, at = row
    return Movement(
        product_id=ProductId(product_id),
        number=number,
        kind=_KINDS[kind],
        quantity=quantity,
        stock_after=stock,
        reserved_after=reserved,
        order_id=None if order_id is None else OrderId(order_id),
        reason=reason,
        actor=actor,
        at=from_milliseconds(at),
    )
