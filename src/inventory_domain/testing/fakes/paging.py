"""Sorting and paging for the memory stores."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, TypeVar

from inventory_domain.queries import Page

__all__ = ["page_of", "sorted_by"]

T = TypeVar("T")

_FIELDS = {
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "totalAmount": "total",
    "status": "status",
    "orderNumber": "order_number",
    "name": "name",
    "price": "price",
    "stock": "stock",
}


def sorted_by(found: Iterable[T], sort: str, identity: Callable[[T], str]) -> list[T]:
    """Sort by the field that *sort* names, descending with a leading ``-``, then by id."""
    field: Callable[[T], Any] = attrgetter(_FIELDS[sort.removeprefix("-")])
    by_id = sorted(found, key=identity)
    # Sorting is stable in both directions, so equal ones stay sorted by id.
    return sorted(by_id, key=field, reverse=sort.startswith("-"))


def page_of(found: list[T], page: int, limit: int) -> Page[T]:
    """Cut page number *page*, counted from 1, out of *found*."""
    start = (page - 1) * limit
    return Page(tuple(found[start : start + limit]), len(found))
