"""Finding orders: the filters, sorting and pages of ``OrderQuery`` in SQL."""

# ruff: noqa: S608 - the names in the statements are ours, every value is a parameter

import sqlite3
from typing import Any

from adapters.embedded.bulk import page_offset, storable, value
from inventory_domain.queries import OrderQuery
from inventory_domain.times import to_milliseconds

__all__ = ["find_orders"]

_SORT_COLUMNS = {
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "totalAmount": "total",
    "status": "status",
    "orderNumber": "order_number",
}


def find_orders(connection: sqlite3.Connection, query: OrderQuery) -> tuple[int, str | None]:
    """Return how many orders match, and the documents of the page as one JSON list."""
    where, parameters = _conditions(query)
    total = int(value(connection, f"SELECT count(*) FROM orders {where}", parameters))
    column = _SORT_COLUMNS[query.sort.removeprefix("-")]
    direction = "DESC" if query.sort.startswith("-") else "ASC"
    # The inner query walks an index and skips the pages before without reading their orders.
    documents = value(
        connection,
        f"""SELECT '[' || group_concat(document) || ']' FROM (
            SELECT document FROM (
                SELECT rowid AS place FROM orders {where}
                ORDER BY {column} {direction}, order_id LIMIT ? OFFSET ?
            ) CROSS JOIN orders ON orders.rowid = place
        )""",
        (*parameters, query.limit, page_offset(query.page, query.limit)),
    )
    return total, documents


def _conditions(query: OrderQuery) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    parameters: list[Any] = []

    def require(condition: str, parameter: object) -> None:
        conditions.append(condition)
        parameters.append(parameter)

    if query.status is not None:
        require("status = ?", query.status.value)
    if query.stock_state is not None:
        require("stock_state = ?", query.stock_state.value)
    if query.user_id is not None:
        require("user_id = ?", storable(query.user_id))
    if query.created_from is not None:
        require("created_at >= ?", to_milliseconds(query.created_from))
    if query.created_to is not None:
        require("created_at < ?", to_milliseconds(query.created_to))
    if query.search:
        # Not LIKE: its signs and its ASCII idea of upper and lower case are not ours.
        require("instr(search_text, ?) > 0", storable(query.search.lower()))
    return ("WHERE " + " AND ".join(conditions) if conditions else ""), parameters
