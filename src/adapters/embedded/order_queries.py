"""Finding orders: the filters, sorting and pages of ``OrderQuery`` in SQL."""

# ruff: noqa: S608 - the names in the statements are ours, every value is a parameter

import sqlite3
from typing import Any

import attrs

from adapters.embedded.bulk import Stretch, page_offset, page_stretch, storable, value
from inventory_domain.queries import OrderQuery
from inventory_domain.times import to_milliseconds

__all__ = ["Found", "find_orders"]


@attrs.frozen
class Found:
    """How many orders match, and the documents of the page as one JSON list, maybe reversed."""

    total: int
    documents: str | None
    is_reversed: bool


# Where at least every so manieth order along the sorting matches, a page is found by walking.
_DENSE = 5

_SORT_COLUMNS = {
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "totalAmount": "total",
    "status": "status",
    "orderNumber": "order_number",
}


def find_orders(connection: sqlite3.Connection, query: OrderQuery) -> Found:
    """Return the page that *query* asks for."""
    where, parameters = _conditions(query)
    total = int(value(connection, f"SELECT count(*) FROM orders {where}", parameters))
    stretch = page_stretch(total, query.page, query.limit)
    passed = stretch.offset + stretch.count
    if query.search and passed * _DENSE > total:
        return _gather(connection, query, where, parameters, total)
    if not query.search and query.sort.endswith("createdAt"):
        # Every filter has an index in this order.
        return _walk(connection, query, stretch, (where, parameters), total)
    if passed * _count(connection) < total * total:
        where, parameters = _conditions(query, by_index=False)
    return _walk(connection, query, stretch, (where, parameters), total)


def _count(connection: sqlite3.Connection) -> int:
    return int(value(connection, "SELECT max(rowid) FROM orders") or 0)


def _walk(
    connection: sqlite3.Connection,
    query: OrderQuery,
    stretch: Stretch,
    filters: tuple[str, list[Any]],
    total: int,
) -> Found:
    """Go along the sorting up to the page, from its nearer end."""
    where, parameters = filters
    falling = query.sort.startswith("-") is not stretch.from_end
    # The inner query walks an index and skips the pages before without reading their orders.
    documents = value(
        connection,
        f"""SELECT '[' || group_concat(document) || ']' FROM (
            SELECT document FROM (
                SELECT rowid AS place FROM orders {where}
                ORDER BY {_column(query)} {_direction(falling=falling)},
                    order_id {_direction(falling=stretch.from_end)}
                LIMIT ? OFFSET ?
            ) CROSS JOIN orders ON orders.rowid = place
        )""",
        (*parameters, stretch.count, stretch.offset),
    )
    return Found(total, documents, stretch.from_end)


def _gather(
    connection: sqlite3.Connection,
    query: OrderQuery,
    where: str,
    parameters: list[Any],
    total: int,
) -> Found:
    """Look into every text and sort what was found: few match, or the page lies deep in them."""
    documents = value(
        connection,
        f"""WITH found AS MATERIALIZED (
            SELECT rowid AS place, {_column(query)} AS sorted, order_id FROM orders {where}
        )
        SELECT '[' || group_concat(document) || ']' FROM (
            SELECT document FROM (
                SELECT place FROM found
                ORDER BY sorted {_direction(falling=query.sort.startswith("-"))}, order_id
                LIMIT ? OFFSET ?
            ) CROSS JOIN orders ON orders.rowid = place
        )""",
        (*parameters, query.limit, page_offset(query.page, query.limit)),
    )
    return Found(total, documents, is_reversed=False)


def _direction(*, falling: bool) -> str:
    return "DESC" if falling else "ASC"


def _column(query: OrderQuery) -> str:
    return _SORT_COLUMNS[query.sort.removeprefix("-")]


def _conditions(query: OrderQuery, *, by_index: bool = True) -> tuple[str, list[Any]]:
    """Return the filters; not *by_index* they are only checked along another index."""
    conditions: list[str] = []
    parameters: list[Any] = []
    sign = "" if by_index else "+"

    def require(condition: str, parameter: object) -> None:
        conditions.append(sign + condition)
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
