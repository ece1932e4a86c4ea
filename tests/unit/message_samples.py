"""The messages that the stored samples hold: one of each tag, with every field that it has."""

from collections.abc import Mapping
from pathlib import Path

from inventory_domain.errors import RefusedLine
from inventory_domain.ids import EventId, OrderId, ProductId, UserId
from inventory_domain.messages import (
    Message,
    MessageLine,
    OrderFact,
    OrderFactKind,
    OutcomeKind,
    OutcomeLine,
    ReleaseRequest,
    ReserveRequest,
    StockAdjusted,
    StockOutcome,
    Trace,
)
from inventory_domain.money import Money
from inventory_domain.orders import OrderStatus
from inventory_domain.testing import DESK, LAMP, NOW

SAMPLES = Path(__file__).parent / "samples"

TRACE = Trace(correlation_id="call-1")
ORDER = OrderId("order-1")
NUMBER = "ORD-1732095234567-K3F9"
LINES = (
    MessageLine(product_id=LAMP, quantity=2, price=Money(2999), product_name="Große Lampe"),
    MessageLine(product_id=DESK, quantity=1),
)
AFTER = (
    OutcomeLine(product_id=DESK, quantity=1, stock=4, stock_version=3),
    OutcomeLine(product_id=LAMP, quantity=2, stock=8, stock_version=12),
)
REFUSED = (
    RefusedLine(product_id=LAMP, wanted=5, available=2, reason="insufficient_stock"),
    RefusedLine(product_id=DESK, wanted=1, available=9, reason="price_changed", price=Money(1999)),
)


def _fact(kind: OrderFactKind, status: OrderStatus, old: OrderStatus | None) -> OrderFact:
    return OrderFact(
        event_id=EventId(f"order-1.{int(status)}.{kind.name.lower()}"),
        occurred_at=NOW,
        trace=TRACE,
        order_id=ORDER,
        order_number=NUMBER,
        kind=kind,
        user_id=UserId("anna"),
        lines=LINES,
        total=Money(5998),
        status=status,
        old_status=old,
        reason=None if old is None else "because",
    )


def _outcome(kind: OutcomeKind, sequence: int) -> StockOutcome:
    rejected = kind is OutcomeKind.REJECTED
    reasons = {OutcomeKind.REJECTED: "price_changed", OutcomeKind.RELEASED: "ORDER_CANCELLED"}
    return StockOutcome(
        event_id=EventId(f"order-1.stock.{sequence}"),
        occurred_at=NOW,
        trace=TRACE,
        order_id=ORDER,
        order_number=NUMBER,
        kind=kind,
        sequence=sequence,
        lines=() if rejected else AFTER,
        refused=REFUSED if rejected else (),
        reason=reasons.get(kind),
    )


_MESSAGES: tuple[Message, ...] = (
    _fact(OrderFactKind.CREATED, OrderStatus.PENDING, None),
    _fact(OrderFactKind.STATUS_CHANGED, OrderStatus.PROCESSING, OrderStatus.PENDING),
    _fact(OrderFactKind.CANCELLED, OrderStatus.CANCELLED, OrderStatus.PENDING),
    _fact(OrderFactKind.COMPLETED, OrderStatus.DELIVERED, OrderStatus.SHIPPED),
    ReserveRequest(
        event_id=EventId("order-1.1.reserve"),
        occurred_at=NOW,
        trace=TRACE,
        order_id=ORDER,
        order_number=NUMBER,
        lines=LINES,
    ),
    ReleaseRequest(
        event_id=EventId("order-1.2.release"),
        occurred_at=NOW,
        trace=TRACE,
        order_id=ORDER,
        order_number=NUMBER,
        reason="ORDER_CANCELLED",
        lines=LINES,
    ),
    _outcome(OutcomeKind.RESERVED, 2),
    _outcome(OutcomeKind.REJECTED, 1),
    _outcome(OutcomeKind.RELEASED, 3),
    StockAdjusted(
        event_id=EventId("adjust-1"),
        occurred_at=NOW,
        trace=TRACE,
        product_id=ProductId("LAMP-OAK"),
        quantity=-3,
        stock=5,
        stock_version=7,
        reason="broken in the store",
    ),
)
MESSAGES: Mapping[str, Message] = {message.tag: message for message in _MESSAGES}


def sample(tag: str, version: int) -> bytes:
    """Return the bytes of this message as that version wrote them."""
    return stored(f"{tag}.v{version}.json")


def stored(name: str) -> bytes:
    """Return the bytes of a stored message, without the newline that ends the file."""
    return (SAMPLES / name).read_bytes().removesuffix(b"\n")
