"""What people and programs outside see: the public JSON shape of orders, products and stock.

HTTP answers and pushes show the same shapes. Keys are camelCase, ids are strings, money is a
number with two decimals, times are ISO 8601 in UTC with milliseconds.
"""

from datetime import datetime

from inventory_domain.errors import RefusedLine
from inventory_domain.messages import Document, refused_line_document
from inventory_domain.money import to_number
from inventory_domain.orders import NEXT, Address, HistoryEntry, Order, OrderLine, OrderStatus
from inventory_domain.stock import Movement, MovementKind, Product, Reservation
from inventory_domain.times import format_time

__all__ = [
    "history_view",
    "movement_view",
    "order_view",
    "product_view",
    "refused_view",
    "reservation_view",
    "status_views",
]


def order_view(order: Order) -> Document:
    """Return *order* as clients see it."""
    return {
        "_id": order.order_id,
        "orderNumber": order.order_number,
        "userId": order.user_id,
        "items": [_line_view(line) for line in order.lines],
        "totalAmount": to_number(order.total),
        "status": int(order.status),
        "statusLabel": order.status.label,
        "stockState": order.stock_state.value,
        "stockReasons": [refused_view(line) for line in order.refused_lines],
        "shippingAddress": _address_view(order.shipping_address),
        "paymentMethod": int(order.payment_method),
        "paymentStatus": int(order.payment_status),
        "trackingNumber": order.tracking_number,
        "version": order.version,
        "createdAt": format_time(order.created_at),
        "updatedAt": format_time(order.updated_at),
        "cancelledAt": _maybe_time(order.cancelled_at),
        "shippedAt": _maybe_time(order.shipped_at),
        "deliveredAt": _maybe_time(order.delivered_at),
    }


def _line_view(line: OrderLine) -> Document:
    return {
        "productId": line.product_id,
        "productName": line.product_name,
        "qty": line.quantity,
        "quantity": line.quantity,
        "price": to_number(line.price),
    }


def _address_view(address: Address) -> Document:
    return {
        "street": address.street,
        "city": address.city,
        "state": address.state,
        "zipCode": address.zip_code,
        "country": address.country,
    }


def _maybe_time(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)


def refused_view(line: RefusedLine) -> Document:
    """Return why a line was refused: wanted, available, in stock, reason."""
    return {**refused_line_document(line), "quantity": line.wanted}


def history_view(entry: HistoryEntry) -> Document:
    """Return one change of an order."""
    return {
        "at": format_time(entry.at),
        "actor": entry.actor,
        "change": entry.change,
        "reason": entry.reason,
    }


def product_view(product: Product) -> Document:
    """Return *product* as clients see it."""
    return {
        "_id": product.product_id,
        "name": product.name,
        "description": product.description,
        "price": to_number(product.price),
        "category": product.category,
        "brand": product.brand,
        "sku": product.sku,
        "tags": list(product.tags),
        "imageUrl": product.image_url,
        "stock": product.stock,
        "reserved": product.reserved,
        "inStock": product.in_stock,
        "isActive": product.is_active,
        "version": product.version,
        "createdAt": format_time(product.created_at),
        "updatedAt": format_time(product.updated_at),
    }


_STOCK_SIGN = {
    MovementKind.RECEIVED: 1,
    MovementKind.RELEASED: 1,
    MovementKind.RESERVED: -1,
    MovementKind.WRITTEN_OFF: -1,
    MovementKind.CONSUMED: 0,
}


def movement_view(movement: Movement) -> Document:
    """Return a ledger entry; ``qty`` is the number of units moved, ``change`` that of stock."""
    return {
        "_id": f"{movement.product_id}.{movement.number}",
        "productId": movement.product_id,
        "kind": movement.kind.value,
        "qty": movement.quantity,
        "quantity": movement.quantity,
        "change": _STOCK_SIGN[movement.kind] * movement.quantity,
        "balance": movement.stock_after,
        "reserved": movement.reserved_after,
        "orderId": movement.order_id,
        "reason": movement.reason,
        "actor": movement.actor,
        "at": format_time(movement.at),
    }


def reservation_view(reservation: Reservation) -> Document:
    """Return a reservation as the products service answers it."""
    return {
        "orderId": reservation.order_id,
        "orderNumber": reservation.order_number,
        "state": reservation.state.value,
        "items": [
            {"productId": line.product_id, "qty": line.quantity, "quantity": line.quantity}
            for line in reservation.lines
        ],
        "reasons": [refused_view(line) for line in reservation.refused],
        "updatedAt": format_time(reservation.updated_at),
    }


def status_views() -> list[Document]:
    """Return the statuses with their allowed moves, as data."""
    return [
        {
            "status": int(status),
            "label": status.label,
            "next": [int(wanted) for wanted in sorted(NEXT[status])],
            "nextLabels": [wanted.label for wanted in sorted(NEXT[status])],
            "final": not NEXT[status],
        }
        for status in OrderStatus
    ]
