"""Reading message documents: every fault named, unknown fields ignored."""

from decimal import Decimal

import attrs

from inventory_domain.errors import BrokenMessage, RefusedLine
from inventory_domain.ids import EventId, OrderId, ProductId, id_fault, is_id
from inventory_domain.messages import (
    Document,
    MessageLine,
    OutcomeKind,
    OutcomeLine,
    StockAdjusted,
    StockOutcome,
    Trace,
)
from inventory_domain.money import parse_money
from inventory_domain.records import Record, header
from inventory_domain.times import parse_time

__all__ = [
    "LINE_COUNT_MAX",
    "QUANTITY_MAX",
    "broken",
    "read_adjusted",
    "read_event_id",
    "read_lines",
    "read_outcome",
    "read_text",
    "read_trace",
]

LINE_COUNT_MAX = 100
QUANTITY_MAX = 1_000_000

# What is told again of a message, in its outcome and in the ledger, must stay publishable.
_TEXT_LENGTH_MAX = 500
_EVENT_ID_LENGTH_MAX = 256
_TRACE_LENGTH_MAX = 128

# The largest whole number that every store can hold.
_NUMBER_MAX = 2**63 - 1

_NO_TRACE = Trace()


def broken(reason: str) -> BrokenMessage:
    """Return the refusal of a message that can never be processed."""
    return BrokenMessage(reason=reason)


def read_lines(items: object) -> tuple[MessageLine, ...]:
    """Read the ``items`` of a message; two lines of one product at one price are added up.

    Raises:
        BrokenMessage: there are none, too many, or one is not as it must be.
    """
    if not isinstance(items, list) or not items:
        raise broken("items must be a list with at least one line")
    if len(items) > LINE_COUNT_MAX:
        raise broken(f"items has {len(items)} lines, at most {LINE_COUNT_MAX} are allowed")
    lines: dict[ProductId, MessageLine] = {}
    for position, item in enumerate(items):
        line = _read_line(item, position)
        same = lines.get(line.product_id)
        if same is not None:
            if same.price != line.price:
                raise broken(f"items names {line.product_id} twice with different prices")
            line = attrs.evolve(same, quantity=same.quantity + line.quantity)
            if line.quantity > QUANTITY_MAX:
                raise broken(f"items[{position}]: more than {QUANTITY_MAX} of {line.product_id}")
        lines[line.product_id] = line
    return tuple(lines.values())


def _read_line(item: object, position: int) -> MessageLine:
    if not isinstance(item, dict):
        raise broken(f"items[{position}] must be an object")
    product_id = item.get("productId")
    if not is_id(product_id):
        raise broken(f"items[{position}].productId {id_fault(product_id)}")
    quantity, other = item.get("qty"), item.get("quantity")
    if quantity is None:
        quantity, other = other, None
    # Nearly every line has one plain number; what else there may be is looked at if it has not.
    if type(quantity) is not int or not 1 <= quantity <= QUANTITY_MAX or other is not None:
        quantity = _read_quantity(item, f"items[{position}].")
    price = item.get("price")
    try:
        amount = None if price is None else parse_money(price)
    except ValueError as fault_of_price:
        raise broken(f"items[{position}].price {fault_of_price}") from None
    return MessageLine(
        product_id=ProductId(str(product_id)),
        quantity=quantity,
        price=amount,
        product_name=read_text(item.get("productName")),
    )


def _read_quantity(item: Document, path: str) -> int:
    """Return ``qty``, or ``quantity``, which is the same by another name; null is as absent."""
    names = [name for name in ("qty", "quantity") if item.get(name) is not None] or ["qty"]
    found = {_quantity(item.get(name), path + name) for name in names}
    if len(found) > 1:
        raise broken(f"{path}quantity differs from qty: send one of them")
    return found.pop()


def _quantity(value: object, name: str) -> int:
    # 2.0 and 2e0 are as good as 2. The range comes first: a conversion of a number with a large
    # exponent would take for ever.
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        whole = int(value) if 1 <= value <= QUANTITY_MAX else 0
        if whole and whole == value:
            return whole
    raise broken(f"{name} must be a whole number from 1 to {QUANTITY_MAX}")


def read_text(value: object) -> str:
    """Return *value* if it is a string, cut off where it is too long, else an empty one.

    JSON can name half of a surrogate pair, which no store and no message can hold again: each
    becomes a question mark.
    """
    if not isinstance(value, str):
        return ""
    text = value[:_TEXT_LENGTH_MAX]
    return text if text.isascii() else text.encode(errors="replace").decode()


def read_event_id(record: Record, document: Document, fallback: str) -> EventId:
    """Return the id of the event, or *fallback*.

    Raises:
        BrokenMessage: it is too long to be one.
    """
    # A plain producer sends no event id: then the same request again is the same event.
    event_id = read_text(document.get("eventId")) or header(record.headers, "event-id") or fallback
    if len(event_id) > _EVENT_ID_LENGTH_MAX:
        raise broken(f"eventId must have at most {_EVENT_ID_LENGTH_MAX} characters")
    return EventId(event_id)


def read_trace(record: Record, document: Document) -> Trace:
    """Return what ties the message to the call that caused it; what is absurd does not."""
    correlation_id = header(record.headers, "correlation-id")
    correlation_id = correlation_id or read_text(document.get("correlationId"))
    traceparent = header(record.headers, "traceparent")
    if not correlation_id and traceparent is None:
        return _NO_TRACE
    return Trace(correlation_id=_trace_part(correlation_id), traceparent=_trace_part(traceparent))


def _trace_part(text: str | None) -> str | None:
    return text if text and len(text) <= _TRACE_LENGTH_MAX else None


def read_adjusted(document: Document, record: Record) -> StockAdjusted:
    """Read a restock or write-off; a fault is whatever error reading a bad value raises."""
    return StockAdjusted(
        event_id=EventId(read_text(document["eventId"])),
        occurred_at=parse_time(document["occurredAt"]),
        trace=read_trace(record, document),
        product_id=ProductId(_id(document["productId"])),
        quantity=_whole(document["qty"], low=-_NUMBER_MAX),
        stock=_whole(document["stock"]),
        stock_version=_whole(document["stockVersion"]),
        reason=read_text(document.get("reason")),
    )


def read_outcome(kind: OutcomeKind, document: Document, record: Record) -> StockOutcome:
    """Read an outcome; a fault is whatever error reading a bad value raises."""
    items = document["items"]
    rejected = kind is OutcomeKind.REJECTED
    return StockOutcome(
        event_id=EventId(read_text(document["eventId"])),
        occurred_at=parse_time(document["occurredAt"]),
        trace=read_trace(record, document),
        order_id=OrderId(_id(document["orderId"])),
        order_number=read_text(document.get("orderNumber")),
        kind=kind,
        sequence=_whole(document["sequence"]),
        lines=() if rejected else tuple(map(_read_outcome_line, items)),
        refused=tuple(map(_read_refused_line, items)) if rejected else (),
        reason=read_text(document.get("reason")) or None,
    )


def _read_outcome_line(item: Document) -> OutcomeLine:
    return OutcomeLine(
        product_id=ProductId(_id(item["productId"])),
        quantity=_whole(item["qty"]),
        stock=_whole(item["stock"]),
        stock_version=_whole(item["stockVersion"]),
    )


def _read_refused_line(item: Document) -> RefusedLine:
    price, stock = item.get("price"), item.get("stock")
    available = _whole(item["available"])
    return RefusedLine(
        product_id=ProductId(_id(item["productId"])),
        wanted=_whole(item["wanted"]),
        available=available,
        stock=available if stock is None else _whole(stock),
        reason=read_text(item["reason"]),
        price=None if price is None else parse_money(price),
    )


def _whole(value: object, low: int = 0) -> int:
    # No conversion: that of a number with a large exponent would take for ever.
    if type(value) is not int or not low <= value <= _NUMBER_MAX:
        raise ValueError(f"{value!r} is no whole number that can be stored")
    return value


def _id(value: object) -> str:
    fault = id_fault(value)
    if fault is not None:
        raise ValueError(f"id {fault}")
    return str(value)
