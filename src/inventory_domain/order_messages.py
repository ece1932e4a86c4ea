"""The messages that an order's decisions give rise to.

Their ids follow from the order's id and version, so that a decision made twice about the same
version gives the same messages.
"""

from datetime import datetime
from functools import partial

from inventory_domain.ids import EventId
from inventory_domain.messages import (
    Message,
    MessageLine,
    OrderFact,
    OrderFactKind,
    ReleaseRequest,
    ReserveRequest,
    Trace,
)
from inventory_domain.orders import Order, OrderStatus

__all__ = ["order_fact", "placed_messages", "status_messages"]


def placed_messages(order: Order, now: datetime, trace: Trace) -> tuple[Message, ...]:
    """Return what is told of a new order: that it is there, and that it asks for its stock."""
    request = ReserveRequest(
        event_id=_event_id(order, "reserve"),
        occurred_at=now,
        trace=trace,
        order_id=order.order_id,
        order_number=order.order_number,
        lines=_message_lines(order),
    )
    return order_fact(OrderFactKind.CREATED, order, now, trace, lines=request.lines), request


def status_messages(
    before: Order, after: Order, now: datetime, reason: str | None, trace: Trace
) -> tuple[Message, ...]:
    """Return what is told of a move from *before* to *after*, in its order."""
    lines = _message_lines(after)
    told = partial(
        order_fact, order=after, now=now, trace=trace, old=before.status, reason=reason, lines=lines
    )
    changed = told(OrderFactKind.STATUS_CHANGED)
    if after.status is OrderStatus.DELIVERED:
        return changed, told(OrderFactKind.COMPLETED)
    if after.status is not OrderStatus.CANCELLED:
        return (changed,)
    release = ReleaseRequest(
        event_id=_event_id(after, "release"),
        occurred_at=now,
        trace=trace,
        order_id=after.order_id,
        order_number=after.order_number,
        reason="ORDER_CANCELLED",
        lines=lines,
    )
    return changed, told(OrderFactKind.CANCELLED), release


def order_fact(
    kind: OrderFactKind,
    order: Order,
    now: datetime,
    trace: Trace,
    *,
    old: OrderStatus | None = None,
    reason: str | None = None,
    lines: tuple[MessageLine, ...] | None = None,
) -> OrderFact:
    """Return the fact that *kind* happened to *order*."""
    return OrderFact(
        event_id=_event_id(order, kind.name.lower()),
        occurred_at=now,
        trace=trace,
        order_id=order.order_id,
        order_number=order.order_number,
        kind=kind,
        user_id=order.user_id,
        lines=_message_lines(order) if lines is None else lines,
        total=order.total,
        status=order.status,
        old_status=old,
        reason=reason,
    )


def _event_id(order: Order, what: str) -> EventId:
    return EventId(f"{order.order_id}.{order.version}.{what}")


def _message_lines(order: Order) -> tuple[MessageLine, ...]:
    return tuple(
        [
            MessageLine(
                product_id=line.product_id,
                quantity=line.quantity,
                price=line.price,
                product_name=line.product_name,
            )
            for line in order.lines
        ]
    )
