"""Between messages and records: writing them, and reading them with every fault named."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import attrs

from inventory_domain.errors import BrokenMessage, RefusedLine
from inventory_domain.ids import EventId, OrderId, ProductId, id_fault
from inventory_domain.messages import (
    Document,
    Message,
    MessageLine,
    OrderFactKind,
    OutcomeKind,
    OutcomeLine,
    ReleaseRequest,
    ReserveRequest,
    StockAdjusted,
    StockOutcome,
    Trace,
)
from inventory_domain.money import parse_money
from inventory_domain.records import OutgoingRecord, Record, header, text_headers
from inventory_domain.times import parse_time

__all__ = [
    "LINE_COUNT_MAX",
    "MESSAGE_BYTES_MAX",
    "QUANTITY_MAX",
    "REDRIVE_COUNT_HEADER",
    "Codec",
    "OrderCompletion",
    "read_lines",
]

MESSAGE_BYTES_MAX = 256 * 1024
LINE_COUNT_MAX = 100
QUANTITY_MAX = 1_000_000
REDRIVE_COUNT_HEADER = "redrive-count"


def _compact(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


_exact_json = partial(json.loads, parse_float=Decimal)


@attrs.frozen(kw_only=True)
class OrderCompletion:
    """An order was delivered: what its reservation holds is sold."""

    event_id: EventId
    order_id: OrderId
    trace: Trace = Trace()


def _broken(reason: str) -> BrokenMessage:
    return BrokenMessage(reason=reason)


def read_lines(items: object) -> tuple[MessageLine, ...]:
    """Read the ``items`` of a message; two lines of one product at one price are added up.

    Raises:
        BrokenMessage: there are none, too many, or one is not as it must be.
    """
    if not isinstance(items, list) or not items:
        raise _broken("items must be a list with at least one line")
    if len(items) > LINE_COUNT_MAX:
        raise _broken(f"items has {len(items)} lines, at most {LINE_COUNT_MAX} are allowed")
    lines: dict[ProductId, MessageLine] = {}
    for position, item in enumerate(items):
        line = _read_line(item, position)
        same = lines.get(line.product_id)
        if same is not None:
            if same.price != line.price:
                raise _broken(f"items names {line.product_id} twice with different prices")
            line = attrs.evolve(same, quantity=same.quantity + line.quantity)
            if line.quantity > QUANTITY_MAX:
                raise _broken(f"items[{position}]: more than {QUANTITY_MAX} of {line.product_id}")
        lines[line.product_id] = line
    return tuple(lines.values())


def _read_line(item: object, position: int) -> MessageLine:
    if not isinstance(item, Mapping):
        raise _broken(f"items[{position}] must be an object")
    product_id = item.get("productId")
    fault = id_fault(product_id)
    if fault is not None:
        raise _broken(f"items[{position}].productId {fault}")
    quantity = item.get("qty", item.get("quantity"))
    if type(quantity) is not int or not 1 <= quantity <= QUANTITY_MAX:
        raise _broken(f"items[{position}].qty must be a whole number from 1 to {QUANTITY_MAX}")
    price = item.get("price")
    try:
        amount = None if price is None else parse_money(price)
    except ValueError as fault_of_price:
        raise _broken(f"items[{position}].price {fault_of_price}") from None
    name = item.get("productName")
    return MessageLine(
        product_id=ProductId(str(product_id)),
        quantity=quantity,
        price=amount,
        product_name=name if isinstance(name, str) else "",
    )


@attrs.frozen
class Codec:
    """Writes messages and reads records; *dumps* and *loads* may be any exact JSON library.

    *loads* must give ``Decimal`` for numbers with a fraction, so that money stays exact.
    """

    dumps: Callable[[Any], bytes] = _compact
    loads: Callable[[bytes], Any] = _exact_json

    def record(self, message: Message) -> OutgoingRecord:
        """Write *message* as a record for its topic."""
        headers = text_headers(
            (
                ("event-type", message.tag),
                ("event-version", message.VERSION),
                ("event-id", message.event_id),
                ("correlation-id", message.trace.correlation_id),
                ("traceparent", message.trace.traceparent),
            )
        )
        value = self.dumps(message.document())
        return OutgoingRecord(message.topic, message.key.encode(), value, headers)

    def read_request(self, record: Record) -> ReserveRequest | ReleaseRequest | OrderCompletion:
        """Read what the products service consumes.

        Raises:
            BrokenMessage: it can never be processed; the text says why.
        """
        document, order_id, trace = self._open(record)
        tag = document.get("eventType")
        event_id = _event_id(record, document, f"{tag}:{order_id}")
        if tag == ReserveRequest.TAG:
            return ReserveRequest(
                event_id=event_id,
                occurred_at=record.timestamp,
                trace=trace,
                order_id=order_id,
                order_number=_text(document.get("orderNumber")),
                lines=read_lines(document.get("items")),
            )
        if tag == ReleaseRequest.TAG:
            return ReleaseRequest(
                event_id=event_id,
                occurred_at=record.timestamp,
                trace=trace,
                order_id=order_id,
                order_number=_text(document.get("orderNumber")),
                reason=_text(document.get("reason")) or "UNSPECIFIED",
            )
        if tag == OrderFactKind.COMPLETED:
            return OrderCompletion(event_id=event_id, order_id=order_id, trace=trace)
        raise _broken(f"unknown eventType {tag!r} in {record.topic}")

    def read_outcome(self, record: Record) -> StockOutcome | StockAdjusted:
        """Read what the orders service consumes.

        Raises:
            BrokenMessage: it can never be processed; the text says why.
        """
        document = self._document(record)
        tag = document.get("eventType")
        try:
            if tag == StockAdjusted.TAG:
                return _read_adjusted(document, record)
            return _read_outcome(OutcomeKind(str(tag)), document, record)
        except BrokenMessage:
            raise
        except (KeyError, TypeError, ValueError) as fault:
            raise _broken(f"{tag!r} in {record.topic} is not well formed: {fault!r}") from fault

    def _open(self, record: Record) -> tuple[Document, OrderId, Trace]:
        document = self._document(record)
        order_id = document.get("orderId")
        fault = id_fault(order_id)
        if fault is not None:
            raise _broken(f"orderId {fault}")
        if record.key is not None and record.key != str(order_id).encode():
            raise _broken("the record's key is not its orderId, so its place in line is lost")
        return document, OrderId(str(order_id)), _trace(record, document)

    def _document(self, record: Record) -> Document:
        value = record.value or b""
        if len(value) > MESSAGE_BYTES_MAX:
            raise _broken(f"{len(value)} bytes are more than the {MESSAGE_BYTES_MAX} allowed")
        try:
            document = self.loads(value)
        except (ValueError, RecursionError) as fault:
            raise _broken(f"not JSON: {fault}") from fault
        if not isinstance(document, dict):
            raise _broken("the JSON value must be an object")
        return document


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _event_id(record: Record, document: Document, fallback: str) -> EventId:
    # A plain producer sends no event id: then the same request again is the same event.
    return EventId(_text(document.get("eventId")) or header(record.headers, "event-id") or fallback)


def _trace(record: Record, document: Document) -> Trace:
    if not record.headers and "correlationId" not in document:
        return Trace()
    correlation_id = header(record.headers, "correlation-id")
    return Trace(
        correlation_id=correlation_id or _text(document.get("correlationId")) or None,
        traceparent=header(record.headers, "traceparent"),
    )


def _read_adjusted(document: Document, record: Record) -> StockAdjusted:
    return StockAdjusted(
        event_id=EventId(str(document["eventId"])),
        occurred_at=parse_time(document["occurredAt"]),
        trace=_trace(record, document),
        product_id=ProductId(_id(document["productId"])),
        quantity=int(document["qty"]),
        stock=int(document["stock"]),
        stock_version=int(document["stockVersion"]),
        reason=_text(document.get("reason")),
    )


def _read_outcome(kind: OutcomeKind, document: Document, record: Record) -> StockOutcome:
    items = document["items"]
    rejected = kind is OutcomeKind.REJECTED
    return StockOutcome(
        event_id=EventId(str(document["eventId"])),
        occurred_at=parse_time(document["occurredAt"]),
        trace=_trace(record, document),
        order_id=OrderId(_id(document["orderId"])),
        order_number=_text(document.get("orderNumber")),
        kind=kind,
        sequence=int(document["sequence"]),
        lines=() if rejected else tuple(map(_read_outcome_line, items)),
        refused=tuple(map(_read_refused_line, items)) if rejected else (),
        reason=document.get("reason"),
    )


def _read_outcome_line(item: Document) -> OutcomeLine:
    return OutcomeLine(
        product_id=ProductId(_id(item["productId"])),
        quantity=int(item["qty"]),
        stock=int(item["stock"]),
        stock_version=int(item["stockVersion"]),
    )


def _read_refused_line(item: Document) -> RefusedLine:
    price = item.get("price")
    return RefusedLine(
        product_id=ProductId(_id(item["productId"])),
        wanted=int(item["wanted"]),
        available=int(item["available"]),
        reason=str(item["reason"]),
        price=None if price is None else parse_money(price),
    )


def _id(value: object) -> str:
    fault = id_fault(value)
    if fault is not None:
        raise ValueError(f"id {fault}")
    return str(value)
