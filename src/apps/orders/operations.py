"""What OpenAPI says about each route of orders."""

from typing import Final

from litestar.openapi.spec import Parameter

from apps.edge.describe import header, operation, path, query, ref
from apps.edge.query import PAGE_MAX, SEARCH_LENGTH_MAX
from apps.orders.bodies import IDEMPOTENCY_KEY_LENGTH_MAX
from apps.orders.shapes import ID, QUERY_STATUS, TIME
from inventory_domain.orders import StockState
from inventory_domain.queries import ORDER_SORTS, PAGE_LIMIT_MAX

__all__ = [
    "Cancel",
    "ChangeDetails",
    "ChangeStatus",
    "Get",
    "History",
    "List",
    "ListOfUser",
    "Place",
    "Statuses",
]

_ORDER_ID: Final = path("id", "The order's `_id`.", ID)
_USER_ID: Final = path("userId", "Whose orders.", ID)
_IF_MATCH: Final = header(
    "If-Match",
    'The version that the change is meant for, as the `ETag` named it: `"3"`. Else any will do.',
    {"type": "string", "pattern": r'^(\*|(W/)?"[0-9]{1,9}")$'},
)
_SORTS: Final = [*ORDER_SORTS, *(f"-{sort}" for sort in ORDER_SORTS)]
_FILTERS: Final[list[Parameter]] = [
    query("status", "Only orders of this status, by number or name.", QUERY_STATUS),
    query(
        "stockState",
        "Only orders whose stock is in this state.",
        {"type": "string", "enum": [state.value for state in StockState]},
    ),
    query(
        "search",
        "Only orders with this text in number, id, user id or a product's name.",
        {
            "type": "string",
            "maxLength": SEARCH_LENGTH_MAX,
            "pattern": r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFD]*$",
        },
    ),
    query("from", "Only orders placed at this time or later.", TIME),
    query("to", "Only orders placed before this time.", TIME),
    query(
        "sort",
        "By what, with `-` for descending.",
        {"type": "string", "enum": _SORTS, "default": "-createdAt"},
    ),
    query("page", "Counted from 1.", {"type": "integer", "minimum": 1, "maximum": PAGE_MAX}),
    query(
        "limit",
        "How many a page.",
        {"type": "integer", "minimum": 1, "maximum": PAGE_LIMIT_MAX, "default": 20},
    ),
]

_ETAG: Final = ["ETag"]
_LAMP: Final = {"productId": "prod1", "productName": "Oak lamp", "qty": 2, "price": 29.99}

Place = operation(
    answers={
        201: ("The order is stored and asks for its stock.", ref("OneOrder")),
        200: ("The same key and body came before: the order as it was placed.", ref("OneOrder")),
    },
    failures=[400, 409, 413, 422],
    parameters=[
        header(
            "Idempotency-Key",
            "The same key and body again answers the first order; it belongs to the caller.",
            {
                "type": "string",
                "minLength": 1,
                "maxLength": IDEMPOTENCY_KEY_LENGTH_MAX,
                "pattern": "^[!-~]+$",
            },
        )
    ],
    body=ref("NewOrder"),
    examples={
        "small": {"items": [_LAMP]},
        "full": {
            "items": [_LAMP],
            "totalAmount": 59.98,
            "paymentMethod": 6,
            "shippingAddress": {
                "street": "1 Main Street",
                "city": "Springfield",
                "state": "IL",
                "zipCode": "62701",
                "country": "US",
            },
        },
    },
    answer_headers=_ETAG,
)
List = operation(
    answers={200: ("One page of what matches.", ref("OrderList"))},
    failures=[400],
    parameters=[query("userId", "Only this user's orders.", ID), *_FILTERS],
    meta=True,
)
ListOfUser = operation(
    answers={200: ("One page of what matches.", ref("OrderList"))},
    failures=[400],
    parameters=[_USER_ID, *_FILTERS],
    meta=True,
)
Get = operation(
    answers={200: ("The order.", ref("OneOrder"))},
    failures=[404],
    parameters=[_ORDER_ID],
    answer_headers=_ETAG,
)
History = operation(
    answers={200: ("Every change, oldest first.", ref("OrderHistory"))},
    failures=[404],
    parameters=[_ORDER_ID],
    answer_headers=_ETAG,
)
ChangeStatus = operation(
    answers={200: ("The order after the move.", ref("Moved"))},
    failures=[400, 404, 409, 412, 413, 422],
    parameters=[_ORDER_ID, _IF_MATCH],
    body=ref("StatusChange"),
    examples={"by number": {"status": 2}, "by name": {"status": "processing"}},
    answer_headers=_ETAG,
)
Cancel = operation(
    answers={200: ("The cancelled order.", ref("Moved"))},
    failures=[400, 404, 409, 412, 413, 422],
    parameters=[_ORDER_ID, _IF_MATCH],
    body=ref("Cancellation"),
    body_required=False,
    examples={"with a reason": {"reason": "Changed my mind"}},
    answer_headers=_ETAG,
)
ChangeDetails = operation(
    answers={200: ("The order after the change.", ref("OneOrder"))},
    failures=[400, 404, 409, 412, 413, 422],
    parameters=[_ORDER_ID, _IF_MATCH],
    body=ref("DetailsChange"),
    examples={
        "address": {"shippingAddress": {"street": "2 Side Street", "city": "Springfield"}},
        "by an admin": {"paymentStatus": 2, "trackingNumber": "1Z999AA10123456784"},
    },
    answer_headers=_ETAG,
)
Statuses = operation(
    answers={200: ("The statuses and their allowed moves.", ref("Statuses"))}, signed_in=False
)
