"""Messages between the services: typed values with stable tags, and their JSON documents.

A tag and a version name the shape of a document for ever. Readers ignore fields that they do
not know, so that producers may grow. How a message came to be is in ``order_decisions`` and
``stock_decisions``; how documents become bytes is in ``codec``.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import attrs

from inventory_domain import topics
from inventory_domain.errors import RefusedLine
from inventory_domain.ids import EventId, OrderId, ProductId, UserId
from inventory_domain.money import Money, to_number
from inventory_domain.orders import OrderStatus
from inventory_domain.times import format_time

__all__ = [
    "Document",
    "Message",
    "MessageLine",
    "OrderFact",
    "OrderFactKind",
    "OutcomeKind",
    "OutcomeLine",
    "ReleaseRequest",
    "ReserveRequest",
    "StockAdjusted",
    "StockOutcome",
    "Trace",
    "refused_line_document",
]

Document = dict[str, Any]


@attrs.frozen(kw_only=True)
class Trace:
    """What ties a message to the call that caused it."""

    correlation_id: str | None = None
    traceparent: str | None = None


@attrs.frozen(kw_only=True)
class MessageLine:
    """One product in a message; without a price the price is not checked."""

    product_id: ProductId
    quantity: int
    price: Money | None = None
    product_name: str = ""

    def document(self) -> Document:
        """Return the line as JSON data."""
        document: Document = {"productId": self.product_id, "qty": self.quantity}
        if self.price is not None:
            document["price"] = to_number(self.price)
        if self.product_name:
            document["productName"] = self.product_name
        return document


@attrs.frozen(kw_only=True)
class Message:
    """What every message carries."""

    VERSION: ClassVar[int] = 1

    event_id: EventId
    occurred_at: datetime
    trace: Trace = Trace()

    @property
    def tag(self) -> str:
        """The stable name of the message's shape, ``eventType`` on the wire."""
        raise NotImplementedError

    @property
    def topic(self) -> str:
        """The topic it goes to."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """The partition key."""
        raise NotImplementedError

    def body(self) -> Document:
        """Return the fields that only this kind of message has."""
        raise NotImplementedError

    def document(self) -> Document:
        """Return the whole message as JSON data."""
        document: Document = {"eventType": self.tag, "eventId": self.event_id}
        document.update(self.body())
        document["occurredAt"] = format_time(self.occurred_at)
        if self.trace.correlation_id is not None:
            document["correlationId"] = self.trace.correlation_id
        return document


@attrs.frozen(kw_only=True)
class OrderMessage(Message):
    """A message about one order, keyed by it."""

    order_id: OrderId
    order_number: str = ""

    @property
    def key(self) -> str:
        return self.order_id

    def identity(self) -> Document:
        """Return the fields that name the order."""
        return {"orderId": self.order_id, "orderNumber": self.order_number}


class OrderFactKind(StrEnum):
    """What happened to an order; the value is the tag on the wire."""

    CREATED = "ORDER_CREATED"
    STATUS_CHANGED = "ORDER_STATUS_CHANGED"
    CANCELLED = "ORDER_CANCELLED"
    COMPLETED = "ORDER_COMPLETED"


_FACT_TOPICS = {
    OrderFactKind.CREATED: topics.ORDER_CREATED,
    OrderFactKind.STATUS_CHANGED: topics.ORDER_STATUS_CHANGED,
    OrderFactKind.CANCELLED: topics.ORDER_CANCELLED,
    OrderFactKind.COMPLETED: topics.ORDER_COMPLETED,
}


@attrs.frozen(kw_only=True)
class OrderFact(OrderMessage):
    """Something happened to an order."""

    kind: OrderFactKind
    user_id: UserId
    lines: tuple[MessageLine, ...]
    total: Money
    status: OrderStatus
    old_status: OrderStatus | None = None
    reason: str | None = None

    @property
    def tag(self) -> str:
        return self.kind.value

    @property
    def topic(self) -> str:
        return _FACT_TOPICS[self.kind]

    def body(self) -> Document:
        document = self.identity()
        document["userId"] = self.user_id
        document["items"] = [line.document() for line in self.lines]
        document["totalAmount"] = to_number(self.total)
        document["status"] = int(self.status)
        if self.old_status is not None:
            document["oldStatus"] = int(self.old_status)
            document["newStatus"] = int(self.status)
        if self.reason is not None:
            document["reason"] = self.reason
        return document


@attrs.frozen(kw_only=True)
class ReserveRequest(OrderMessage):
    """Take all lines of an order from the stock, or none."""

    TAG: ClassVar[str] = "STOCK_RESERVE_REQUEST"
    lines: tuple[MessageLine, ...]

    @property
    def tag(self) -> str:
        return self.TAG

    @property
    def topic(self) -> str:
        return topics.INVENTORY_RESERVE

    def body(self) -> Document:
        return {**self.identity(), "items": [line.document() for line in self.lines]}


@attrs.frozen(kw_only=True)
class ReleaseRequest(OrderMessage):
    """Give back what an order holds."""

    TAG: ClassVar[str] = "STOCK_RELEASE_REQUEST"
    reason: str
    lines: tuple[MessageLine, ...] = ()

    @property
    def tag(self) -> str:
        return self.TAG

    @property
    def topic(self) -> str:
        return topics.INVENTORY_RELEASE

    def body(self) -> Document:
        items = [line.document() for line in self.lines]
        return {**self.identity(), "reason": self.reason, "items": items}


class OutcomeKind(StrEnum):
    """How a request about stock ended; the value is the tag on the wire."""

    RESERVED = "STOCK_RESERVED"
    REJECTED = "STOCK_REJECTED"
    RELEASED = "STOCK_RELEASED"


_OUTCOME_TOPICS = {
    OutcomeKind.RESERVED: topics.INVENTORY_RESERVED,
    OutcomeKind.REJECTED: topics.INVENTORY_REJECTED,
    OutcomeKind.RELEASED: topics.INVENTORY_RELEASED,
}


@attrs.frozen(kw_only=True)
class OutcomeLine:
    """One line of an outcome with the product's stock after it.

    ``stock_version`` orders what is said of one product's stock, across all messages.
    """

    product_id: ProductId
    quantity: int
    stock: int
    stock_version: int

    def document(self) -> Document:
        """Return the line as JSON data."""
        return {
            "productId": self.product_id,
            "qty": self.quantity,
            "stock": self.stock,
            "stockVersion": self.stock_version,
        }


def refused_line_document(line: RefusedLine) -> Document:
    """Return a refused line as JSON data: wanted, available and why."""
    document: Document = {
        "productId": line.product_id,
        "qty": line.wanted,
        "wanted": line.wanted,
        "available": line.available,
        "stock": line.available,
        "reason": line.reason,
    }
    if line.price is not None:
        document["price"] = to_number(line.price)
    return document


@attrs.frozen(kw_only=True)
class StockOutcome(OrderMessage):
    """What became of an order's stock; ``sequence`` counts an order's outcomes from 1.

    A rejected one has *refused* lines and a *reason* (``insufficient_stock`` or
    ``price_changed``), the others have *lines*.
    """

    kind: OutcomeKind
    sequence: int
    lines: tuple[OutcomeLine, ...] = ()
    refused: tuple[RefusedLine, ...] = ()
    reason: str | None = None

    @property
    def tag(self) -> str:
        return self.kind.value

    @property
    def topic(self) -> str:
        return _OUTCOME_TOPICS[self.kind]

    def body(self) -> Document:
        document = self.identity()
        document["sequence"] = self.sequence
        if self.kind is OutcomeKind.REJECTED:
            document["items"] = [refused_line_document(line) for line in self.refused]
        else:
            document["items"] = [line.document() for line in self.lines]
        if self.reason is not None:
            document["reason"] = self.reason
        return document


@attrs.frozen(kw_only=True)
class StockAdjusted(Message):
    """A restock or a write-off; *quantity* is the signed change."""

    TAG: ClassVar[str] = "STOCK_ADJUSTED"
    product_id: ProductId
    quantity: int
    stock: int
    stock_version: int
    reason: str = ""

    @property
    def tag(self) -> str:
        return self.TAG

    @property
    def topic(self) -> str:
        return topics.INVENTORY_ADJUSTED

    @property
    def key(self) -> str:
        return self.product_id

    def body(self) -> Document:
        return {
            "productId": self.product_id,
            "qty": self.quantity,
            "stock": self.stock,
            "stockVersion": self.stock_version,
            "reason": self.reason,
        }
