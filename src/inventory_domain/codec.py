"""Between messages and records: writing them, and reading them with every fault named."""

import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache, partial
from typing import Any

import attrs

from inventory_domain.errors import BrokenMessage
from inventory_domain.ids import EventId, OrderId, id_fault, is_id
from inventory_domain.message_reading import (
    LINE_COUNT_MAX,
    QUANTITY_MAX,
    broken,
    read_adjusted,
    read_event_id,
    read_lines,
    read_outcome,
    read_text,
    read_trace,
)
from inventory_domain.messages import (
    Document,
    Message,
    OrderFactKind,
    OutcomeKind,
    ReleaseRequest,
    ReserveRequest,
    StockAdjusted,
    StockOutcome,
    Trace,
)
from inventory_domain.records import Headers, OutgoingRecord, Record, byte_count

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
"""What a record may have at most, with its key and headers: stores keep it whole."""

# What a store needs for a header besides its name and value, so that many empty ones count too.
_HEADER_BYTES = 16
REDRIVE_COUNT_HEADER = "redrive-count"
# A tuple, since what is looked up may be anything that JSON can hold.
_OUTCOME_TAGS = tuple(map(str, OutcomeKind))


def _compact(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


@cache
def _shape_headers(tag: str, version: int) -> Headers:
    # The same few for ever, so that records share them.
    return (("event-type", tag.encode()), ("event-version", b"%d" % version))


_exact_json = partial(json.loads, parse_float=Decimal)


@attrs.frozen(kw_only=True)
class OrderCompletion:
    """An order was delivered: what its reservation holds is sold."""

    event_id: EventId
    order_id: OrderId
    trace: Trace = Trace()


@attrs.frozen
class Codec:
    """Writes messages and reads records; *dumps* and *loads* may be any exact JSON library.

    *loads* must give ``Decimal`` for numbers with a fraction, so that money stays exact.
    """

    dumps: Callable[[Any], bytes] = _compact
    loads: Callable[[bytes], Any] = _exact_json

    def record(self, message: Message) -> OutgoingRecord:
        """Write *message* as a record for its topic."""
        headers: Headers = (
            *_shape_headers(message.tag, message.VERSION),
            ("event-id", message.event_id.encode()),
        )
        trace = message.trace
        if trace.correlation_id is not None:
            headers += (("correlation-id", trace.correlation_id.encode()),)
        if trace.traceparent is not None:
            headers += (("traceparent", trace.traceparent.encode()),)
        value = self.dumps(message.document())
        return OutgoingRecord(message.topic, message.key.encode(), value, headers)

    def read_request(self, record: Record) -> ReserveRequest | ReleaseRequest | OrderCompletion:
        """Read what the products service consumes.

        Raises:
            BrokenMessage: it can never be processed; the text says why.
        """
        document, order_id, trace = self._open(record)
        tag = document.get("eventType")
        event_id = read_event_id(record, document, f"{tag}:{order_id}")
        if tag == ReserveRequest.TAG:
            return ReserveRequest(
                event_id=event_id,
                occurred_at=record.timestamp,
                trace=trace,
                order_id=order_id,
                order_number=read_text(document.get("orderNumber")),
                lines=read_lines(document.get("items")),
            )
        if tag == ReleaseRequest.TAG:
            return ReleaseRequest(
                event_id=event_id,
                occurred_at=record.timestamp,
                trace=trace,
                order_id=order_id,
                order_number=read_text(document.get("orderNumber")),
                reason=read_text(document.get("reason")) or "UNSPECIFIED",
            )
        if tag == OrderFactKind.COMPLETED:
            return OrderCompletion(event_id=event_id, order_id=order_id, trace=trace)
        raise _unknown_type(tag, record)

    def read_outcome(self, record: Record) -> StockOutcome | StockAdjusted:
        """Read what the orders service consumes.

        Raises:
            BrokenMessage: it can never be processed; the text says why.
        """
        document = self._document(record)
        tag = document.get("eventType")
        if tag != StockAdjusted.TAG and tag not in _OUTCOME_TAGS:
            raise _unknown_type(tag, record)
        try:
            if tag == StockAdjusted.TAG:
                return read_adjusted(document, record)
            return read_outcome(OutcomeKind(str(tag)), document, record)
        except BrokenMessage:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as fault:
            raise broken(f"{tag!r} in {record.topic} is not well formed: {fault!r}") from fault

    def _open(self, record: Record) -> tuple[Document, OrderId, Trace]:
        document = self._document(record)
        order_id = document.get("orderId")
        if not is_id(order_id):
            raise broken(f"orderId {id_fault(order_id)}")
        if record.key is not None and record.key != str(order_id).encode():
            raise broken("the record's key is not its orderId, so its place in line is lost")
        return document, OrderId(str(order_id)), read_trace(record, document)

    def _document(self, record: Record) -> Document:
        value = record.value or b""
        size = byte_count(record) + _HEADER_BYTES * len(record.headers)
        if size > MESSAGE_BYTES_MAX:
            raise broken(f"{size} bytes are more than the {MESSAGE_BYTES_MAX} allowed")
        try:
            document = self.loads(value)
        except (ValueError, ArithmeticError, RecursionError) as fault:
            raise broken(f"not JSON: {fault}") from fault
        if not isinstance(document, dict):
            raise broken("the JSON value must be an object")
        return document


def _unknown_type(tag: object, record: Record) -> BrokenMessage:
    what = "there is no eventType" if tag is None else f"unknown eventType {tag!r}"
    return broken(f"{what} in {record.topic}")
