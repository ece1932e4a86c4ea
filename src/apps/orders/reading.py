"""Which orders a caller asks for: filters, pages, and the version that a change is meant for."""

import re
from typing import Final

from apps.edge.calls import AnyRequest, Call
from apps.edge.query import Paging, QueryFields, query_of
from apps.orders.bodies import status_of
from inventory_domain.errors import InvalidRequest
from inventory_domain.ids import UserId
from inventory_domain.orders import OrderStatus, StockState
from inventory_domain.queries import ORDER_SORTS, OrderQuery

__all__ = ["expected_version", "parse_order_query"]

_TAG: Final = re.compile(r'(?:W/)?"?([0-9]{1,18})"?')
_NO_VERSION: Final = -1
_DIGITS_MAX: Final = 2


def parse_order_query(
    request: AnyRequest, user_id: UserId | None = None
) -> tuple[OrderQuery, Paging]:
    """Return the question that *request* asks, about the orders of *user_id* alone if given.

    Raises:
        InvalidRequest: with every bad parameter.
    """
    fields = query_of(request)
    status = _status(fields)
    state = fields.choice("stockState", [state.value for state in StockState])
    owner = fields.id("userId")
    if user_id is not None and owner not in (None, user_id):
        fields.refuse("userId", "differs from the one in the address: leave it out")
    paging = fields.paging(ORDER_SORTS, sort="-createdAt")
    query = OrderQuery(
        status=status,
        stock_state=None if state is None else StockState(state),
        user_id=user_id or (None if owner is None else UserId(owner)),
        search=fields.text("search"),
        created_from=fields.time("from"),
        created_to=fields.time("to"),
        sort=paging.sort,
        page=paging.page,
        limit=paging.limit,
    )
    fields.finish()
    return query, paging


def _status(fields: QueryFields) -> OrderStatus | None:
    value = fields.raw("status")
    if value is None:
        return None
    # Of thousands of digits Python reads no number.
    is_number = len(value) <= _DIGITS_MAX and value.isascii() and value.isdigit()
    status = status_of(int(value) if is_number else value)
    if status is None:
        fields.refuse("status", f"must be one of 1 to {len(OrderStatus)}, or a status by name")
    return status


def expected_version(call: Call) -> int | None:
    """Return the version that ``If-Match`` names, None if any will do.

    ``"3"``, ``W/"3"`` and ``3`` name version 3; another entity tag names no version of ours.

    Raises:
        InvalidRequest: several versions are named.
    """
    header = call.if_match
    if header is None or header.strip() == "*":
        return None
    if "," in header:
        raise InvalidRequest(fields={"If-Match": "must name one version"})
    tag = _TAG.fullmatch(header.strip())
    return int(tag[1]) if tag else _NO_VERSION
