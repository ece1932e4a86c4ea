"""The documents in which orders and records are stored: plain JSON data, and back.

A document says its version (``"v"``), holds money in minor units and instants as ISO 8601
text, and has ``_id`` for its identity. Reading what was written gives an equal value. How
documents become bytes or rows is each store's own affair; ``stock_documents`` has the others.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from inventory_domain.errors import RefusedLine
from inventory_domain.ids import OrderId, ProductId, UserId
from inventory_domain.money import Money
from inventory_domain.orders import (
    Address,
    HistoryEntry,
    IdempotencyKey,
    Order,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    PaymentStatus,
    StockState,
)
from inventory_domain.records import OutgoingRecord
from inventory_domain.times import format_time, parse_time

__all__ = [
    "DOCUMENT_VERSION",
    "StoredDocument",
    "check_version",
    "order_document",
    "read_order",
    "read_record",
    "read_refused_line",
    "record_document",
    "refused_line_document",
]

StoredDocument = dict[str, Any]

DOCUMENT_VERSION = 1


def check_version(document: Mapping[str, Any], kind: str) -> None:
    """Refuse a document of a shape that this program does not know.

    Raises:
        ValueError: the text names the document and its version.
    """
    version = document.get("v")
    if version != DOCUMENT_VERSION:
        raise ValueError(
            f"{kind} {document.get('_id')} is stored in version {version!r}, this program reads "
            f"version {DOCUMENT_VERSION}: run the newer program that wrote it"
        )


def order_document(order: Order) -> StoredDocument:
    """Return *order* as its document."""
    key = order.idempotency
    return {
        "v": DOCUMENT_VERSION,
        "_id": order.order_id,
        "orderNumber": order.order_number,
        "userId": order.user_id,
        "items": [_line_document(line) for line in order.lines],
        "totalAmount": order.total,
        "status": order.status.value,
        "stockState": order.stock_state.value,
        "refused": [refused_line_document(line) for line in order.refused_lines],
        "shippingAddress": _address_document(order.shipping_address),
        "paymentMethod": order.payment_method.value,
        "paymentStatus": order.payment_status.value,
        "trackingNumber": order.tracking_number,
        "version": order.version,
        "inventorySequence": order.inventory_sequence,
        "createdAt": format_time(order.created_at),
        "updatedAt": format_time(order.updated_at),
        "cancelledAt": _optional_time(order.cancelled_at),
        "shippedAt": _optional_time(order.shipped_at),
        "deliveredAt": _optional_time(order.delivered_at),
        "history": [_entry_document(entry) for entry in order.history],
        "idempotency": None
        if key is None
        else {"subject": key.subject, "key": key.key, "fingerprint": key.fingerprint},
    }


def read_order(document: Mapping[str, Any]) -> Order:
    """Return the order that *document* holds.

    Raises:
        ValueError: it is of another version.
    """
    check_version(document, "order")
    key = document["idempotency"]
    return Order(
        order_id=OrderId(document["_id"]),
        order_number=document["orderNumber"],
        user_id=UserId(document["userId"]),
        lines=tuple([_read_line(line) for line in document["items"]]),
        total=Money(document["totalAmount"]),
        status=OrderStatus(document["status"]),
        stock_state=StockState(document["stockState"]),
        refused_lines=tuple([read_refused_line(line) for line in document["refused"]]),
        shipping_address=_read_address(document["shippingAddress"]),
        payment_method=PaymentMethod(document["paymentMethod"]),
        payment_status=PaymentStatus(document["paymentStatus"]),
        tracking_number=document["trackingNumber"],
        version=document["version"],
        inventory_sequence=document["inventorySequence"],
        created_at=parse_time(document["createdAt"]),
        updated_at=parse_time(document["updatedAt"]),
        cancelled_at=_read_optional_time(document["cancelledAt"]),
        shipped_at=_read_optional_time(document["shippedAt"]),
        delivered_at=_read_optional_time(document["deliveredAt"]),
        history=tuple([_read_entry(entry) for entry in document["history"]]),
        idempotency=None
        if key is None
        else IdempotencyKey(
            subject=UserId(key["subject"]), key=key["key"], fingerprint=key["fingerprint"]
        ),
    )


def refused_line_document(line: RefusedLine) -> StoredDocument:
    """Return a refused line as its part of a document."""
    document = {
        "productId": line.product_id,
        "wanted": line.wanted,
        "available": line.available,
        "reason": line.reason,
        "price": line.price,
    }
    if line.stock != line.available:
        document["stock"] = line.stock
    return document


def read_refused_line(document: Mapping[str, Any]) -> RefusedLine:
    """Return the refused line that this part of a document holds."""
    price = document["price"]
    return RefusedLine(
        product_id=ProductId(document["productId"]),
        wanted=document["wanted"],
        available=document["available"],
        stock=document.get("stock", document["available"]),
        reason=document["reason"],
        price=None if price is None else Money(price),
    )


def record_document(record: OutgoingRecord) -> StoredDocument:
    """Return *record* as its document; its bytes come back exactly as they are."""
    return {
        "v": DOCUMENT_VERSION,
        "topic": record.topic,
        "key": _bytes_document(record.key),
        "value": _bytes_document(record.value),
        "headers": [[name, _bytes_document(value)] for name, value in record.headers],
    }


def read_record(document: Mapping[str, Any]) -> OutgoingRecord:
    """Return the record that *document* holds.

    Raises:
        ValueError: it is of another version.
    """
    check_version(document, "record")
    return OutgoingRecord(
        document["topic"],
        _read_bytes(document["key"]),
        _read_bytes(document["value"]),
        tuple([(name, _read_bytes(value) or b"") for name, value in document["headers"]]),
    )


def _bytes_document(value: bytes | None) -> str | StoredDocument | None:
    # Nearly all bytes here are JSON text, which people should be able to read in the store;
    # UTF-8 decodes one way only, so the text gives the same bytes back.
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode("ascii")}


def _read_bytes(document: str | Mapping[str, Any] | None) -> bytes | None:
    if document is None:
        return None
    if isinstance(document, str):
        return document.encode()
    return base64.b64decode(document["base64"])


def _line_document(line: OrderLine) -> StoredDocument:
    return {
        "productId": line.product_id,
        "productName": line.product_name,
        "qty": line.quantity,
        "price": line.price,
    }


def _read_line(document: Mapping[str, Any]) -> OrderLine:
    return OrderLine(
        product_id=ProductId(document["productId"]),
        product_name=document["productName"],
        quantity=document["qty"],
        price=Money(document["price"]),
    )


def _address_document(address: Address) -> StoredDocument:
    return {
        "street": address.street,
        "city": address.city,
        "state": address.state,
        "zipCode": address.zip_code,
        "country": address.country,
    }


def _read_address(document: Mapping[str, Any]) -> Address:
    return Address(
        street=document["street"],
        city=document["city"],
        state=document["state"],
        zip_code=document["zipCode"],
        country=document["country"],
    )


def _entry_document(entry: HistoryEntry) -> StoredDocument:
    return {
        "at": format_time(entry.at),
        "actor": entry.actor,
        "change": entry.change,
        "reason": entry.reason,
    }


def _read_entry(document: Mapping[str, Any]) -> HistoryEntry:
    return HistoryEntry(
        at=parse_time(document["at"]),
        actor=document["actor"],
        change=document["change"],
        reason=document["reason"],
    )


def _optional_time(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)


def _read_optional_time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
