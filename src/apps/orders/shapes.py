"""The shapes of orders in JSON Schema, with the bounds that the readers of bodies hold to."""

from typing import Final

from apps.edge.describe import JsonSchema, array, maybe, obj, ref, text
from apps.orders.bodies import (
    ADDRESS_LENGTHS,
    LINE_COUNT_MAX,
    NAME_LENGTH_MAX,
    QUANTITY_MAX,
    REASON_LENGTH_MAX,
    TRACKING_LENGTH_MAX,
)
from inventory_domain.ids import ID_LENGTH_MAX
from inventory_domain.money import MONEY_MAX
from inventory_domain.orders import OrderStatus, PaymentMethod, PaymentStatus, StockState

__all__ = ["ID", "QUERY_STATUS", "SCHEMAS", "TIME"]

_NO_CONTROL: Final = r"[^\u0000-\u0008\u000B\u000C\u000E-\u001F]*"
_PRINTABLE: Final = f"^{_NO_CONTROL}$"
_BLANKS: Final = r"\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000"
_NOT_BLANK: Final = rf"^{_NO_CONTROL}[^\u0000-\u0020{_BLANKS}]{_NO_CONTROL}$"

ID: Final[JsonSchema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": ID_LENGTH_MAX,
    "pattern": r"^[A-Za-z0-9][A-Za-z0-9._:@|+~-]*$",
}
TIME: Final[JsonSchema] = {"type": "string", "format": "date-time"}
_MAYBE_TIME: Final[JsonSchema] = {"type": ["string", "null"], "format": "date-time"}
_QUANTITY: Final[JsonSchema] = {"type": "integer", "minimum": 1, "maximum": QUANTITY_MAX}
_COUNT: Final[JsonSchema] = {"type": "integer", "minimum": 0}
_MONEY: Final[JsonSchema] = {
    "type": "number",
    "minimum": 0,
    "maximum": MONEY_MAX // 100,
    "multipleOf": 0.01,
}
# An answer's amounts are exact to the cent, but a checker's binary arithmetic may not be.
_AMOUNT: Final[JsonSchema] = {"type": "number", "minimum": 0}
_STATUS: Final[JsonSchema] = {"type": "integer", "enum": [int(x) for x in OrderStatus]}
_STATUS_NAME: Final[JsonSchema] = {
    "type": "string",
    "enum": [status.name.lower() for status in OrderStatus],
}
_PAYMENT_METHOD: Final[JsonSchema] = {
    "type": "integer",
    "enum": [int(x) for x in PaymentMethod],
    "description": ", ".join(f"{int(x)} {x.name.lower().replace('_', ' ')}" for x in PaymentMethod),
}
_PAYMENT_STATUS: Final[JsonSchema] = {
    "type": "integer",
    "enum": [int(x) for x in PaymentStatus],
    "description": ", ".join(f"{int(x)} {x.name.lower()}" for x in PaymentStatus),
}
QUERY_STATUS: Final[JsonSchema] = {
    "type": "string",
    "enum": [*(str(int(x)) for x in OrderStatus), *(x.name.lower() for x in OrderStatus)],
}
_LABEL: Final[JsonSchema] = {"type": "string"}

_ADDRESS: Final = obj(
    {name: text(length, pattern=_PRINTABLE) for name, length in ADDRESS_LENGTHS.items()}
)
_NEW_ADDRESS: Final = obj(
    {name: maybe(text(length, pattern=_PRINTABLE)) for name, length in ADDRESS_LENGTHS.items()}
)
_NEW_LINE: Final = obj(
    {
        "productId": ID,
        "productName": maybe(text(NAME_LENGTH_MAX, pattern=_PRINTABLE)),
        "qty": _QUANTITY,
        "quantity": {**_QUANTITY, "description": "Another name for qty."},
        "price": {**_MONEY, "description": "Per unit, as the buyer saw it."},
    },
    ["productId", "price"],
    oneOf=[{"required": ["qty"]}, {"required": ["quantity"]}],
)
_NEW_ORDER: Final = obj(
    {
        "items": array(ref("NewOrderLine"), minItems=1, maxItems=LINE_COUNT_MAX),
        "totalAmount": {**maybe(_MONEY), "description": "If given, the sum of the items."},
        "userId": {**maybe(ID), "description": "The caller by default; only admins name another."},
        "orderNumber": maybe({"type": "string", "pattern": "^ORD-[0-9]{13}-[A-Z0-9]{4}$"}),
        "shippingAddress": maybe(ref("NewAddress")),
        "paymentMethod": {**maybe(_PAYMENT_METHOD), "default": int(PaymentMethod.CREDIT_CARD)},
    },
    ["items"],
)
_LINE: Final = obj(
    {
        "productId": ID,
        "productName": {"type": "string"},
        "qty": _QUANTITY,
        "quantity": _QUANTITY,
        "price": _AMOUNT,
    },
    ["productId", "productName", "qty", "quantity", "price"],
)
_STOCK_REASON: Final[JsonSchema] = {
    "type": "object",
    "description": "Why a line was refused.",
    "properties": {
        "productId": ID,
        "wanted": _COUNT,
        "available": _COUNT,
        "stock": _COUNT,
        "reason": {"type": "string"},
    },
    "required": ["productId", "reason"],
}
_ORDER_PROPERTIES: Final[dict[str, JsonSchema]] = {
    "_id": ID,
    "orderNumber": {"type": "string"},
    "userId": ID,
    "items": array(ref("OrderLine")),
    "totalAmount": _AMOUNT,
    "status": _STATUS,
    "statusLabel": _LABEL,
    "stockState": {"type": "string", "enum": [state.value for state in StockState]},
    "stockReasons": array(ref("StockReason")),
    "shippingAddress": ref("Address"),
    "paymentMethod": _PAYMENT_METHOD,
    "paymentStatus": _PAYMENT_STATUS,
    "trackingNumber": {"type": ["string", "null"]},
    "version": {"type": "integer", "minimum": 1},
    "createdAt": TIME,
    "updatedAt": TIME,
    "cancelledAt": _MAYBE_TIME,
    "shippedAt": _MAYBE_TIME,
    "deliveredAt": _MAYBE_TIME,
}

SCHEMAS: Final[dict[str, JsonSchema]] = {
    "Address": _ADDRESS,
    "NewAddress": _NEW_ADDRESS,
    "NewOrder": _NEW_ORDER,
    "NewOrderLine": _NEW_LINE,
    "Order": obj(_ORDER_PROPERTIES, list(_ORDER_PROPERTIES)),
    "OrderLine": _LINE,
    "StockReason": _STOCK_REASON,
    "OneOrder": obj({"order": ref("Order")}, ["order"]),
    "OrderList": obj({"orders": array(ref("Order")), "count": _COUNT}, ["orders", "count"]),
    "Moved": obj(
        {
            "order": ref("Order"),
            "oldStatus": _STATUS,
            "oldStatusLabel": _LABEL,
            "newStatus": _STATUS,
            "newStatusLabel": _LABEL,
        },
        ["order", "oldStatus", "oldStatusLabel", "newStatus", "newStatusLabel"],
    ),
    "OrderHistory": obj(
        {
            "orderId": ID,
            "count": _COUNT,
            "history": array(
                obj(
                    {
                        "at": TIME,
                        "actor": {"type": "string"},
                        "change": {"type": "string"},
                        "reason": {"type": ["string", "null"]},
                    },
                    ["at", "actor", "change", "reason"],
                )
            ),
        },
        ["orderId", "history", "count"],
    ),
    "Statuses": obj(
        {
            "count": _COUNT,
            "statuses": array(
                obj(
                    {
                        "status": _STATUS,
                        "label": _LABEL,
                        "next": array(_STATUS),
                        "nextLabels": array(_LABEL),
                        "final": {"type": "boolean"},
                    },
                    ["status", "label", "next", "nextLabels", "final"],
                )
            ),
        },
        ["statuses", "count"],
    ),
    "StatusChange": obj(
        {
            "status": {"oneOf": [_STATUS, _STATUS_NAME]},
            "reason": maybe(text(REASON_LENGTH_MAX, pattern=_PRINTABLE)),
        },
        ["status"],
    ),
    "Cancellation": obj({"reason": maybe(text(REASON_LENGTH_MAX, pattern=_PRINTABLE))}),
    "DetailsChange": obj(
        {
            "shippingAddress": maybe(ref("NewAddress")),
            "paymentStatus": maybe(_PAYMENT_STATUS),
            "trackingNumber": maybe(text(TRACKING_LENGTH_MAX, pattern=_NOT_BLANK)),
        },
        minProperties=1,
    ),
}
"""The shapes that the descriptions of the routes refer to, by name."""
