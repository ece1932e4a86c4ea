"""What is stored comes back equal, and what older versions stored can still be read."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory_domain.documents import order_document, read_order, read_record, record_document
from inventory_domain.errors import RefusedLine
from inventory_domain.orders import (
    Address,
    HistoryEntry,
    IdempotencyKey,
    Order,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    PaymentStatus,
    StockState,
)
from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import (
    HeldLine,
    Movement,
    MovementKind,
    Product,
    Reservation,
    ReservationState,
)
from inventory_domain.stock_documents import (
    movement_document,
    product_document,
    read_movement,
    read_product,
    read_reservation,
    reservation_document,
)

texts = st.text(max_size=12)
# Some JSON libraries let half of a surrogate pair through.
any_texts = st.text(st.characters(exclude_categories=()), max_size=12)
counts = st.integers(0, 2**53)
instants = st.integers(0, 4_102_444_800_000).map(
    lambda milliseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)


def _built(kind: type[Any], /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **fields)


refused_lines = _built(
    RefusedLine,
    product_id=texts,
    wanted=counts,
    available=counts,
    stock=counts,
    reason=texts,
    price=st.none() | counts,
)
records = st.builds(
    OutgoingRecord,
    texts,
    st.none() | st.binary(max_size=20),
    st.none()
    | st.binary(max_size=20)
    | any_texts.map(lambda text: text.encode("utf-8", "replace")),
    st.lists(st.tuples(texts, st.binary(max_size=20)), max_size=3).map(tuple),
)
orders = _built(
    Order,
    order_id=texts,
    order_number=texts,
    user_id=texts,
    lines=st.lists(
        _built(OrderLine, product_id=texts, quantity=counts, price=counts, product_name=any_texts),
        max_size=3,
    ).map(tuple),
    total=counts,
    status=st.sampled_from(OrderStatus),
    stock_state=st.sampled_from(StockState),
    refused_lines=st.lists(refused_lines, max_size=2).map(tuple),
    shipping_address=_built(
        Address, street=any_texts, city=texts, state=texts, zip_code=texts, country=texts
    ),
    payment_method=st.sampled_from(PaymentMethod),
    payment_status=st.sampled_from(PaymentStatus),
    tracking_number=st.none() | any_texts,
    version=counts,
    inventory_sequence=counts,
    created_at=instants,
    updated_at=instants,
    cancelled_at=st.none() | instants,
    shipped_at=st.none() | instants,
    delivered_at=st.none() | instants,
    history=st.lists(
        _built(HistoryEntry, at=instants, actor=texts, change=texts, reason=st.none() | any_texts),
        max_size=3,
    ).map(tuple),
    idempotency=st.none() | _built(IdempotencyKey, subject=texts, key=any_texts, fingerprint=texts),
)
products = _built(
    Product,
    product_id=texts,
    name=any_texts,
    price=counts,
    description=any_texts,
    category=texts,
    brand=st.none() | texts,
    sku=st.none() | texts,
    tags=st.lists(texts, max_size=3).map(tuple),
    image_url=st.none() | texts,
    is_active=st.booleans(),
    stock=counts,
    reserved=counts,
    received=counts,
    sold=counts,
    written_off=counts,
    version=counts,
    created_at=instants,
    updated_at=instants,
)
reservations = _built(
    Reservation,
    order_id=texts,
    state=st.sampled_from(ReservationState),
    lines=st.lists(_built(HeldLine, product_id=texts, quantity=counts), max_size=3).map(tuple),
    order_number=texts,
    event_id=texts,
    redrives=counts,
    sequence=counts,
    outcome=st.none() | records,
    refused=st.lists(refused_lines, max_size=2).map(tuple),
    version=counts,
    updated_at=instants,
)
movements = _built(
    Movement,
    product_id=texts,
    number=counts,
    kind=st.sampled_from(MovementKind),
    quantity=counts,
    stock_after=counts,
    reserved_after=counts,
    order_id=st.none() | texts,
    reason=any_texts,
    actor=texts,
    at=instants,
)


def _through_json(document: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(document, allow_nan=False))


@given(orders)
def test_an_order_comes_back_equal(order: Order) -> None:
    assert read_order(_through_json(order_document(order))) == order


@given(products)
def test_a_product_comes_back_equal(product: Product) -> None:
    assert read_product(_through_json(product_document(product))) == product


@given(reservations)
def test_a_reservation_comes_back_equal(reservation: Reservation) -> None:
    assert read_reservation(_through_json(reservation_document(reservation))) == reservation


@given(movements)
def test_a_movement_comes_back_equal(movement: Movement) -> None:
    assert read_movement(_through_json(movement_document(movement))) == movement


@given(records)
def test_a_record_comes_back_byte_for_byte(record: OutgoingRecord) -> None:
    assert read_record(_through_json(record_document(record))) == record


@pytest.mark.parametrize(
    ("write", "kind"), [(order_document, orders), (product_document, products)]
)
def test_a_document_is_plain_data(
    write: Callable[[Any], dict[str, Any]], kind: st.SearchStrategy[Any]
) -> None:
    """Exact types: a store's driver may not know our enums."""

    @given(kind)
    def check(thing: Any) -> None:
        _assert_plain(write(thing))

    check()


def _assert_plain(value: object) -> None:
    if isinstance(value, dict):
        for part in value.values():
            _assert_plain(part)
    elif isinstance(value, list):
        for part in value:
            _assert_plain(part)
    else:
        assert type(value) in (str, int, bool, type(None)), repr(value)


STORED_ORDER = """{"v": 1, "_id": "o1", "orderNumber": "ORD-1732095234567-K3F9", "userId": "anna",
"items": [{"productId": "LAMP", "productName": "Gr\\u00f6\\u00dfe", "qty": 2, "price": 2999}],
"totalAmount": 5998, "status": 5, "stockState": "rejected",
"refused": [{"productId": "LAMP", "wanted": 2, "available": 1, "reason": "insufficient_stock",
"price": null}],
"shippingAddress": {"street": "s", "city": "c", "state": "t", "zipCode": "z", "country": "y"},
"paymentMethod": 6, "paymentStatus": 4, "trackingNumber": "T1", "version": 3,
"inventorySequence": 2, "createdAt": "2026-01-31T12:00:00.001Z",
"updatedAt": "2026-01-31T12:00:05.999Z", "cancelledAt": "2026-01-31T12:00:05.999Z",
"shippedAt": null, "deliveredAt": null,
"history": [{"at": "2026-01-31T12:00:00.001Z", "actor": "anna", "change": "placed",
"reason": null}],
"idempotency": {"subject": "anna", "key": "k", "fingerprint": "f"}}"""

STORED_PRODUCT = """{"v": 1, "_id": "LAMP", "name": "Lamp", "description": "d", "price": 2999,
"category": "Lamps", "brand": null, "sku": "L-1", "tags": ["oak"], "imageUrl": null,
"isActive": true, "stock": 5, "reserved": 3, "received": 10, "sold": 1, "writtenOff": 1,
"version": 7, "createdAt": "2026-01-31T12:00:00.000Z", "updatedAt": "2026-01-31T12:00:01.000Z"}"""

STORED_RESERVATION = """{"v": 1, "_id": "o1", "state": "reserved",
"items": [{"productId": "LAMP", "qty": 2}], "orderNumber": "ORD-1732095234567-K3F9",
"eventId": "o1.1.reserve", "redrives": 0, "sequence": 1,
"outcome": {"v": 1, "topic": "inventory.reserved", "key": "o1", "value": {"base64": "/w=="},
"headers": [["event-id", "o1.stock.1"], ["raw", {"base64": "/w=="}]]},
"refused": [], "version": 1, "updatedAt": "2026-01-31T12:00:00.000Z"}"""

STORED_MOVEMENT = """{"v": 1, "_id": "LAMP#7", "productId": "LAMP", "number": 7,
"kind": "written_off", "qty": 1, "stockAfter": 5, "reservedAfter": 3, "orderId": null,
"reason": "broken", "actor": "boss", "at": "2026-01-31T12:00:01.000Z"}"""


@pytest.mark.parametrize(
    ("stored", "read", "write"),
    [
        (STORED_ORDER, read_order, order_document),
        (STORED_PRODUCT, read_product, product_document),
        (STORED_RESERVATION, read_reservation, reservation_document),
        (STORED_MOVEMENT, read_movement, movement_document),
    ],
)
def test_what_version_1_stored_is_read_and_written_the_same(
    stored: str, read: Callable[[Any], Any], write: Callable[[Any], Any]
) -> None:
    """These samples never change: files and databases hold them."""
    document = json.loads(stored)

    assert write(read(document)) == document


def test_stored_bytes_are_those_that_were_written() -> None:
    reservation = read_reservation(json.loads(STORED_RESERVATION))

    assert reservation.outcome == OutgoingRecord(
        "inventory.reserved",
        b"o1",
        b"\xff",
        (("event-id", b"o1.stock.1"), ("raw", b"\xff")),
    )


def test_a_document_of_a_newer_version_is_refused_by_name() -> None:
    document = {**json.loads(STORED_ORDER), "v": 2}

    with pytest.raises(ValueError, match="order o1 is stored in version 2"):
        read_order(document)


def test_every_field_of_an_order_is_stored() -> None:
    """A field that is added to the domain cannot be forgotten here."""
    names = {field.name for field in attrs.fields(Order)}

    assert len(order_document(read_order(json.loads(STORED_ORDER)))) == len(names) + 1


def test_a_refused_line_keeps_stock_that_is_not_to_be_had() -> None:
    order = read_order(json.loads(STORED_ORDER))
    [line] = order.refused_lines
    assert line.stock == line.available == 1

    off_sale = attrs.evolve(order, refused_lines=(attrs.evolve(line, available=0, stock=5),))

    [stored] = read_order(_through_json(order_document(off_sale))).refused_lines
    assert (stored.available, stored.stock) == (0, 5)
