"""The shapes of products and stock in JSON Schema, with the bounds that the readers hold to."""

from typing import Final

from apps.catalogue import product_form as form
from apps.edge.describe import JsonSchema, array, obj, ref, text
from apps.edge.lines import LINE_COUNT_MAX, QUANTITY_MAX
from apps.edge.shapes import (
    AMOUNT,
    COUNT,
    ID,
    MAYBE_TEXT,
    MONEY,
    NOT_BLANK,
    PRINTABLE,
    QUANTITY,
    TIME,
)
from apps.products.bodies import (
    ORDER_NUMBER_LENGTH_MAX,
    PRODUCT_NAME_LENGTH_MAX,
    REASON_LENGTH_MAX,
)
from inventory_domain.stock import MovementKind, ReservationState

__all__ = ["REASON", "SCHEMAS"]

REASON: Final = text(REASON_LENGTH_MAX, pattern=PRINTABLE)

_TEXTS: Final[dict[str, JsonSchema]] = {
    "name": text(form.NAME_LENGTH_MAX, pattern=NOT_BLANK),
    "description": text(form.DESCRIPTION_LENGTH_MAX, pattern=PRINTABLE),
    "category": text(form.CATEGORY_LENGTH_MAX, pattern=PRINTABLE),
}
_OPTIONAL_TEXTS: Final[dict[str, JsonSchema]] = {
    "brand": text(form.BRAND_LENGTH_MAX, pattern=PRINTABLE),
    "sku": text(form.SKU_LENGTH_MAX, pattern=PRINTABLE),
    "imageUrl": text(
        form.IMAGE_URL_LENGTH_MAX,
        pattern="^((/(?!/)|https?://[^/])[^\\s\"'<>\\\\`]*)?$",
        description="A path of the shop's, or an address.",
    ),
}
_TAGS: Final = array(text(form.TAG_LENGTH_MAX, pattern=NOT_BLANK), maxItems=form.TAG_COUNT_MAX)
_STOCK: Final[JsonSchema] = {
    "type": "integer",
    "minimum": 0,
    "maximum": QUANTITY_MAX,
    "default": 0,
    "description": "The first stock: a movement like any other.",
}
_NEW_PRODUCT: Final = obj(
    {"_id": ID, **_TEXTS, "price": MONEY, **_OPTIONAL_TEXTS, "tags": _TAGS, "stock": _STOCK},
    ["name", "price"],
)
_PRODUCT_EDIT: Final = obj(
    {
        **_TEXTS,
        "price": MONEY,
        **{name: {**one, "type": ["string", "null"]} for name, one in _OPTIONAL_TEXTS.items()},
        "tags": _TAGS,
        "isActive": {"type": "boolean"},
    },
    minProperties=1,
    description="What is left out stays; null takes an optional text away.",
)
_PRODUCT_PROPERTIES: Final[dict[str, JsonSchema]] = {
    "_id": ID,
    "name": {"type": "string"},
    "description": {"type": "string"},
    "price": AMOUNT,
    "category": {"type": "string"},
    "brand": MAYBE_TEXT,
    "sku": MAYBE_TEXT,
    "tags": array({"type": "string"}),
    "imageUrl": MAYBE_TEXT,
    "stock": {**COUNT, "description": "What can still be sold."},
    "reserved": {**COUNT, "description": "Held for open orders."},
    "inStock": {"type": "boolean"},
    "isActive": {"type": "boolean"},
    "version": {"type": "integer", "minimum": 1},
    "createdAt": TIME,
    "updatedAt": TIME,
}
# What two names for one number look like in a body, and in an answer.
_EITHER_QUANTITY: Final = [{"required": ["qty"]}, {"required": ["quantity"]}]
_QUANTITY_AGAIN: Final[JsonSchema] = {**QUANTITY, "description": "Another name for qty."}
_CHANGE: Final[JsonSchema] = {
    "type": "integer",
    "minimum": -QUANTITY_MAX,
    "maximum": QUANTITY_MAX,
    "not": {"const": 0},
    "description": "Units received, or written off if negative.",
}
_PRICE_SEEN: Final[JsonSchema] = {**MONEY, "description": "Checked if it is given."}
_ORDER_NUMBER: Final = text(ORDER_NUMBER_LENGTH_MAX, pattern=PRINTABLE)
_PRODUCT_NAME: Final = text(PRODUCT_NAME_LENGTH_MAX, pattern=PRINTABLE)
_NEW_LINE: Final = obj(
    {
        "productId": ID,
        "productName": _PRODUCT_NAME,
        "qty": QUANTITY,
        "quantity": _QUANTITY_AGAIN,
        "price": _PRICE_SEEN,
    },
    ["productId"],
    oneOf=_EITHER_QUANTITY,
)
_NEW_LINES: Final = array(ref("NewLine"), minItems=1, maxItems=LINE_COUNT_MAX)
_MOVEMENT_PROPERTIES: Final[dict[str, JsonSchema]] = {
    "_id": {"type": "string"},
    "productId": ID,
    "kind": {"type": "string", "enum": [kind.value for kind in MovementKind]},
    "qty": QUANTITY,
    "quantity": QUANTITY,
    "change": {"type": "integer", "description": "What it did to the stock."},
    "balance": {**COUNT, "description": "The stock after it."},
    "reserved": {**COUNT, "description": "What was reserved after it."},
    "orderId": MAYBE_TEXT,
    "reason": {"type": "string"},
    "actor": {"type": "string"},
    "at": TIME,
}
_HELD_LINE: Final = obj(
    {"productId": ID, "qty": QUANTITY, "quantity": QUANTITY}, ["productId", "qty", "quantity"]
)
_STOCK_REASON: Final[JsonSchema] = {
    "type": "object",
    "description": "Why a line was refused.",
    "properties": {
        "productId": ID,
        "wanted": COUNT,
        "available": COUNT,
        "stock": {**COUNT, "description": "What there is, whether it can be sold or not."},
        "reason": {"type": "string"},
    },
    "required": ["productId", "wanted", "available", "stock", "reason"],
}
_RESERVATION_PROPERTIES: Final[dict[str, JsonSchema]] = {
    "orderId": ID,
    "orderNumber": {"type": "string"},
    "state": {"type": "string", "enum": [state.value for state in ReservationState]},
    "items": array(_HELD_LINE),
    "reasons": array(ref("StockReason")),
    "updatedAt": TIME,
}
_AVAILABLE_PROPERTIES: Final[dict[str, JsonSchema]] = {
    "productId": ID,
    "qty": QUANTITY,
    "quantity": QUANTITY,
    "available": {"type": "boolean"},
    "stock": COUNT,
}
_WHY_NOT: Final[dict[str, JsonSchema]] = {
    "reason": {
        "type": "string",
        "enum": ["insufficient_stock", "unknown_product", "inactive_product", "price_changed"],
    },
    "price": {**AMOUNT, "description": "The price as it is, where it differs."},
}

SCHEMAS: Final[dict[str, JsonSchema]] = {
    "NewProduct": _NEW_PRODUCT,
    "ProductEdit": _PRODUCT_EDIT,
    "Product": obj(_PRODUCT_PROPERTIES, list(_PRODUCT_PROPERTIES)),
    "OneProduct": obj({"product": ref("Product")}, ["product"]),
    "ProductList": obj({"products": array(ref("Product")), "count": COUNT}, ["products", "count"]),
    "Restock": obj({"qty": _CHANGE, "quantity": _CHANGE, "reason": REASON}, oneOf=_EITHER_QUANTITY),
    "Movement": obj(_MOVEMENT_PROPERTIES, list(_MOVEMENT_PROPERTIES)),
    "MovementList": obj(
        {"movements": array(ref("Movement")), "count": COUNT}, ["movements", "count"]
    ),
    "NewLine": _NEW_LINE,
    "Items": obj({"items": _NEW_LINES}, ["items"]),
    "Available": obj({**_AVAILABLE_PROPERTIES, **_WHY_NOT}, list(_AVAILABLE_PROPERTIES)),
    "Availability": obj(
        {"available": {"type": "boolean"}, "items": array(ref("Available")), "count": COUNT},
        ["available", "items", "count"],
    ),
    "NewReservation": obj(
        {"orderId": ID, "orderNumber": _ORDER_NUMBER, "items": _NEW_LINES}, ["orderId", "items"]
    ),
    "LineReservation": obj(
        {
            "orderId": ID,
            "orderNumber": _ORDER_NUMBER,
            "productName": _PRODUCT_NAME,
            "qty": QUANTITY,
            "quantity": _QUANTITY_AGAIN,
            "price": _PRICE_SEEN,
        },
        ["orderId"],
        oneOf=_EITHER_QUANTITY,
    ),
    "LineRelease": obj(
        {"orderId": ID, "qty": QUANTITY, "quantity": _QUANTITY_AGAIN, "reason": REASON},
        ["orderId"],
        oneOf=_EITHER_QUANTITY,
    ),
    "StockReason": _STOCK_REASON,
    "Reservation": obj(_RESERVATION_PROPERTIES, list(_RESERVATION_PROPERTIES)),
    "OneReservation": obj({"reservation": ref("Reservation")}, ["reservation"]),
}
"""The shapes that the descriptions of the routes refer to, by name."""
