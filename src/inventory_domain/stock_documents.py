"""The documents in which products, reservations and movements are stored; see ``documents``."""

from collections.abc import Mapping
from typing import Any

from inventory_domain.documents import (
    DOCUMENT_VERSION,
    StoredDocument,
    check_version,
    read_record,
    read_refused_line,
    record_document,
    refused_line_document,
)
from inventory_domain.ids import EventId, OrderId, ProductId
from inventory_domain.money import Money
from inventory_domain.stock import (
    HeldLine,
    Movement,
    MovementKind,
    Product,
    Reservation,
    ReservationState,
)
from inventory_domain.times import format_time, parse_time

__all__ = [
    "movement_document",
    "product_document",
    "read_movement",
    "read_product",
    "read_reservation",
    "reservation_document",
]


def product_document(product: Product) -> StoredDocument:
    """Return *product* as its document."""
    return {
        "v": DOCUMENT_VERSION,
        "_id": product.product_id,
        "name": product.name,
        "description": product.description,
        "price": product.price,
        "category": product.category,
        "brand": product.brand,
        "sku": product.sku,
        "tags": list(product.tags),
        "imageUrl": product.image_url,
        "isActive": product.is_active,
        "stock": product.stock,
        "reserved": product.reserved,
        "received": product.received,
        "sold": product.sold,
        "writtenOff": product.written_off,
        "version": product.version,
        "createdAt": format_time(product.created_at),
        "updatedAt": format_time(product.updated_at),
    }


def read_product(document: Mapping[str, Any]) -> Product:
    """Return the product that *document* holds.

    Raises:
        ValueError: it is of another version.
    """
    check_version(document, "product")
    return Product(
        product_id=ProductId(document["_id"]),
        name=document["name"],
        description=document["description"],
        price=Money(document["price"]),
        category=document["category"],
        brand=document["brand"],
        sku=document["sku"],
        tags=tuple(document["tags"]),
        image_url=document["imageUrl"],
        is_active=document["isActive"],
        stock=document["stock"],
        reserved=document["reserved"],
        received=document["received"],
        sold=document["sold"],
        written_off=document["writtenOff"],
        version=document["version"],
        created_at=parse_time(document["createdAt"]),
        updated_at=parse_time(document["updatedAt"]),
    )


def reservation_document(reservation: Reservation) -> StoredDocument:
    """Return *reservation* as its document, with its last outcome byte for byte."""
    outcome = reservation.outcome
    return {
        "v": DOCUMENT_VERSION,
        "_id": reservation.order_id,
        "state": str(reservation.state),
        "items": [
            {"productId": line.product_id, "qty": line.quantity} for line in reservation.lines
        ],
        "orderNumber": reservation.order_number,
        "eventId": reservation.event_id,
        "redrives": reservation.redrives,
        "sequence": reservation.sequence,
        "outcome": None if outcome is None else record_document(outcome),
        "refused": [refused_line_document(line) for line in reservation.refused],
        "version": reservation.version,
        "updatedAt": format_time(reservation.updated_at),
    }


def read_reservation(document: Mapping[str, Any]) -> Reservation:
    """Return the reservation that *document* holds.

    Raises:
        ValueError: it is of another version.
    """
    check_version(document, "reservation")
    outcome = document["outcome"]
    return Reservation(
        order_id=OrderId(document["_id"]),
        state=ReservationState(document["state"]),
        lines=tuple(
            [
                HeldLine(product_id=ProductId(line["productId"]), quantity=line["qty"])
                for line in document["items"]
            ]
        ),
        order_number=document["orderNumber"],
        event_id=EventId(document["eventId"]),
        redrives=document["redrives"],
        sequence=document["sequence"],
        outcome=None if outcome is None else read_record(outcome),
        refused=tuple([read_refused_line(line) for line in document["refused"]]),
        version=document["version"],
        updated_at=parse_time(document["updatedAt"]),
    )


def movement_document(movement: Movement) -> StoredDocument:
    """Return *movement* as its document; its ``_id`` is the product's id and its number."""
    return {
        "v": DOCUMENT_VERSION,
        "_id": f"{movement.product_id}#{movement.number}",
        "productId": movement.product_id,
        "number": movement.number,
        "kind": str(movement.kind),
        "qty": movement.quantity,
        "stockAfter": movement.stock_after,
        "reservedAfter": movement.reserved_after,
        "orderId": movement.order_id,
        "reason": movement.reason,
        "actor": movement.actor,
        "at": format_time(movement.at),
    }


def read_movement(document: Mapping[str, Any]) -> Movement:
    """Return the movement that *document* holds.

    Raises:
        ValueError: it is of another version.
    """
    check_version(document, "movement")
    order_id = document["orderId"]
    return Movement(
        product_id=ProductId(document["productId"]),
        number=document["number"],
        kind=MovementKind(document["kind"]),
        quantity=document["qty"],
        stock_after=document["stockAfter"],
        reserved_after=document["reservedAfter"],
        order_id=None if order_id is None else OrderId(order_id),
        reason=document["reason"],
        actor=document["actor"],
        at=parse_time(document["at"]),
    )
