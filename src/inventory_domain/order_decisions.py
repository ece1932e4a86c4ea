"""The decisions about one order: a request and the order in, the order after and its messages out.

Pure: time and ids come in from outside. A decision that changes nothing returns no messages
and the order as it was. The ids of messages follow from the order's id and version, so that a
decision made twice about the same version gives the same messages.
"""

from datetime import datetime

import attrs

from inventory_domain.errors import (
    AddressFixed,
    CancelNotAllowed,
    EmptyOrder,
    InvalidRequest,
    StockNotReserved,
    TooManyChanges,
    TotalMismatch,
    TransitionNotAllowed,
)
from inventory_domain.ids import OrderId
from inventory_domain.messages import Trace
from inventory_domain.money import MONEY_MAX, Money
from inventory_domain.order_messages import placed_messages, status_messages
from inventory_domain.order_requests import Actor, Details, Draft, OrderChange
from inventory_domain.orders import (
    HISTORY_LENGTH_MAX,
    NEXT,
    HistoryEntry,
    Order,
    OrderStatus,
    PaymentStatus,
    StockState,
)

__all__ = [
    "Actor",
    "Details",
    "Draft",
    "OrderChange",
    "as_placed",
    "cancel_order",
    "change_details",
    "change_status",
    "place_order",
]


def place_order(
    draft: Draft,
    *,
    order_id: OrderId,
    order_number: str,
    now: datetime,
    actor: Actor,
    trace: Trace = Trace(),
) -> OrderChange:
    """Turn *draft* into an order that asks for its stock.

    Raises:
        EmptyOrder: it has no lines.
        TotalMismatch: its stated total is not the sum of its lines.
        InvalidRequest: the sum is beyond ``MONEY_MAX``.
    """
    if not draft.lines:
        raise EmptyOrder
    total = Money(sum(line.amount for line in draft.lines))
    if total > MONEY_MAX:
        raise InvalidRequest(fields={"totalAmount": f"must be at most {MONEY_MAX // 100}"})
    if draft.total is not None and draft.total != total:
        raise TotalMismatch(stated=draft.total, computed=total)
    order = Order(
        order_id=order_id,
        order_number=order_number,
        user_id=draft.user_id,
        lines=draft.lines,
        total=total,
        shipping_address=draft.shipping_address,
        payment_method=draft.payment_method,
        created_at=now,
        updated_at=now,
        history=(HistoryEntry(at=now, actor=actor.subject, change="placed"),),
        idempotency=draft.idempotency,
    )
    return OrderChange(None, order, placed_messages(order, now, trace))


def as_placed(order: Order, draft: Draft) -> Order:
    """Return *order* as it was first answered for *draft*, whatever became of it since."""
    return attrs.evolve(
        order,
        status=OrderStatus.PENDING,
        stock_state=StockState.REQUESTED,
        refused_lines=(),
        shipping_address=draft.shipping_address,
        payment_status=PaymentStatus.PENDING,
        tracking_number=None,
        version=1,
        inventory_sequence=0,
        updated_at=order.created_at,
        cancelled_at=None,
        shipped_at=None,
        delivered_at=None,
        history=order.history[:1],
    )


_LEAVING = (OrderStatus.PROCESSING, OrderStatus.SHIPPED)


def change_status(
    order: Order,
    wanted: OrderStatus,
    *,
    now: datetime,
    actor: Actor,
    reason: str | None = None,
    trace: Trace = Trace(),
) -> OrderChange:
    """Move *order* to *wanted*; the status that it already has is a no-op.

    Raises:
        TransitionNotAllowed: the table has no such move.
        StockNotReserved: an order whose stock is not reserved does not leave the house.
    """
    if order.status is wanted:
        return OrderChange(order, order)
    allowed = NEXT[order.status]
    if wanted not in allowed:
        raise TransitionNotAllowed(
            order_id=order.order_id,
            current=order.status.label,
            wanted=wanted.label,
            allowed=tuple(status.label for status in sorted(allowed)),
        )
    is_reserved = order.stock_state is StockState.RESERVED
    if wanted in _LEAVING and not is_reserved:
        raise StockNotReserved(
            order_id=order.order_id, stock_state=order.stock_state, lines=order.refused_lines
        )
    delivered = wanted is OrderStatus.DELIVERED
    # A service may have given its stock back when it was on its way: then nothing is left to sell.
    sold = delivered and is_reserved
    entry = HistoryEntry(at=now, actor=actor.subject, change=wanted.name.lower(), reason=reason)
    after = order.changed(
        entry,
        status=wanted,
        stock_state=StockState.CONSUMED if sold else order.stock_state,
        shipped_at=now if wanted is OrderStatus.SHIPPED else order.shipped_at,
        delivered_at=now if delivered else order.delivered_at,
        cancelled_at=now if wanted is OrderStatus.CANCELLED else order.cancelled_at,
    )
    return OrderChange(order, after, status_messages(order, after, now, reason, trace))


def cancel_order(
    order: Order,
    *,
    now: datetime,
    actor: Actor,
    reason: str | None = None,
    trace: Trace = Trace(),
) -> OrderChange:
    """Cancel *order*; its owner can do so until it is shipped.

    Raises:
        CancelNotAllowed: it is shipped and *actor* is no admin.
        TransitionNotAllowed: it was delivered.
    """
    if order.status is OrderStatus.SHIPPED and not actor.is_admin:
        raise CancelNotAllowed(order_id=order.order_id, current=order.status.label)
    return change_status(
        order, OrderStatus.CANCELLED, now=now, actor=actor, reason=reason, trace=trace
    )


def change_details(order: Order, details: Details, *, now: datetime, actor: Actor) -> OrderChange:
    """Change what is not the status; what is the same already is a no-op.

    Raises:
        AddressFixed: it is the address of an order that is on its way, or ended.
        TooManyChanges: the history is full.
    """
    after = attrs.evolve(
        order,
        shipping_address=details.shipping_address or order.shipping_address,
        payment_status=details.payment_status or order.payment_status,
        tracking_number=details.tracking_number or order.tracking_number,
    )
    if after == order:
        return OrderChange(order, order)
    open_for_address = order.status in (OrderStatus.PENDING, OrderStatus.PROCESSING)
    if after.shipping_address != order.shipping_address and not open_for_address:
        raise AddressFixed(order_id=order.order_id, current=order.status.label)
    if len(order.history) >= HISTORY_LENGTH_MAX:
        raise TooManyChanges(order_id=order.order_id, count_max=HISTORY_LENGTH_MAX)
    changed = [
        name
        for name in ("shipping_address", "payment_status", "tracking_number")
        if getattr(after, name) != getattr(order, name)
    ]
    entry = HistoryEntry(at=now, actor=actor.subject, change=" ".join(changed))
    return OrderChange(order, after.changed(entry))
