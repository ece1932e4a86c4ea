"""What OpenAPI says about each route of products and reservations."""

from typing import Final

from apps.edge.describe import operation, path, query, ref
from apps.edge.shapes import FLAG, ID, LIMIT, MONEY, PAGE, SEARCH
from apps.products.shapes import REASON
from inventory_domain.queries import PRODUCT_SORTS

__all__ = [
    "AddProduct",
    "Availability",
    "DeactivateProduct",
    "EditProduct",
    "GetProduct",
    "GetReservation",
    "ListProducts",
    "Movements",
    "Release",
    "ReleaseLine",
    "Reserve",
    "ReserveLine",
    "Restock",
    "SearchProducts",
]

_PRODUCT_ID: Final = path("id", "The product's `_id`.", ID)
_ORDER_ID: Final = path("orderId", "The order's `_id`.", ID)
_SORTS: Final = [*PRODUCT_SORTS, *(f"-{sort}" for sort in PRODUCT_SORTS)]
_FILTERS: Final = [
    query("category", "Only products of this category, whatever the case.", SEARCH),
    query("minPrice", "Only products at this price or more.", MONEY),
    query("maxPrice", "Only products at this price or less.", MONEY),
    query("inStock", "Only products that can, or cannot, be sold now.", FLAG),
    query("includeInactive", "Also products that are off sale; for admins.", FLAG),
]
_LAMP: Final = {"productId": "lamp-oak", "qty": 2}

ListProducts = operation(
    answers={200: ("One page of what matches.", ref("ProductList"))},
    failures=[400, 401, 403],
    parameters=[
        query("search", "Only products in which every word of this is found.", SEARCH),
        *_FILTERS,
        query(
            "sort",
            "By what, with `-` for descending.",
            {"type": "string", "enum": _SORTS, "default": "name"},
        ),
        PAGE,
        LIMIT,
    ],
    meta=True,
    signed_in=False,
)
SearchProducts = operation(
    answers={200: ("One page of what matches, the best first.", ref("ProductList"))},
    failures=[400, 401, 403],
    parameters=[
        query("q", "Words that must be found.", {**SEARCH, "minLength": 1}, required=True),
        *_FILTERS,
        PAGE,
        LIMIT,
    ],
    meta=True,
    signed_in=False,
)
GetProduct = operation(
    answers={200: ("The product; `isActive` is false if it is off sale.", ref("OneProduct"))},
    failures=[401, 404],
    parameters=[_PRODUCT_ID],
    signed_in=False,
)
AddProduct = operation(
    answers={201: ("The product is there.", ref("OneProduct"))},
    failures=[400, 409, 413],
    body=ref("NewProduct"),
    examples={
        "small": {"name": "Oak table lamp", "price": 59.9},
        "full": {
            "_id": "lamp-oak",
            "name": "Oak table lamp",
            "description": "Gives a warm, even light for reading.",
            "price": 59.9,
            "category": "Lighting",
            "brand": "Lumen & Grain",
            "sku": "LG-1001",
            "tags": ["oak", "table"],
            "imageUrl": "/images/products/lamp-oak.svg",
            "stock": 48,
        },
    },
)
EditProduct = operation(
    answers={200: ("The product as it is now.", ref("OneProduct"))},
    failures=[400, 404, 413],
    parameters=[_PRODUCT_ID],
    body=ref("ProductEdit"),
    examples={"price": {"price": 49.9}},
)
DeactivateProduct = operation(
    answers={200: ("The product is off sale.", ref("OneProduct"))},
    failures=[404],
    parameters=[_PRODUCT_ID],
)
Restock = operation(
    answers={200: ("The product with its new stock.", ref("OneProduct"))},
    failures=[400, 404, 409, 413],
    parameters=[_PRODUCT_ID],
    body=ref("Restock"),
    examples={
        "received": {"qty": 10, "reason": "delivery 4711"},
        "written off": {"qty": -1, "reason": "broken"},
    },
)
Movements = operation(
    answers={200: ("One page of the ledger, newest first.", ref("MovementList"))},
    failures=[400, 404],
    parameters=[_PRODUCT_ID, query("orderId", "Only those of this order.", ID), PAGE, LIMIT],
    meta=True,
)
Availability = operation(
    answers={200: ("Whether each item can be had now.", ref("Availability"))},
    failures=[400, 413, 422],
    body=ref("Items"),
    examples={"two lamps": {"items": [_LAMP]}},
)
Reserve = operation(
    answers={
        201: ("All items are reserved.", ref("OneReservation")),
        200: ("They were already.", ref("OneReservation")),
    },
    failures=[400, 409, 413, 422],
    body=ref("NewReservation"),
    examples={"two lamps": {"orderId": "order-1", "items": [_LAMP]}},
)
GetReservation = operation(
    answers={200: ("The reservation, whatever its state.", ref("OneReservation"))},
    failures=[404],
    parameters=[_ORDER_ID],
)
Release = operation(
    answers={200: ("The order holds nothing, for good.", ref("OneReservation"))},
    failures=[400, 404, 409, 413],
    parameters=[_ORDER_ID, query("reason", "Why; the ledger keeps it.", REASON)],
)
ReserveLine = operation(
    answers={
        201: ("The units are reserved.", ref("OneReservation")),
        200: ("They were already.", ref("OneReservation")),
    },
    failures=[400, 404, 409, 413],
    parameters=[_PRODUCT_ID],
    body=ref("LineReservation"),
    examples={"two": {"orderId": "order-1", "qty": 2}},
)
ReleaseLine = operation(
    answers={200: ("The order holds nothing, for good.", ref("OneReservation"))},
    failures=[400, 404, 409, 413],
    parameters=[_PRODUCT_ID],
    body=ref("LineRelease"),
    examples={"two": {"orderId": "order-1", "qty": 2}},
)
