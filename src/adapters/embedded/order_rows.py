"""The orders table: its schema, and orders as rows."""

# ruff: noqa: S608 - the names in the statements are ours, every value is a parameter

from typing import Any

from adapters.embedded.bulk import decode, encode, storable
from adapters.embedded.outbox import OUTBOX_TABLES
from adapters.embedded.schema import Schema
from inventory_domain.documents import order_document, read_order
from inventory_domain.orders import Order
from inventory_domain.queries import order_search_text
from inventory_domain.times import to_milliseconds

__all__ = ["INSERT_ORDERS", "ORDERS_SCHEMA", "UPDATE_ORDERS", "order_from", "order_row"]

ORDERS_SCHEMA = Schema(
    "the orders",
    (
        (
            # The document is the order; the columns before it are what orders are found by.
            """CREATE TABLE orders (
                order_id TEXT NOT NULL UNIQUE,
                version INTEGER NOT NULL,
                order_number TEXT NOT NULL UNIQUE,
                user_id TEXT NOT NULL,
                status INTEGER NOT NULL,
                stock_state TEXT NOT NULL,
                total INTEGER NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                key_subject TEXT,
                key TEXT,
                search_text TEXT NOT NULL,
                document TEXT NOT NULL
            )""",
            """CREATE UNIQUE INDEX orders_by_key ON orders (key_subject, key)
                WHERE key IS NOT NULL""",
            "CREATE INDEX orders_by_created_at ON orders (created_at DESC, order_id)",
            "CREATE INDEX orders_by_updated_at ON orders (updated_at DESC, order_id)",
            "CREATE INDEX orders_by_total ON orders (total DESC, order_id)",
            "CREATE INDEX orders_by_status ON orders (status, created_at DESC, order_id)",
            "CREATE INDEX orders_by_stock_state ON orders (stock_state, created_at DESC, order_id)",
            "CREATE INDEX orders_by_user ON orders (user_id, created_at DESC, order_id)",
            *OUTBOX_TABLES,
        ),
        (
            # A search reads all of it, which is far less than all orders.
            "CREATE INDEX orders_by_text ON orders (search_text, created_at, order_id)",
        ),
    ),
)

_COLUMNS = (
    "order_id",
    "version",
    "order_number",
    "user_id",
    "status",
    "stock_state",
    "total",
    "created_at",
    "updated_at",
    "key_subject",
    "key",
    "search_text",
    "document",
)

INSERT_ORDERS = f"INSERT INTO orders ({', '.join(_COLUMNS)})"

# The other columns hold what an order was placed with, which never changes.
_CHANGING = ("version", "status", "stock_state", "updated_at", "document")
_ASSIGNMENTS = ", ".join(f"{name} = new.column{_COLUMNS.index(name) + 1}" for name in _CHANGING)

UPDATE_ORDERS = (
    f"UPDATE orders SET {_ASSIGNMENTS} FROM (",
    ") AS new WHERE orders.order_id = new.column1",
)


def order_row(order: Order) -> tuple[Any, ...]:
    """Return *order* as its row."""
    key = order.idempotency
    return (
        order.order_id,
        order.version,
        order.order_number,
        storable(order.user_id),
        order.status.value,
        order.stock_state.value,
        order.total,
        to_milliseconds(order.created_at),
        to_milliseconds(order.updated_at),
        None if key is None else storable(key.subject),
        None if key is None else storable(key.key),
        storable(order_search_text(order)),
        encode(order_document(order)),
    )


def order_from(document: str) -> Order:
    """Return the order in a row's document."""
    return read_order(decode(document))
