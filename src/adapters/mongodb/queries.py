"""Filters, sorting and ranks of the domain's queries in MongoDB's terms: plain data."""

import re

from adapters.mongodb.access import Document, Sort
from inventory_domain.queries import MovementQuery, OrderQuery, ProductQuery

__all__ = ["best_match_steps", "offset", "order_filter", "product_filter", "sort_of"]

# The largest that every server takes; nobody has as many documents.
_OFFSET_MAX = 2**31 - 1


def order_filter(query: OrderQuery) -> Document:
    """Return the filter for the orders that *query* asks for."""
    wanted: Document = {}
    if query.status is not None:
        wanted["status"] = query.status.value
    if query.stock_state is not None:
        wanted["stockState"] = query.stock_state.value
    if query.user_id is not None:
        wanted["userId"] = query.user_id
    created = {"$gte": query.created_from, "$lt": query.created_to}
    _limit(wanted, "createdAt", created)
    if query.search:
        wanted["searchText"] = _holds(query.search.lower())
    return wanted


def product_filter(query: ProductQuery) -> Document:
    """Return the filter for the products that *query* asks for."""
    wanted: Document = {}
    if not query.include_inactive:
        wanted["isActive"] = True
    if query.category is not None:
        wanted["categoryText"] = query.category.lower()
    if query.in_stock is not None:
        wanted["inStock"] = query.in_stock
    _limit(wanted, "price", {"$gte": query.min_price, "$lte": query.max_price})
    words = (query.search or "").lower().split()
    if words:
        wanted["$and"] = [{"searchText": _holds(word)} for word in words]
    return wanted


def sort_of(sort: str, *, unique: str = "_id") -> Sort:
    """Return the sort keys for *sort*; equal ones go by id, if the field *unique* is another."""
    name = sort.removeprefix("-")
    direction = -1 if sort.startswith("-") else 1
    return [(name, direction)] if name == unique else [(name, direction), ("_id", 1)]


def best_match_steps(query: ProductQuery) -> list[Document]:
    """Return the steps that give one page, best match first: ``match_rank`` in the database."""
    text = " ".join((query.search or "").lower().split())
    return [
        {"$match": product_filter(query)},
        {"$addFields": {"rank": _rank(text) if text else 0}},
        {"$sort": {"rank": 1, "name": 1, "_id": 1}},
        {"$skip": offset(query)},
        {"$limit": query.limit},
    ]


def offset(query: OrderQuery | ProductQuery | MovementQuery) -> int:
    """Return how many documents lie before the page."""
    return min((query.page - 1) * query.limit, _OFFSET_MAX)


def _rank(text: str) -> Document:
    wanted = {"$literal": text}
    # Lower case was made when the product was stored: the database knows only that of ASCII.
    place = {"$indexOfCP": ["$nameText", wanted]}
    every_word = [
        {"$gte": [{"$indexOfCP": ["$nameText", {"$literal": word}]}, 0]} for word in text.split()
    ]
    branches = [
        {"case": {"$in": [wanted, ["$nameText", "$skuText"]]}, "then": 0},
        {"case": {"$eq": [place, 0]}, "then": 1},
        {"case": {"$gt": [place, 0]}, "then": 2},
        {"case": {"$and": every_word}, "then": 3},
    ]
    return {"$switch": {"branches": branches, "default": 4}}


def _limit(wanted: Document, field: str, bounds: Document) -> None:
    given = {sign: value for sign, value in bounds.items() if value is not None}
    if given:
        wanted[field] = given


def _holds(text: str) -> Document:
    """Return the condition that a field holds *text*, whose signs all mean themselves."""
    # Half a surrogate pair can be in no stored text, and a pattern cannot hold the sign zero.
    sendable = text.encode("utf-8", "replace").decode()
    return {"$regex": re.escape(sendable).replace("\x00", r"\x00")}
