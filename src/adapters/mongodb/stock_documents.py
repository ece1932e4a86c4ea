"""Products, reservations, movements and outbox entries as MongoDB holds them.

The domain's documents with BSON dates, and money in whole minor units (see
``order_documents``). Beside a product lie ``inStock`` and the texts by which it is found; beside
a reservation ``tick``, the number of the outbox entry that told of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.mongodb.access import Document
from inventory_domain.documents import read_record, record_document
from inventory_domain.queries import product_search_text
from inventory_domain.records import OutgoingRecord, byte_count
from inventory_domain.stock import Movement, Product, Reservation
from inventory_domain.stock_documents import (
    movement_document,
    product_document,
    read_movement,
    read_product,
    read_reservation,
    reservation_document,
)
from inventory_domain.times import format_time
from inventory_domain.writes import OutboxEntry

__all__ = [
    "entry_documents",
    "entry_from",
    "ledger_range",
    "movement_from",
    "new_movement",
    "product_fields",
    "product_from",
    "reservation_fields",
    "reservation_from",
]

_RECORDS_PER_ENTRY_MAX = 500
_BYTES_PER_ENTRY_MAX = 1024 * 1024
# More digits than a 64-bit integer has: then the order of the ids is that of the numbers.
_NUMBER_DIGITS = 19


def product_fields(product: Product) -> Document:
    """Return *product* as its document."""
    document = product_document(product)
    document["createdAt"] = product.created_at
    document["updatedAt"] = product.updated_at
    document["inStock"] = product.in_stock
    document["nameText"] = product.name.lower()
    document["skuText"] = (product.sku or "").lower()
    document["categoryText"] = product.category.lower()
    document["searchText"] = product_search_text(product)
    return document


def product_from(document: Mapping[str, Any]) -> Product:
    """Return the product that *document* holds."""
    return read_product(_with_texts(document, "createdAt", "updatedAt"))


def reservation_fields(reservation: Reservation, tick: int) -> Document:
    """Return *reservation* as its document."""
    document = reservation_document(reservation)
    document["updatedAt"] = reservation.updated_at
    document["tick"] = tick
    return document


def reservation_from(document: Mapping[str, Any]) -> Reservation:
    """Return the reservation that *document* holds."""
    return read_reservation(_with_texts(document, "updatedAt"))


def new_movement(movement: Movement) -> Document:
    """Return *movement* as its document; its ``_id`` sorts by product, then by number."""
    document = movement_document(movement)
    document["_id"] = f"{movement.product_id}#{movement.number:0{_NUMBER_DIGITS}d}"
    document["at"] = movement.at
    return document


def movement_from(document: Mapping[str, Any]) -> Movement:
    """Return the movement that *document* holds."""
    return read_movement(_with_texts(document, "at"))


def ledger_range(product_id: str) -> Document:
    """Return the filter for all movements of one product."""
    # An id never holds a "#", and "$" is the sign after it.
    return {"_id": {"$gt": f"{product_id}#", "$lt": f"{product_id}$"}}


def entry_documents(records: Sequence[OutgoingRecord], tick: int, writer: str) -> list[Document]:
    """Return the outbox entries of one commit; their ``_id`` sorts by *tick*, then in turn."""
    return [
        {
            "_id": f"{tick:016x}-{writer}-{number:06d}",
            "records": [record_document(record) for record in part],
        }
        for number, part in enumerate(_parts(records))
    ]


def entry_from(document: Mapping[str, Any]) -> OutboxEntry:
    """Return the entry that *document* holds."""
    records = tuple([read_record(record) for record in document["records"]])
    return OutboxEntry(document["_id"], records)


def _parts(records: Sequence[OutgoingRecord]) -> list[list[OutgoingRecord]]:
    """Cut *records* so that no document comes near the size that the database allows."""
    parts: list[list[OutgoingRecord]] = []
    size = 0
    for record in records:
        bytes_here = byte_count(record)
        full = size + bytes_here > _BYTES_PER_ENTRY_MAX
        if not parts or full or len(parts[-1]) >= _RECORDS_PER_ENTRY_MAX:
            parts.append([])
            size = 0
        parts[-1].append(record)
        size += bytes_here
    return parts


def _with_texts(document: Mapping[str, Any], *dates: str) -> Document:
    return {**document, **{name: format_time(document[name]) for name in dates}}
