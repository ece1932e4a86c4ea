"""Query parameters: read like a body, every bad one named."""

import re
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar
from urllib.parse import parse_qsl

import attrs

from apps.edge.calls import AnyRequest
from apps.edge.errors import MalformedRequest
from apps.edge.fields import Fields, text_fault
from inventory_domain.ids import id_fault
from inventory_domain.money import Money, money_fault, parse_money
from inventory_domain.queries import PAGE_LIMIT_MAX
from inventory_domain.times import parse_time

__all__ = ["PAGE_MAX", "SEARCH_LENGTH_MAX", "Paging", "QueryFields", "query_of"]

PAGE_MAX: Final = 1_000_000
SEARCH_LENGTH_MAX: Final = 200
_PARAMETER_COUNT_MAX: Final = 50
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_AMOUNT: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")

_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}


T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Paging:
    """Which page of a list, and in which order."""

    sort: str
    page: int
    limit: int

    def meta(self, total: int) -> dict[str, int]:
        """Return what the answer says about the page."""
        pages = -(-total // self.limit)
        return {"page": self.page, "limit": self.limit, "total": total, "pages": pages}


def query_of(request: AnyRequest) -> "QueryFields":
    """Return the parameters of *request*.

    Raises:
        MalformedRequest: there are too many to be meant.
    """
    text = request.scope["query_string"].decode("latin-1")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_PARAMETER_COUNT_MAX)
    except ValueError as fault:
        reason = f"At most {_PARAMETER_COUNT_MAX} query parameters are read: send fewer."
        raise MalformedRequest(reason=reason) from fault
    return QueryFields(pairs)


class QueryFields:
    """The parameters of one address; methods return None for an absent or bad one.

    Call :meth:`finish` at the end.
    """

    def __init__(self, pairs: Collection[tuple[str, str]]) -> None:
        self._values = dict(pairs)
        self._fields = Fields(self._values)
        for name in self._values if len(self._values) < len(pairs) else ():
            if sum(name == other for other, _ in pairs) > 1:
                self._fields.refuse(name[:100], "is given more than once")

    def refuse(self, name: str, fault: str) -> None:
        """Note that the parameter *name* is bad."""
        self._fields.refuse(name, fault)

    def raw(self, name: str) -> str | None:
        """Return the parameter as it was sent."""
        value: str | None = self._fields.take(name)
        return value

    def text(self, name: str, *, length_max: int = SEARCH_LENGTH_MAX) -> str | None:
        """Return a text; an empty one, as an empty form field gives, is none."""
        value = self.raw(name)
        if value is None or not value.strip():
            return None
        fault = text_fault(value, 0, length_max)
        if fault is None and "\N{REPLACEMENT CHARACTER}" in value:
            fault = "must be UTF-8"
        return self._kept(name, value, fault)

    def id(self, name: str) -> str | None:
        """Return something that can be an id."""
        value = self.raw(name)
        return None if value is None else self._kept(name, value, id_fault(value))

    def integer(self, name: str, *, low: int, high: int) -> int | None:
        """Return a whole number from *low* to *high*."""
        value = self.raw(name)
        if value is None:
            return None
        if not _INTEGER.fullmatch(value):
            return self._kept(name, None, "must be a whole number")
        number = int(value)
        fault = None if low <= number <= high else f"must be from {low} to {high}"
        return self._kept(name, number, fault)

    def money(self, name: str) -> Money | None:
        """Return an amount, not negative, with at most two decimals."""
        value = self.raw(name)
        if value is None:
            return None
        if not _AMOUNT.fullmatch(value):
            return self._kept(name, None, "must be a number")
        amount = Decimal(value)
        fault = money_fault(amount)
        return self._kept(name, None, fault) if fault else parse_money(amount)

    def flag(self, name: str) -> bool | None:
        """Return true or false."""
        value = self.raw(name)
        if value is None:
            return None
        flag = _FLAGS.get(value.lower())
        return self._kept(name, flag, "must be true or false" if flag is None else None)

    def time(self, name: str) -> datetime | None:
        """Return an instant; one without an offset is taken as UTC."""
        value = self.raw(name)
        if value is None:
            return None
        try:
            # A plus sign that was not quoted arrives as a space.
            return parse_time(value.replace(" ", "+"))
        except (ValueError, OverflowError):
            fault = "must be an ISO 8601 time, such as 2026-01-31T12:00:00Z"
            return self._kept(name, None, fault)

    def choice(self, name: str, allowed: Collection[str]) -> str | None:
        """Return one of *allowed*."""
        value = self.raw(name)
        if value is None:
            return None
        known = value in allowed
        return self._kept(name, value, None if known else f"must be one of {', '.join(allowed)}")

    def paging(self, sorts: Collection[str], *, sort: str, limit: int = 20) -> Paging:
        """Return ``sort``, ``page`` and ``limit``; the defaults stand in for what is absent."""
        given = self.raw("sort")
        wanted = sort if given is None else given
        if wanted.removeprefix("-") not in sorts:
            self.refuse("sort", f"must be one of {', '.join(sorts)}, with - for descending")
        return self.page(sort=wanted, limit=limit)

    def page(self, *, sort: str = "", limit: int = 20) -> Paging:
        """Return ``page`` and ``limit`` of a list that comes in one order only."""
        return Paging(
            sort=sort,
            page=self.integer("page", low=1, high=PAGE_MAX) or 1,
            limit=self.integer("limit", low=1, high=PAGE_LIMIT_MAX) or limit,
        )

    def finish(self) -> None:
        """Refuse unknown parameters, then the request if anything was bad.

        Raises:
            InvalidRequest: with every bad parameter and its fault.
        """
        self._fields.finish()

    def _kept(self, name: str, value: T | None, fault: str | None) -> T | None:
        if fault is None:
            return value
        self._fields.refuse(name, fault)
        return None
