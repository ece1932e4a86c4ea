"""Every kind of broken message is refused with its reason, and nothing else ever comes of one."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.container import fast_codec
from inventory_domain.codec import MESSAGE_BYTES_MAX, Codec
from inventory_domain.errors import BrokenMessage
from inventory_domain.messages import ReserveRequest
from inventory_domain.records import Record
from inventory_domain.testing import a_record, an_outgoing_record
from tests.unit.message_samples import sample

CODEC = Codec()
# The services read with another library, which must refuse the same.
CODECS = pytest.mark.parametrize("codec", [CODEC, fast_codec()], ids=["standard", "fast"])

LINE = {"productId": "prod1", "qty": 2}
REMOVED = object()


def received(value: bytes | None, key: bytes | None = b"order-1") -> Record:
    return a_record(an_outgoing_record("inventory.reserve", key=key, value=value))


def with_changes(tag: str, **changes: Any) -> bytes:
    document = {**json.loads(sample(tag, 1)), **changes}
    kept = {name: value for name, value in document.items() if value is not REMOVED}
    return json.dumps(kept).encode()


def reserve(**changes: Any) -> bytes:
    return with_changes("STOCK_RESERVE_REQUEST", **changes)


def a_line(**changes: Any) -> list[dict[str, Any]]:
    return [{**LINE, **changes}]


BROKEN_VALUES = {
    "nothing": (None, "not JSON"),
    "no bytes": (b"", "not JSON"),
    "not JSON": (b"{", "not JSON"),
    "not UTF-8": (b'{"orderId":"\xff"}', "not JSON"),
    "nested without end": (b"[" * 100_000, "not JSON"),
    "a number that no decimal can hold": (b'{"a":1e9999999999999999999}', "not JSON"),
    "an integer of too many digits": (b'{"a":' + b"1" * 5000 + b"}", "not JSON"),
    "an array": (b"[]", "the JSON value must be an object"),
    "a string": (b'"text"', "the JSON value must be an object"),
    "null": (b"null", "the JSON value must be an object"),
    "too large": (b" " * (MESSAGE_BYTES_MAX + 1), "bytes are more than the 262144 allowed"),
}

BROKEN_REQUESTS = {
    "no order id": (reserve(orderId=REMOVED), "orderId must be a string"),
    "an order id that is a number": (reserve(orderId=7), "orderId must be a string"),
    "an empty order id": (reserve(orderId=""), "orderId must not be empty"),
    "an order id with a slash": (reserve(orderId="a/b"), "orderId must begin with"),
    "an order id that is too long": (reserve(orderId="a" * 129), "at most 128 characters"),
    "another order's key": (reserve(orderId="order-2"), "the record's key is not its orderId"),
    "no event type": (reserve(eventType=REMOVED), "there is no eventType in inventory.reserve"),
    "an unknown event type": (reserve(eventType="NEW"), "unknown eventType 'NEW' in inventory"),
    "an event type that is a list": (reserve(eventType=[]), "unknown eventType []"),
    "an outcome among requests": (sample("STOCK_RESERVED", 1), "unknown eventType"),
    "no items": (reserve(items=REMOVED), "items must be a list with at least one line"),
    "empty items": (reserve(items=[]), "items must be a list with at least one line"),
    "items that are an object": (reserve(items=LINE), "items must be a list"),
    "too many items": (reserve(items=[LINE] * 101), "items has 101 lines, at most 100"),
    "an item that is no object": (reserve(items=[LINE, 7]), "items[1] must be an object"),
    "no product id": (reserve(items=[{"qty": 1}]), "items[0].productId must be a string"),
    "a product id with a space": (reserve(items=a_line(productId="a b")), "items[0].productId"),
    "no quantity": (reserve(items=[{"productId": "p"}]), "items[0].qty must be a whole number"),
    "a quantity of zero": (reserve(items=a_line(qty=0)), "items[0].qty must be a whole number"),
    "a negative quantity": (reserve(items=a_line(qty=-1)), "items[0].qty must be"),
    "half a unit": (reserve(items=a_line(qty=1.5)), "items[0].qty must be a whole number"),
    "a quantity in quotes": (reserve(items=a_line(qty="2")), "items[0].qty must be"),
    "a quantity that is true": (reserve(items=a_line(qty=True)), "items[0].qty must be"),
    "a quantity that is infinite": (reserve(items=a_line(qty=float("inf"))), "items[0].qty must"),
    "a quantity that is too large": (reserve(items=a_line(qty=1_000_001)), "from 1 to 1000000"),
    "a quantity that is null": (reserve(items=a_line(qty=None)), "items[0].qty must be"),
    "half a unit by the other name": (
        reserve(items=[{"productId": "p", "quantity": 1.5}]),
        "items[0].quantity must be a whole number",
    ),
    "two quantities": (
        reserve(items=a_line(qty=1, quantity=2)),
        "items[0].quantity differs from qty",
    ),
    "a quantity beside one that is none": (
        reserve(items=a_line(quantity="2")),
        "items[0].quantity must be a whole number",
    ),
    "quantities that sum to too much": (
        reserve(items=[{"productId": "p", "qty": 1_000_000}, {"productId": "p", "qty": 1}]),
        "items[1]: more than 1000000 of p",
    ),
    "two prices of one product": (
        reserve(items=[{**LINE, "price": 1}, {**LINE, "price": 2}]),
        "items names prod1 twice with different prices",
    ),
    "a negative price": (reserve(items=a_line(price=-1)), "items[0].price must not be negative"),
    "a price of three decimals": (reserve(items=a_line(price=1.999)), "at most two decimals"),
    "a price that is not a number": (reserve(items=a_line(price=float("nan"))), "be a number"),
    "a price in quotes": (reserve(items=a_line(price="1")), "items[0].price must be a number"),
    "a price that is too large": (reserve(items=a_line(price=1e12)), "items[0].price must be at"),
}


def outcome(**changes: Any) -> bytes:
    return with_changes("STOCK_RESERVED", **changes)


def rejected(**changes: Any) -> bytes:
    return with_changes("STOCK_REJECTED", **changes)


BROKEN_OUTCOMES = {
    "a request among outcomes": (sample("STOCK_RESERVE_REQUEST", 1), "STOCK_RESERVE_REQUEST"),
    "no event type": (outcome(eventType=REMOVED), "there is no eventType"),
    "no event id": (outcome(eventId=REMOVED), "eventId"),
    "no order id": (outcome(orderId=REMOVED), "orderId"),
    "an order id with a slash": (outcome(orderId="a/b"), "id must begin with"),
    "no sequence": (outcome(sequence=REMOVED), "sequence"),
    "a sequence that is no number": (outcome(sequence="first"), "first"),
    "an infinite sequence": (outcome(sequence=float("inf")), "whole number"),
    "no instant": (outcome(occurredAt=REMOVED), "occurredAt"),
    "a wrong instant": (outcome(occurredAt="yesterday"), "must be an ISO 8601 time"),
    "an instant before all years": (
        outcome(occurredAt="0001-01-01T00:00:00+14:00"),
        "between the years 1 and 9999",
    ),
    "no items": (outcome(items=REMOVED), "items"),
    "items that are null": (outcome(items=None), "not iterable"),
    "an item that is text": (outcome(items=["text"]), "STOCK_RESERVED"),
    "an item without its stock": (outcome(items=[LINE]), "stock"),
    "a refused item that is text": (rejected(items=["text"]), "STOCK_REJECTED"),
    "a refused item that is a list": (rejected(items=[[]]), "STOCK_REJECTED"),
    "a refused item of a wrong price": (
        rejected(
            items=[{"productId": "p", "wanted": 1, "available": 0, "reason": "", "price": -1}]
        ),
        "must not be negative",
    ),
    "an adjustment of no product": (
        with_changes("STOCK_ADJUSTED", productId=None),
        "id must be a string",
    ),
}


def refusal(error: pytest.ExceptionInfo[BrokenMessage]) -> str:
    assert error.value.code == "broken_message"
    return error.value.reason


@CODECS
@pytest.mark.parametrize(("value", "reason"), BROKEN_VALUES.values(), ids=BROKEN_VALUES.keys())
def test_what_is_no_message_is_refused_by_every_reader(
    value: bytes | None, reason: str, codec: Codec
) -> None:
    for read in (codec.read_request, codec.read_outcome):
        with pytest.raises(BrokenMessage) as error:
            read(received(value))

        assert reason in refusal(error)


@pytest.mark.parametrize("value", [value for value, _ in BROKEN_REQUESTS.values()])
def test_the_services_refuse_the_same_requests(value: bytes) -> None:
    with pytest.raises(BrokenMessage):
        fast_codec().read_request(received(value))


@pytest.mark.parametrize("value", [value for value, _ in BROKEN_OUTCOMES.values()])
def test_the_services_refuse_the_same_outcomes(value: bytes) -> None:
    with pytest.raises(BrokenMessage):
        fast_codec().read_outcome(received(value))


@pytest.mark.parametrize(("value", "reason"), BROKEN_REQUESTS.values(), ids=BROKEN_REQUESTS.keys())
def test_a_broken_request_is_refused_with_its_reason(value: bytes, reason: str) -> None:
    with pytest.raises(BrokenMessage) as error:
        CODEC.read_request(received(value))

    assert reason in refusal(error)


@pytest.mark.parametrize(("value", "reason"), BROKEN_OUTCOMES.values(), ids=BROKEN_OUTCOMES.keys())
def test_a_broken_outcome_is_refused_with_its_reason(value: bytes, reason: str) -> None:
    with pytest.raises(BrokenMessage) as error:
        CODEC.read_outcome(received(value))

    assert reason in refusal(error)


def test_half_a_surrogate_pair_becomes_text_that_can_be_written_again() -> None:
    half = "\ud800"
    request = CODEC.read_request(
        received(
            reserve(
                orderNumber=f"O{half}",
                eventId=f"e{half}",
                correlationId=half,
                items=a_line(productName=half),
            )
        )
    )

    assert isinstance(request, ReserveRequest)
    assert CODEC.record(request).value is not None
    assert (request.event_id, request.trace.correlation_id) == ("e?", "?")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(("order-1", "prod1", "STOCK_RESERVED", "2026-01-31T12:00:00Z")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
items = json_values | st.lists(
    st.dictionaries(
        st.sampled_from(
            (
                "productId",
                "qty",
                "quantity",
                "price",
                "stock",
                "stockVersion",
                "wanted",
                "available",
                "reason",
            )
        ),
        json_values,
    ),
    max_size=2,
)
changes = st.dictionaries(
    st.sampled_from(
        (
            "eventType",
            "eventId",
            "orderId",
            "sequence",
            "occurredAt",
            "qty",
            "reason",
            "orderNumber",
        )
    ),
    json_values,
    max_size=2,
)


@CODECS
@given(
    tag=st.sampled_from(("STOCK_RESERVE_REQUEST", "STOCK_RELEASE_REQUEST", "ORDER_COMPLETED")),
    changed=changes,
    items=st.none() | items,
)
def test_any_document_is_a_request_or_broken(
    codec: Codec, tag: str, changed: dict[str, Any], items: Any
) -> None:
    document = with_changes(tag, **changed, **({} if items is None else {"items": items}))
    try:
        request = codec.read_request(received(document, key=None))
    except BrokenMessage:
        return

    assert request.order_id


@CODECS
@given(
    tag=st.sampled_from(("STOCK_RESERVED", "STOCK_REJECTED", "STOCK_ADJUSTED")),
    changed=changes,
    items=st.none() | items,
)
def test_any_document_is_an_outcome_or_broken(
    codec: Codec, tag: str, changed: dict[str, Any], items: Any
) -> None:
    document = with_changes(tag, **changed, **({} if items is None else {"items": items}))
    try:
        outcome = codec.read_outcome(received(document))
    except BrokenMessage:
        return

    assert codec.record(outcome).value


@CODECS
@given(value=st.binary(max_size=60))
def test_any_bytes_are_broken(codec: Codec, value: bytes) -> None:
    for read in (codec.read_request, codec.read_outcome):
        with pytest.raises(BrokenMessage):
            read(received(value))
