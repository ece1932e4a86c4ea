"""Messages survive the way through the log: as they are written today and as they ever were."""

import string
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.container import fast_codec
from inventory_domain.codec import Codec, OrderCompletion
from inventory_domain.errors import RefusedLine
from inventory_domain.ids import EventId, OrderId, ProductId, UserId, is_id
from inventory_domain.messages import (
    Message,
    MessageLine,
    OrderFact,
    OrderFactKind,
    OutcomeKind,
    OutcomeLine,
    ReleaseRequest,
    ReserveRequest,
    StockAdjusted,
    StockOutcome,
    Trace,
)
from inventory_domain.money import MONEY_MAX, Money
from inventory_domain.orders import OrderStatus
from inventory_domain.records import header
from inventory_domain.testing import NOW, a_record, an_outgoing_record
from tests.unit.message_samples import LINES, MESSAGES, ORDER, TRACE, sample, stored

CODEC = Codec()

ids = st.text(string.ascii_letters + string.digits + "._:@|+~-", min_size=1, max_size=20).filter(
    is_id
)
texts = st.text(max_size=20)
some_text = st.text(min_size=1, max_size=20)
times = st.integers(0, 4 * 10**12).map(
    lambda number: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number)
)
traces = st.builds(Trace, correlation_id=st.none() | some_text, traceparent=st.none() | some_text)
prices = st.none() | st.integers(0, MONEY_MAX).map(Money)
counts = st.integers(0, 10**9)
lines = st.lists(
    st.builds(
        MessageLine,
        product_id=ids.map(ProductId),
        quantity=st.integers(1, 1_000_000),
        price=prices,
        product_name=texts,
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda line: line.product_id,
).map(tuple)
envelope = {
    "event_id": some_text.map(EventId),
    "occurred_at": times,
    "trace": traces,
}
of_an_order = {**envelope, "order_id": ids.map(OrderId), "order_number": texts}
reserve_requests = st.builds(ReserveRequest, lines=lines, **of_an_order)
release_requests = st.builds(ReleaseRequest, reason=some_text, lines=st.just(()), **of_an_order)
adjustments = st.builds(
    StockAdjusted,
    product_id=ids.map(ProductId),
    quantity=st.integers(-(10**6), 10**6),
    stock=counts,
    stock_version=counts,
    reason=texts,
    **envelope,
)
outcome_lines = st.builds(
    OutcomeLine,
    product_id=ids.map(ProductId),
    quantity=counts,
    stock=counts,
    stock_version=counts,
)
refused_lines = st.builds(
    RefusedLine,
    product_id=ids.map(ProductId),
    wanted=counts,
    available=counts,
    stock=counts,
    reason=some_text,
    price=prices,
)
outcomes = st.one_of(
    st.builds(
        StockOutcome,
        kind=st.sampled_from((OutcomeKind.RESERVED, OutcomeKind.RELEASED)),
        sequence=counts,
        lines=st.lists(outcome_lines, max_size=3).map(tuple),
        reason=st.none() | some_text,
        **of_an_order,
    ),
    st.builds(
        StockOutcome,
        kind=st.just(OutcomeKind.REJECTED),
        sequence=counts,
        refused=st.lists(refused_lines, max_size=3).map(tuple),
        reason=st.none() | some_text,
        **of_an_order,
    ),
)
facts = st.builds(
    OrderFact,
    kind=st.sampled_from(OrderFactKind),
    user_id=ids.map(UserId),
    lines=lines,
    total=st.integers(0, MONEY_MAX).map(Money),
    status=st.sampled_from(OrderStatus),
    old_status=st.none() | st.sampled_from(OrderStatus),
    reason=st.none() | texts,
    **of_an_order,
)


@given(reserve_requests | release_requests)
def test_a_request_is_read_as_it_was_written(request_: ReserveRequest | ReleaseRequest) -> None:
    # The instant of a request is when the log took it.
    record = a_record(CODEC.record(request_), timestamp=request_.occurred_at)

    assert CODEC.read_request(record) == request_


@given(outcomes | adjustments)
def test_an_outcome_is_read_as_it_was_written(outcome: StockOutcome | StockAdjusted) -> None:
    assert CODEC.read_outcome(a_record(CODEC.record(outcome))) == outcome


@given(facts)
def test_a_completed_order_is_read_from_its_fact(fact: OrderFact) -> None:
    completed = attrs.evolve(fact, kind=OrderFactKind.COMPLETED)

    assert CODEC.read_request(a_record(CODEC.record(completed))) == OrderCompletion(
        event_id=completed.event_id, order_id=completed.order_id, trace=completed.trace
    )


@given(reserve_requests | release_requests | outcomes | adjustments | facts)
def test_a_record_says_what_it_is_in_its_headers_and_key(message: Message) -> None:
    record = CODEC.record(message)

    assert record.topic == message.topic
    assert record.key == message.key.encode()
    assert header(record.headers, "event-type") == message.tag
    assert header(record.headers, "event-version") == "1"
    assert header(record.headers, "event-id") == message.event_id
    assert header(record.headers, "correlation-id") == message.trace.correlation_id
    assert header(record.headers, "traceparent") == message.trace.traceparent


@pytest.mark.parametrize("tag", MESSAGES)
def test_todays_program_writes_what_is_stored_of_its_version(tag: str) -> None:
    message = MESSAGES[tag]

    assert CODEC.record(message).value == sample(tag, message.VERSION)


@pytest.mark.parametrize("tag", ["STOCK_RESERVED", "STOCK_REJECTED", "STOCK_RELEASED"])
@pytest.mark.parametrize("version", [1])
def test_outcomes_of_every_version_are_read(tag: str, version: int) -> None:
    record = a_record(an_outgoing_record(value=sample(tag, version)))

    assert CODEC.read_outcome(record) == MESSAGES[tag]


@pytest.mark.parametrize("version", [1])
def test_adjustments_of_every_version_are_read(version: int) -> None:
    record = a_record(an_outgoing_record(value=sample("STOCK_ADJUSTED", version)))

    assert CODEC.read_outcome(record) == MESSAGES["STOCK_ADJUSTED"]


@pytest.mark.parametrize("version", [1])
def test_requests_of_every_version_are_read(version: int) -> None:
    reserve, release, completed = (
        CODEC.read_request(a_record(an_outgoing_record(value=sample(tag, version))))
        for tag in ("STOCK_RESERVE_REQUEST", "STOCK_RELEASE_REQUEST", "ORDER_COMPLETED")
    )

    assert reserve == MESSAGES["STOCK_RESERVE_REQUEST"]
    expected = MESSAGES["STOCK_RELEASE_REQUEST"]
    assert isinstance(expected, ReleaseRequest)
    # What it gives back is what the reservation holds, whatever the message says.
    assert release == attrs.evolve(expected, lines=())
    assert completed == OrderCompletion(
        event_id=EventId("order-1.4.completed"), order_id=ORDER, trace=TRACE
    )


def test_a_plain_producer_needs_no_ids_headers_or_prices() -> None:
    order_id = "673e1f2a9b1d8c0012345678"
    plain = an_outgoing_record(key=None, value=stored("plain-reserve.json"))

    request = CODEC.read_request(a_record(plain))

    assert request == ReserveRequest(
        # The same request again is the same event.
        event_id=EventId(f"STOCK_RESERVE_REQUEST:{order_id}"),
        occurred_at=NOW,
        order_id=OrderId(order_id),
        order_number="ORD-1732095234567-K3F9",
        lines=(
            MessageLine(product_id=ProductId("prod1"), quantity=2),
            MessageLine(product_id=ProductId("prod2"), quantity=1),
        ),
    )


def test_a_plain_release_needs_no_reason() -> None:
    value = stored("plain-release.json").replace(b',"reason":"ORDER_CANCELLED"', b"")

    release = CODEC.read_request(a_record(an_outgoing_record(key=None, value=value)))

    assert isinstance(release, ReleaseRequest)
    assert release.reason == "UNSPECIFIED"


def test_ids_may_stand_in_the_headers_alone() -> None:
    headers = (("event-id", b"e-1"), ("correlation-id", b"c-1"), ("traceparent", b"t-1"))
    plain = an_outgoing_record(key=None, value=stored("plain-reserve.json"), headers=headers)

    request = CODEC.read_request(a_record(plain))

    assert request.event_id == "e-1"
    assert request.trace == Trace(correlation_id="c-1", traceparent="t-1")


def test_unknown_fields_are_ignored_so_that_producers_may_grow() -> None:
    grown = sample("STOCK_RESERVED", 1).replace(b'{"', b'{"new":[1,{}],"', 1)

    assert (
        CODEC.read_outcome(a_record(an_outgoing_record(value=grown))) == MESSAGES["STOCK_RESERVED"]
    )


@pytest.mark.parametrize("left_out", [b'"stock":2,', b'"stock":9,'])
def test_a_refused_line_that_tells_no_stock_has_what_is_available(left_out: bytes) -> None:
    value = sample("STOCK_REJECTED", 1)
    assert left_out in value

    without = CODEC.read_outcome(a_record(an_outgoing_record(value=value.replace(left_out, b""))))

    assert without == MESSAGES["STOCK_REJECTED"]


def test_a_refused_line_has_the_stock_that_it_tells() -> None:
    value = sample("STOCK_REJECTED", 1).replace(b'"available":2', b'"available":0')

    outcome = CODEC.read_outcome(a_record(an_outgoing_record(value=value)))

    assert isinstance(outcome, StockOutcome)
    assert [(line.available, line.stock) for line in outcome.refused] == [(0, 2), (9, 9)]


@pytest.mark.parametrize("codec", [CODEC, fast_codec()], ids=["standard", "fast"])
@pytest.mark.parametrize(
    "quantity",
    [
        b'"quantity":2',
        b'"qty":null,"quantity":2',
        b'"qty":2,"quantity":null',
        b'"qty":2,"quantity":2',
        b'"qty":2.0',
        b'"qty":2e0',
        b'"qty":2,"quantity":2.00',
    ],
)
def test_a_quantity_has_two_names_and_is_whole_with_a_point_too(
    codec: Codec, quantity: bytes
) -> None:
    value = stored("plain-reserve.json").replace(b'"qty":2', quantity)

    request = codec.read_request(a_record(an_outgoing_record(key=None, value=value)))

    assert isinstance(request, ReserveRequest)
    assert [line.quantity for line in request.lines] == [2, 1]
    assert {type(line.quantity) for line in request.lines} == {int}


def test_two_lines_of_one_product_at_one_price_are_added_up() -> None:
    value = sample("STOCK_RESERVE_REQUEST", 1)
    line = value[value.index(b'{"productId":"DESK') : value.index(b"]")]
    doubled = value.replace(line, line + b"," + line)

    request = CODEC.read_request(a_record(an_outgoing_record(value=doubled)))

    assert isinstance(request, ReserveRequest)
    assert request.lines == (LINES[0], attrs.evolve(LINES[1], quantity=2))
