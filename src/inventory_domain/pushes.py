"""Pushes: what connected customers and admins are told when something happened."""

from datetime import datetime

from inventory_domain.messages import Document, OutcomeKind, OutcomeLine, StockOutcome
from inventory_domain.order_decisions import OrderChange
from inventory_domain.orders import Order, OrderStatus, StockState
from inventory_domain.times import format_time
from inventory_domain.views import order_view, refused_view
from inventory_domain.writes import Push

__all__ = [
    "ADMINS",
    "PRODUCTS",
    "alert_push",
    "order_pushes",
    "outcome_pushes",
    "rejection_alert",
    "stock_push",
    "user_room",
]

ADMINS = "admins"
PRODUCTS = "products"


def user_room(user_id: str) -> str:
    """Return the room of everybody who is signed in as *user_id*."""
    return f"user:{user_id}"


def order_pushes(change: OrderChange, *, now: datetime) -> list[Push]:
    """Return what is told of a change that somebody made to an order."""
    before, order = change.before, change.order
    if before is None:
        return [_push("order:created", order, now, f"Order {order.order_number} is placed.")]
    if before.status is order.status:
        return [_push("order:updated", order, now, f"Order {order.order_number} was changed.")]
    message = f"Order {order.order_number} is {order.status.label.lower()} now."
    moved = {"oldStatus": int(before.status), "newStatus": int(order.status)}
    pushes = [_push("order:status_changed", order, now, message, moved)]
    if order.status is OrderStatus.CANCELLED:
        pushes.append(_push("order:cancelled", order, now, message))
    if order.status is OrderStatus.DELIVERED:
        pushes.append(_push("order:completed", order, now, message))
    return pushes


def outcome_pushes(order: Order, outcome: StockOutcome, *, now: datetime) -> list[Push]:
    """Return what is told of what became of an order's stock; *order* is the one after it."""
    if outcome.kind is OutcomeKind.RESERVED:
        if order.stock_state is StockState.REJECTED:
            return _held_otherwise_pushes(order, now)
        lines = [_line(line) for line in outcome.lines]
        message = f"The stock for order {order.order_number} is reserved."
        return [_push("order:stock_reserved", order, now, message, {"lines": lines})]
    if outcome.kind is OutcomeKind.RELEASED:
        return _release_pushes(order, outcome, now)
    lines = [refused_view(line) for line in outcome.refused]
    more = {"lines": lines, "reason": _reason(outcome)}
    message = _refusal_text(order.order_number, outcome)
    return [
        _push("order:stock_rejected", order, now, message, more),
        rejection_alert(outcome, order.order_number, now=now),
    ]


def _held_otherwise_pushes(order: Order, now: datetime) -> list[Push]:
    reason = "reservation_held_with_other_items"
    message = f"Order {order.order_number} cannot be served: other items are reserved under its id."
    more: Document = {"lines": [], "reason": reason}
    return [
        _push("order:stock_rejected", order, now, message, more),
        alert_push("broken_invariant", reason, message, now=now, order_id=order.order_id),
    ]


def _release_pushes(order: Order, outcome: StockOutcome, now: datetime) -> list[Push]:
    if not outcome.lines:
        # It was rejected before, or cancelled before anything was reserved.
        message = f"Order {order.order_number} held no stock: there was none to give back."
        return [_push("order:updated", order, now, message)]
    message = f"The stock of order {order.order_number} was given back."
    pushes = [_push("order:updated", order, now, message)]
    if order.status in (OrderStatus.SHIPPED, OrderStatus.DELIVERED):
        # Whoever gave it back knew nothing of it: what is for sale again has left the house.
        units = ", ".join(f"{line.quantity} of {line.product_id}" for line in outcome.lines)
        alert = (
            f"{message[:-1]} when it was {order.status.label.lower()} already: {units} cannot be "
            "sold again. Write them off unless they come back."
        )
        pushes.append(
            alert_push(
                "broken_invariant",
                "released_after_shipping",
                alert,
                now=now,
                order_id=order.order_id,
            )
        )
    return pushes


def rejection_alert(outcome: StockOutcome, order_number: str, *, now: datetime) -> Push:
    """Return the alert that the order of *outcome* was rejected."""
    message = _refusal_text(order_number, outcome)
    return alert_push(
        "reservation_failed", _reason(outcome), message, now=now, order_id=outcome.order_id
    )


def _reason(outcome: StockOutcome) -> str:
    return outcome.reason or "insufficient_stock"


def _refusal_text(order_number: str, outcome: StockOutcome) -> str:
    parts = [
        f"{line.product_id} (wanted {line.wanted}, available {line.available})"
        if line.price is None
        else f"{line.product_id} (price is {line.price / 100:.2f} now)"
        for line in outcome.refused
    ]
    return f"Order {order_number} cannot be served: " + ", ".join(parts) + "."


def alert_push(
    kind: str,
    reason: str,
    message: str,
    *,
    now: datetime,
    order_id: str | None = None,
    topic: str | None = None,
) -> Push:
    """Return an alert for the admins."""
    payload: Document = {"kind": kind, "reason": reason, "message": message}
    if order_id is not None:
        payload["orderId"] = order_id
    if topic is not None:
        payload["topic"] = topic
    payload["timestamp"] = format_time(now)
    return Push("admin:alert", (ADMINS,), payload)


def stock_push(product_id: str, stock: int, *, now: datetime) -> Push:
    """Return the news of a product's stock, for everybody who watches products."""
    payload = {
        "productId": product_id,
        "stock": stock,
        "inStock": stock > 0,
        "timestamp": format_time(now),
    }
    return Push("product:stock_changed", (PRODUCTS,), payload)


def _line(line: OutcomeLine) -> Document:
    document = line.document()
    document["quantity"] = line.quantity
    return document


def _push(
    event: str,
    order: Order,
    now: datetime,
    message: str,
    more: Document | None = None,
) -> Push:
    payload: Document = {"order": order_view(order)}
    if more:
        payload.update(more)
    payload["message"] = message
    payload["timestamp"] = format_time(now)
    return Push(event, (user_room(order.user_id), ADMINS), payload)
