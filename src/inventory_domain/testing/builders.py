"""Builders: the smallest valid thing of each kind, with readable defaults to change by name."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from inventory_domain.errors import RefusedLine
from inventory_domain.ids import EventId, OrderId, ProductId, UserId
from inventory_domain.messages import MessageLine
from inventory_domain.money import Money
from inventory_domain.order_requests import Draft
from inventory_domain.orders import IdempotencyKey, Order, OrderLine, PaymentMethod
from inventory_domain.partitioning import murmur2
from inventory_domain.records import Headers, OutgoingRecord, Record
from inventory_domain.stock import (
    Adjust,
    Consume,
    HeldLine,
    Movement,
    MovementKind,
    Product,
    ProductWrite,
    Release,
    Reservation,
    ReservationState,
    Reserve,
    StockChange,
)
from inventory_domain.writes import OrderWrite, Push

__all__ = [
    "DESK",
    "LAMP",
    "NOW",
    "RUG",
    "a_consume",
    "a_draft",
    "a_line",
    "a_movement",
    "a_product",
    "a_push",
    "a_record",
    "a_refused_line",
    "a_release",
    "a_reservation",
    "a_reserve",
    "a_token",
    "a_write",
    "an_adjust",
    "an_order",
    "an_order_line",
    "an_order_number",
    "an_outgoing_record",
    "later",
    "stocking",
]

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LAMP = ProductId("LAMP-OAK")
DESK = ProductId("DESK-PINE")
RUG = ProductId("RUG-WOOL")
PRICE = Money(2999)

_SUFFIX_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def later(seconds: float) -> datetime:
    """Return the instant so many seconds after ``NOW``."""
    return NOW + timedelta(seconds=seconds)


def an_order_number(order_id: str = "order-1") -> str:
    """Return the number that goes with an order id: the same for the same, as a rule unique."""
    rest = murmur2(f"suffix of {order_id}".encode()) & 0x7FFFFFFF
    suffix = ""
    for _ in range(4):
        rest, digit = divmod(rest, len(_SUFFIX_SIGNS))
        suffix += _SUFFIX_SIGNS[digit]
    milliseconds = 1_700_000_000_000 + (murmur2(order_id.encode()) & 0x7FFFFFFF)
    return f"ORD-{milliseconds}-{suffix}"


def a_token(
    key: str = "key-1", *, subject: str = "anna", fingerprint: str = "f1"
) -> IdempotencyKey:
    """Return an idempotency key."""
    return IdempotencyKey(subject=UserId(subject), key=key, fingerprint=fingerprint)


def an_order_line(product_id: str = LAMP, quantity: int = 2, **changes: Any) -> OrderLine:  # noqa: ANN401
    """Return a line of an order."""
    named = {"price": PRICE, "product_name": product_id.replace("-", " ").title(), **changes}
    return OrderLine(product_id=ProductId(product_id), quantity=quantity, **named)


def an_order(order_id: str = "order-1", **changes: Any) -> Order:  # noqa: ANN401
    """Return a pending order of two lamps by anna; its total follows from its lines."""
    lines = changes.pop("lines", (an_order_line(),))
    created_at = changes.pop("created_at", NOW)
    fields = {
        "order_number": an_order_number(order_id),
        "user_id": UserId("anna"),
        "total": Money(sum(line.amount for line in lines)),
        "payment_method": PaymentMethod.UPI,
        "updated_at": created_at,
        **changes,
    }
    return Order(order_id=OrderId(order_id), lines=lines, created_at=created_at, **fields)


def a_draft(**changes: Any) -> Draft:  # noqa: ANN401
    """Return what anna wants: two lamps."""
    return Draft(**{"user_id": UserId("anna"), "lines": (an_order_line(),), **changes})


def a_write(order: Order | None = None, *events: OutgoingRecord) -> OrderWrite:
    """Return an order with its events: one that names the order's version, unless given."""
    written = order or an_order()
    value = f"version {written.version}".encode()
    told = events or (an_outgoing_record(key=written.order_id.encode(), value=value),)
    return OrderWrite(written, told)


def a_product(product_id: str = LAMP, **changes: Any) -> Product:  # noqa: ANN401
    """Return a product with 10 in stock; what was received follows from its other numbers."""
    created_at = changes.pop("created_at", NOW)
    fields = {
        "name": product_id.replace("-", " ").title(),
        "price": PRICE,
        "stock": 10,
        "version": 2,
        "updated_at": created_at,
        **changes,
    }
    counted = ("stock", "reserved", "sold", "written_off")
    fields.setdefault("received", sum(fields.get(name, 0) for name in counted))
    return Product(product_id=ProductId(product_id), created_at=created_at, **fields)


def stocking(*products: Product) -> StockChange:
    """Return the change that puts new *products* into a store, with the ledger of their stock."""
    movements = [
        a_movement(product.product_id, number=product.version, quantity=product.stock)
        for product in products
        if product.stock
    ]
    return StockChange(
        products=tuple(ProductWrite(product, None) for product in products),
        movements=tuple(movements),
    )


def a_movement(
    product_id: str = LAMP,
    *,
    number: int = 2,
    kind: MovementKind = MovementKind.RECEIVED,
    quantity: int = 10,
    **changes: Any,  # noqa: ANN401
) -> Movement:
    """Return an entry of the ledger: the first receipt of 10, unless changed."""
    fields = {"stock_after": quantity, "reserved_after": 0, "at": NOW, **changes}
    return Movement(
        product_id=ProductId(product_id), number=number, kind=kind, quantity=quantity, **fields
    )


def a_line(product_id: str = LAMP, quantity: int = 2, price: int | None = None) -> MessageLine:
    """Return a line of a message, without a price unless given."""
    amount = None if price is None else Money(price)
    return MessageLine(product_id=ProductId(product_id), quantity=quantity, price=amount)


def a_reserve(
    order_id: str = "order-1",
    wanted: Mapping[str, int] | None = None,
    **changes: Any,  # noqa: ANN401
) -> Reserve:
    """Return a request for *wanted* (product to quantity), two lamps unless given."""
    lines = tuple(a_line(*line) for line in (wanted or {LAMP: 2}).items())
    fields = {"event_id": EventId(f"{order_id}.1.reserve"), "lines": lines, **changes}
    return Reserve(order_id=OrderId(order_id), **fields)


def a_release(order_id: str = "order-1", **changes: Any) -> Release:  # noqa: ANN401
    """Return the request to give back what an order holds."""
    fields = {"event_id": EventId(f"{order_id}.2.release"), "reason": "ORDER_CANCELLED", **changes}
    return Release(order_id=OrderId(order_id), **fields)


def a_consume(order_id: str = "order-1", **changes: Any) -> Consume:  # noqa: ANN401
    """Return the request to turn what an order holds into a sale."""
    return Consume(
        order_id=OrderId(order_id),
        **{"event_id": EventId(f"{order_id}.4.completed"), **changes},
    )


def an_adjust(product_id: str = LAMP, quantity: int = 5, **changes: Any) -> Adjust:  # noqa: ANN401
    """Return a restock of 5, unless given; a negative quantity is a write-off."""
    fields = {"event_id": EventId(f"{product_id}.adjust"), **changes}
    return Adjust(product_id=ProductId(product_id), quantity=quantity, **fields)


def a_reservation(
    order_id: str = "order-1",
    state: ReservationState = ReservationState.RESERVED,
    **changes: Any,  # noqa: ANN401
) -> Reservation:
    """Return a reservation of two lamps."""
    fields = {
        "lines": (HeldLine(product_id=LAMP, quantity=2),),
        "event_id": EventId(f"{order_id}.1.reserve"),
        "sequence": 1,
        "updated_at": NOW,
        **changes,
    }
    return Reservation(order_id=OrderId(order_id), state=state, **fields)


def a_refused_line(product_id: str = LAMP, **changes: Any) -> RefusedLine:  # noqa: ANN401
    """Return a line that wanted 5 where 2 were to be had."""
    fields = {"wanted": 5, "available": 2, "reason": "insufficient_stock", **changes}
    return RefusedLine(product_id=ProductId(product_id), **fields)


def an_outgoing_record(
    topic: str = "order.created",
    *,
    key: bytes | None = b"order-1",
    value: bytes | None = b"{}",
    headers: Headers = (),
) -> OutgoingRecord:
    """Return a record for the log."""
    return OutgoingRecord(topic, key, value, headers)


def a_record(outgoing: OutgoingRecord | None = None, **changes: Any) -> Record:  # noqa: ANN401
    """Return *outgoing* as the log gives it back: the first of partition 0, unless changed."""
    sent = outgoing or an_outgoing_record()
    content = attrs.asdict(sent, recurse=False)
    return Record(**{**content, "partition": 0, "offset": 0, "timestamp": NOW, **changes})


def a_push(event: str = "order:created", *rooms: str, **payload: Any) -> Push:  # noqa: ANN401
    """Return a push to *rooms*, anna's unless given."""
    return Push(event, rooms or ("user:anna",), payload)
