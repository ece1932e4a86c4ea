"""Finding products: the filters, sorting and pages of ``ProductQuery`` in SQL."""

# ruff: noqa: S608 - the names in the statements are ours, every value is a parameter

import sqlite3
from typing import Any

from adapters.embedded.bulk import encode, page_stretch, storable
from adapters.embedded.stock_rows import PRODUCT_JSON
from inventory_domain.queries import ProductQuery

__all__ = ["find_products"]

_SORT_COLUMNS = {
    "name": "name",
    "price": "price",
    "stock": "stock",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
}

# Every word of a JSON list is in the text.
_HAS_WORDS = "NOT EXISTS (SELECT 1 FROM json_each(:words) WHERE instr({}, value) = 0)"

# The ranks of queries.match_rank, in SQL.
_RANK = f"""CASE
    WHEN name_text = :wanted OR sku_text = :wanted THEN 0
    WHEN substr(name_text, 1, length(:wanted)) = :wanted THEN 1
    WHEN instr(name_text, :wanted) > 0 THEN 2
    WHEN {_HAS_WORDS.format("name_text")} THEN 3
    ELSE 4 END"""


def find_products(
    connection: sqlite3.Connection, query: ProductQuery
) -> tuple[int, str | None, bool]:
    """Return how many products match, those of the page as one JSON list, and if it is reversed.

    A page near the end is read from there.
    """
    where, parameters = _conditions(query)
    total = int(
        connection.execute(f"SELECT count(*) FROM products {where}", parameters).fetchone()[0]
    )
    stretch = page_stretch(total, query.page, query.limit)
    parameters["limit"] = stretch.count
    parameters["offset"] = stretch.offset
    found = connection.execute(
        f"""SELECT '[' || group_concat(product) || ']' FROM (
            SELECT {PRODUCT_JSON} AS product FROM (
                SELECT rowid AS place FROM products {where}
                ORDER BY {_sorting(query, from_end=stretch.from_end)} LIMIT :limit OFFSET :offset
            ) CROSS JOIN products ON products.rowid = place
        )""",
        parameters,
    ).fetchone()[0]
    return total, found, stretch.from_end


def _sorting(query: ProductQuery, *, from_end: bool) -> str:
    if query.by_match:
        # Nothing matches a blank text better than anything else.
        is_blank = not (query.search or "").split()
        columns = ["name", "product_id"] if is_blank else [_RANK, "name", "product_id"]
        return ", ".join(f"{column} {'DESC' if from_end else 'ASC'}" for column in columns)
    falling = query.sort.startswith("-") is not from_end
    column = _SORT_COLUMNS[query.sort.removeprefix("-")]
    return f"{column} {'DESC' if falling else 'ASC'}, product_id {'DESC' if from_end else 'ASC'}"


def _conditions(query: ProductQuery) -> tuple[str, dict[str, Any]]:
    conditions: list[str] = []
    search = storable((query.search or "").lower())
    parameters: dict[str, Any] = {
        "category": storable((query.category or "").lower()),
        "min_price": query.min_price,
        "max_price": query.max_price,
        "words": encode(search.split()),
        "wanted": " ".join(search.split()),
    }
    if not query.include_inactive:
        conditions.append("is_active")
    if query.category is not None:
        conditions.append("category_text = :category")
    if query.min_price is not None:
        conditions.append("price >= :min_price")
    if query.max_price is not None:
        conditions.append("price <= :max_price")
    if query.in_stock is not None:
        conditions.append("stock > 0" if query.in_stock else "stock = 0")
    if query.search is not None:
        for number, word in enumerate(search.split()):
            conditions.append(f"instr(search_text, :word{number}) > 0")
            parameters[f"word{number}"] = word
    return ("WHERE " + " AND ".join(conditions) if conditions else ""), parameters
