"""What a shop of many years holds: products, orders with what becomes of them, dead letters."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from benchmarks.shop import CODEC, NOW, product, request
from inventory_domain.dead_letters import Failure, bury
from inventory_domain.ids import EventId, OrderId, UserId
from inventory_domain.messages import MessageLine
from inventory_domain.money import Money
from inventory_domain.order_decisions import Actor, Draft, place_order
from inventory_domain.orders import (
    Address,
    Order,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    StockState,
)
from inventory_domain.records import OutgoingRecord, Record
from inventory_domain.stock import Command, Consume, Product, Release, Reserve

__all__ = ["HOT_PRODUCT", "HOT_USER", "end", "letter", "one_product", "place", "reserve"]

HOT_PRODUCT = "product-0"
"""Every fifth order has it."""

HOT_USER = "user-0"
"""Every tenth order is theirs."""

_USERS = 5_000
_PARTITIONS = 3
_CATEGORIES = ("Garden", "Kitchen", "Lighting", "Textiles", "Desk", "Books", "Toys", "Tools")
_THINGS = ("lamp", "chair", "mug", "pan", "rug", "pen", "shelf", "towel", "kettle", "stool")
_MAKES = ("oak", "stone", "linen", "brass", "felt", "walnut", "clay", "iron", "jute", "glass")
_REASONS = ("insufficient_stock", "insufficient_stock", "unknown_product", "invalid_message")
_ENDS = (
    (OrderStatus.PENDING, StockState.RESERVED),
    (OrderStatus.PROCESSING, StockState.RESERVED),
    (OrderStatus.SHIPPED, StockState.RESERVED),
    (OrderStatus.DELIVERED, StockState.CONSUMED),
    (OrderStatus.DELIVERED, StockState.CONSUMED),
    (OrderStatus.DELIVERED, StockState.CONSUMED),
    (OrderStatus.CANCELLED, StockState.RELEASED),
)


def one_product(number: int) -> Product:
    """Return a product with plenty of stock."""
    thing, make = _THINGS[number % 10], _MAKES[number // 10 % 10]
    return attrs.evolve(
        product(number),
        name=f"{make.capitalize()} {thing} {number}",
        category=_CATEGORIES[number % len(_CATEGORIES)],
        price=Money(500 + number * 37 % 20_000),
        sku=f"{thing[:3]}-{make[:3]}-{number}".upper(),
        description=f"A {thing} of {make}, number {number} of our catalogue, made to be used.",
        tags=(thing, make),
    )


def place(
    number: int, catalogue: Sequence[Product], at: datetime
) -> tuple[Order, list[OutgoingRecord]]:
    """Return an order as it is now, and what was told when it was placed."""
    user = HOT_USER if number % 10 == 0 else f"user-{number % _USERS}"
    draft = Draft(
        user_id=UserId(user),
        lines=tuple(_line(catalogue[place]) for place in _places(number, len(catalogue))),
        shipping_address=Address(street=f"{number} Oak Lane", city="Springfield", country="US"),
        payment_method=PaymentMethod.UPI,
    )
    change = place_order(
        draft,
        order_id=OrderId(f"order-{number:06}"),
        order_number=f"ORD-{int(at.timestamp() * 1000)}-K{number % 1000:03}",
        now=at,
        actor=Actor(subject=UserId(user)),
    )
    status, state = _ENDS[number % len(_ENDS)]
    order = attrs.evolve(change.order, status=status, stock_state=state, inventory_sequence=1)
    return order, [CODEC.record(message) for message in change.messages]


def _places(number: int, count: int) -> set[int]:
    """Return which products the order has: every fifth order the one that all want."""
    return {0 if number % 5 == 0 else number * 7 % count, *((number * 13 % count,) * (number % 2))}


def _line(wanted: Product) -> OrderLine:
    return OrderLine(
        product_id=wanted.product_id,
        product_name=wanted.name,
        quantity=1,
        price=wanted.price,
    )


def reserve(order: Order) -> Command:
    """Return what the order asked for."""
    lines = tuple(
        MessageLine(product_id=line.product_id, quantity=line.quantity, price=line.price)
        for line in order.lines
    )
    return Reserve(
        order_id=order.order_id,
        lines=lines,
        event_id=EventId(f"{order.order_id}.1.reserve"),
        order_number=order.order_number,
    )


def end(order: Order) -> tuple[Command, ...]:
    """Return what was asked for when it came to its end, if it did."""
    if order.status is OrderStatus.DELIVERED:
        event_id = EventId(f"{order.order_id}.4.completed")
        return (Consume(order_id=order.order_id, event_id=event_id),)
    if order.status is OrderStatus.CANCELLED:
        event_id = EventId(f"{order.order_id}.3.release")
        return (Release(order_id=order.order_id, event_id=event_id, reason="ORDER_CANCELLED"),)
    return ()


def letter(number: int) -> OutgoingRecord:
    """Return the dead letter of a request that could not be served."""
    order, reason = f"letter-{number:06}", _REASONS[number % len(_REASONS)]
    sent = request(order, 1, 1_000)
    at = NOW + timedelta(seconds=number)
    failed = Record(
        topic=sent.topic,
        partition=number % _PARTITIONS,
        offset=number,
        key=sent.key,
        value=sent.value,
        headers=sent.headers,
        timestamp=at,
    )
    message = f"product-{number % 1_000}: wanted 3, available {number % 3}"
    failure = Failure(error_class=reason, message=message, attempts=4, first_at=at, last_at=at)
    return bury(failed, failure, service="products-service")
