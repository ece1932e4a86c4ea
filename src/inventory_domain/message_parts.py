"""What every message has: an envelope, a trace, lines; and the tag that names its shape."""

from datetime import datetime
from typing import Any, ClassVar

import attrs

from inventory_domain.ids import EventId, OrderId, ProductId
from inventory_domain.money import Money, to_number
from inventory_domain.times import format_time

__all__ = ["Document", "Message", "MessageLine", "OrderMessage", "Trace"]

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
