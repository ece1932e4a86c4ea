"""Messages between the services: typed values with stable tags, and their JSON documents.

A tag and a version name the shape of a document for ever. Readers ignore fields that they do
not know, so that producers may grow. How a message came to be is in ``order_messages`` and
``stock_workbench``; how documents become bytes is in ``codec``.
"""

from enum import StrEnum
from typing import ClassVar

import attrs

from inventory_domain import topics
from inventory_domain.ids import UserId
from inventory_domain.message_parts import Document, Message, MessageLine, OrderMessage, Trace
from inventory_domain.money import Money, to_number
from inventory_domain.orders import OrderStatus
from inventory_domain.stock_messages import (
    OutcomeKind,
    OutcomeLine,
    StockAdjusted,
    StockOutcome,
    refused_line_document,
)

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
        return self.kind

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
