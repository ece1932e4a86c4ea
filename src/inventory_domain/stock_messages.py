"""Messages that tell what became of stock."""

from enum import StrEnum
from typing import ClassVar

import attrs

from inventory_domain import topics
from inventory_domain.errors import RefusedLine
from inventory_domain.ids import ProductId
from inventory_domain.message_parts import Document, Message, OrderMessage
from inventory_domain.money import to_number

__all__ = [
    "OutcomeKind",
    "OutcomeLine",
    "StockAdjusted",
    "StockOutcome",
    "refused_line_document",
]


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
    """Return a refused line as JSON data: wanted, available, in stock and why."""
    document: Document = {
        "productId": line.product_id,
        "qty": line.wanted,
        "wanted": line.wanted,
        "available": line.available,
        "stock": line.stock,
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
        return self.kind

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
