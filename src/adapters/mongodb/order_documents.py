"""Orders as MongoDB holds them: the domain's document, with what the database needs beside it.

Instants are BSON dates. Money is whole minor units, as in the domain and in every other store:
exact in each tool and driver, summed by ``$sum``, with nothing to convert on the way.

Beside the order lie ``searchText``, in which it is searched; ``outbox``, the entries that wait
to be published, oldest first; ``pendingSince``, a tick, while there are any; and ``writes``, the
marks of the last saves, by which a writer knows its own again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.mongodb.access import Document
from inventory_domain.documents import order_document, read_order, read_record, record_document
from inventory_domain.orders import Order
from inventory_domain.queries import order_search_text
from inventory_domain.times import format_time
from inventory_domain.writes import OrderWrite, OutboxEntry

__all__ = [
    "WRITES_KEPT",
    "entry_order_id",
    "forget_entries",
    "new_order",
    "order_change",
    "order_from",
    "outbox_entries",
]

WRITES_KEPT = 16
"""How many saves may overtake a writer before it cannot tell any more whether its own arrived."""

_DATES = {
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "cancelledAt": "cancelled_at",
    "shippedAt": "shipped_at",
    "deliveredAt": "delivered_at",
}


def new_order(write: OrderWrite, tick: int) -> Document:
    """Return the document of an order that is stored for the first time, with its events."""
    document = _fields(write.order)
    entries = _new_entries(write)
    document["outbox"] = entries
    if entries:
        document["pendingSince"] = tick
    return document


def order_change(write: OrderWrite, tick: int, mark: str) -> Document:
    """Return the change that makes the stored order the one of *write* and adds its events."""
    fields = _fields(write.order)
    del fields["_id"]
    pushed: Document = {"writes": {"$each": [mark], "$slice": -WRITES_KEPT}}
    change: Document = {"$set": fields, "$push": pushed}
    entries = _new_entries(write)
    if entries:
        pushed["outbox"] = {"$each": entries}
        # What waits already keeps its place in the queue.
        change["$min"] = {"pendingSince": tick}
    return change


def order_from(document: Mapping[str, Any]) -> Order:
    """Return the order that *document* holds."""
    texts = {name: _text(document[name]) for name in _DATES}
    history = [{**entry, "at": format_time(entry["at"])} for entry in document["history"]]
    return read_order({**document, **texts, "history": history})


def outbox_entries(document: Mapping[str, Any]) -> list[OutboxEntry]:
    """Return what waits in the order's outbox, oldest first."""
    return [
        OutboxEntry(entry["id"], tuple([read_record(record) for record in entry["records"]]))
        for entry in document["outbox"]
    ]


def entry_order_id(entry_id: str) -> str:
    """Return the id of the order whose outbox has, or had, this entry."""
    return entry_id.rpartition("#")[0]


def forget_entries(entry_ids: Sequence[str]) -> list[Document]:
    """Return the pipeline that takes these entries out of an order's outbox."""
    published = {"$in": ["$$this.id", {"$literal": list(entry_ids)}]}
    rest = {"$filter": {"input": "$outbox", "cond": {"$not": [published]}}}
    # What is left keeps its place in the queue; an order with nothing left leaves it.
    since = {"$cond": [{"$eq": ["$outbox", []]}, "$$REMOVE", "$pendingSince"]}
    return [{"$set": {"outbox": rest}}, {"$set": {"pendingSince": since}}]


def _fields(order: Order) -> Document:
    document = order_document(order)
    for name, attribute in _DATES.items():
        document[name] = getattr(order, attribute)
    for entry, kept in zip(document["history"], order.history, strict=True):
        entry["at"] = kept.at
    document["searchText"] = order_search_text(order)
    return document


def _new_entries(write: OrderWrite) -> list[Document]:
    if not write.events:
        return []
    # A version is stored once, so that no other entry ever has this id.
    entry_id = f"{write.order.order_id}#{write.order.version}"
    return [{"id": entry_id, "records": [record_document(record) for record in write.events]}]


def _text(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)
