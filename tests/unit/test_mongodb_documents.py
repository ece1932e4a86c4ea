"""What lies in MongoDB looks as people expect it, and comes back as it was."""

from datetime import UTC, datetime
from typing import Any

import attrs
import bson
import pytest
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from adapters.mongodb.order_documents import new_order, order_change, order_from, outbox_entries
from adapters.mongodb.stock_documents import (
    entry_documents,
    entry_from,
    ledger_range,
    movement_from,
    new_movement,
    product_fields,
    product_from,
    reservation_fields,
    reservation_from,
)
from inventory_domain.errors import RefusedLine
from inventory_domain.ids import EventId, OrderId, ProductId, UserId
from inventory_domain.money import MONEY_MAX, Money
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
from inventory_domain.testing.builders import (
    NOW,
    a_movement,
    a_product,
    a_reservation,
    an_order,
    an_outgoing_record,
)
from inventory_domain.writes import OrderWrite, OutboxEntry

AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:@|+~-]{0,20}", fullmatch=True)
amounts = st.integers(0, MONEY_MAX).map(Money)
counts = st.integers(0, 2**62)
instants = st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - given by the strategy
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
records = st.builds(
    OutgoingRecord,
    topic=texts,
    key=st.none() | st.binary(max_size=20),
    value=st.none() | st.binary(max_size=50),
    headers=st.lists(st.tuples(texts, st.binary(max_size=10)), max_size=3).map(tuple),
)
refused = st.builds(
    RefusedLine,
    product_id=ids.map(ProductId),
    wanted=counts,
    available=counts,
    stock=counts,
    reason=texts,
    price=st.none() | amounts,
)
orders = st.builds(
    Order,
    order_id=ids.map(OrderId),
    order_number=texts,
    user_id=ids.map(UserId),
    lines=st.lists(
        st.builds(
            OrderLine,
            product_id=ids.map(ProductId),
            quantity=counts,
            price=amounts,
            product_name=texts,
        ),
        max_size=3,
    ).map(tuple),
    total=amounts,
    status=st.sampled_from(OrderStatus),
    stock_state=st.sampled_from(StockState),
    refused_lines=st.lists(refused, max_size=2).map(tuple),
    shipping_address=st.builds(
        Address, street=texts, city=texts, state=texts, zip_code=texts, country=texts
    ),
    payment_method=st.sampled_from(PaymentMethod),
    payment_status=st.sampled_from(PaymentStatus),
    tracking_number=st.none() | texts,
    version=counts,
    inventory_sequence=counts,
    created_at=instants,
    updated_at=instants,
    cancelled_at=st.none() | instants,
    shipped_at=st.none() | instants,
    delivered_at=st.none() | instants,
    history=st.lists(
        st.builds(HistoryEntry, at=instants, actor=texts, change=texts, reason=st.none() | texts),
        max_size=3,
    ).map(tuple),
    idempotency=st.none()
    | st.builds(IdempotencyKey, subject=ids.map(UserId), key=texts, fingerprint=texts),
)
products = st.builds(
    Product,
    product_id=ids.map(ProductId),
    name=texts,
    price=amounts,
    description=texts,
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
reservations = st.builds(
    Reservation,
    order_id=ids.map(OrderId),
    state=st.sampled_from(ReservationState),
    lines=st.lists(
        st.builds(HeldLine, product_id=ids.map(ProductId), quantity=counts), max_size=3
    ).map(tuple),
    order_number=texts,
    event_id=ids.map(EventId),
    redrives=counts,
    sequence=counts,
    outcome=st.none() | records,
    refused=st.lists(refused, max_size=2).map(tuple),
    version=counts,
    updated_at=instants,
)
movements = st.builds(
    Movement,
    product_id=ids.map(ProductId),
    number=counts,
    kind=st.sampled_from(MovementKind),
    quantity=counts,
    stock_after=counts,
    reserved_after=counts,
    order_id=st.none() | ids.map(OrderId),
    reason=texts,
    actor=texts,
    at=instants,
)


def stored(document: dict[str, Any]) -> dict[str, Any]:
    """Return *document* as it comes back from a server."""
    return bson.decode(bson.encode(document), AWARE)


@given(orders, st.lists(records, max_size=3).map(tuple))
def test_an_order_and_its_events_come_back(
    order: Order, events: tuple[OutgoingRecord, ...]
) -> None:
    document = stored(new_order(OrderWrite(order, events), tick=1))

    assert order_from(document) == order
    waiting = [record for entry in outbox_entries(document) for record in entry.records]
    assert waiting == list(events)


@given(orders)
def test_a_change_of_an_order_names_every_field_of_it(order: Order) -> None:
    change = stored(order_change(OrderWrite(order), tick=1, mark="m"))

    assert order_from({"_id": order.order_id, **change["$set"]}) == order
    assert set(change) == {"$set", "$push"}


@given(products)
def test_a_product_comes_back(product: Product) -> None:
    assert product_from(stored(product_fields(product))) == product


@given(reservations)
def test_a_reservation_comes_back(reservation: Reservation) -> None:
    assert reservation_from(stored(reservation_fields(reservation, tick=1))) == reservation


@given(movements)
def test_a_movement_comes_back(movement: Movement) -> None:
    assert movement_from(stored(new_movement(movement))) == movement


@given(movements, movements)
def test_movements_sort_by_product_and_then_by_number(one: Movement, other: Movement) -> None:
    same = attrs.evolve(other, product_id=one.product_id)
    ids = [new_movement(movement)["_id"] for movement in (one, same)]

    assert (ids[0] < ids[1]) == (one.number < same.number)
    bounds = ledger_range(one.product_id)["_id"]
    inside = bounds["$gt"] < new_movement(other)["_id"] < bounds["$lt"]
    assert inside == (other.product_id == one.product_id)


@given(st.lists(records, max_size=5))
def test_outbox_entries_come_back(told: list[OutgoingRecord]) -> None:
    entries = [entry_from(stored(document)) for document in entry_documents(told, 1, "w")]

    assert [record for entry in entries for record in entry.records] == told


def test_many_or_large_records_make_several_entries_in_their_order() -> None:
    large = [an_outgoing_record(value=bytes(400_000)) for _ in range(5)]
    many = [an_outgoing_record(value=str(number).encode()) for number in range(1201)]

    documents = entry_documents([*large, *many], 7, "w")

    assert [len(document["records"]) for document in documents] == [2, 2, 500, 500, 202]
    assert all(len(bson.encode(document)) < 2**21 for document in documents)
    in_order = sorted(documents, key=lambda document: document["_id"])
    assert in_order == documents
    told = [record for document in documents for record in entry_from(document).records]
    assert told == [*large, *many]


def test_a_later_tick_sorts_after_an_earlier_one() -> None:
    ticks = [1, 9, 10, 255, 256, 10**15, 2**62]
    ids = [entry_documents([an_outgoing_record()], tick, "w")[0]["_id"] for tick in ticks]

    assert ids == sorted(ids)


def test_an_order_lies_there_as_people_expect_it() -> None:
    document = stored(new_order(OrderWrite(an_order("abc123"), (an_outgoing_record(),)), tick=5))

    assert document["_id"] == "abc123"
    assert document["userId"] == "anna"
    (item,) = document["items"]
    assert item == {
        "productId": "LAMP-OAK",
        "productName": "Lamp Oak",
        "qty": 2,
        "price": 2999,
    }
    assert (document["status"], document["totalAmount"]) == (1, 5998)
    assert document["createdAt"] == NOW
    assert isinstance(document["createdAt"], datetime)
    assert document["outbox"][0]["id"] == "abc123#1"
    assert document["pendingSince"] == 5


@pytest.mark.parametrize("stock", [0, 48])
def test_a_product_lies_there_as_people_expect_it(stock: int) -> None:
    document = stored(product_fields(a_product("prod1", stock=stock, reserved=2)))

    assert document["_id"] == "prod1"
    assert (document["stock"], document["reserved"]) == (stock, 2)
    assert document["inStock"] is (stock > 0)
    assert isinstance(document["updatedAt"], datetime)


# Written by the first version of this program; whatever comes later must read them.
SAMPLE_ORDER = {
    "v": 1,
    "_id": "order-1",
    "orderNumber": "ORD-1732095234567-K3F9",
    "userId": "anna",
    "items": [{"productId": "LAMP-OAK", "productName": "Oak lamp", "qty": 2, "price": 2999}],
    "totalAmount": 5998,
    "status": 1,
    "stockState": "requested",
    "refused": [],
    "shippingAddress": {"street": "", "city": "", "state": "", "zipCode": "", "country": ""},
    "paymentMethod": 6,
    "paymentStatus": 1,
    "trackingNumber": None,
    "version": 1,
    "inventorySequence": 0,
    "createdAt": NOW,
    "updatedAt": NOW,
    "cancelledAt": None,
    "shippedAt": None,
    "deliveredAt": None,
    "history": [{"at": NOW, "actor": "anna", "change": "placed", "reason": None}],
    "idempotency": {"subject": "anna", "key": "key-1", "fingerprint": "f1"},
    "searchText": "ord-1732095234567-k3f9\norder-1\nanna\noak lamp",
    "outbox": [
        {
            "id": "order-1#1",
            "records": [
                {"v": 1, "topic": "order.created", "key": "order-1", "value": "{}", "headers": []}
            ],
        }
    ],
    "pendingSince": 1_769_860_800_000_000,
}
SAMPLE_PRODUCT = {
    "v": 1,
    "_id": "LAMP-OAK",
    "name": "Lamp Oak",
    "description": "",
    "price": 2999,
    "category": "",
    "brand": None,
    "sku": None,
    "tags": [],
    "imageUrl": None,
    "isActive": True,
    "stock": 10,
    "reserved": 0,
    "received": 10,
    "sold": 0,
    "writtenOff": 0,
    "version": 2,
    "createdAt": NOW,
    "updatedAt": NOW,
    "inStock": True,
    "nameText": "lamp oak",
    "skuText": "",
    "categoryText": "",
    "searchText": "lamp oak",
}
SAMPLE_RESERVATION = {
    "v": 1,
    "_id": "order-1",
    "state": "reserved",
    "items": [{"productId": "LAMP-OAK", "qty": 2}],
    "orderNumber": "",
    "eventId": "order-1.1.reserve",
    "redrives": 0,
    "sequence": 1,
    "outcome": None,
    "refused": [],
    "version": 1,
    "updatedAt": NOW,
    "tick": 1,
}
SAMPLE_MOVEMENT = {
    "v": 1,
    "_id": "LAMP-OAK#0000000000000000002",
    "productId": "LAMP-OAK",
    "number": 2,
    "kind": "received",
    "qty": 10,
    "stockAfter": 10,
    "reservedAfter": 0,
    "orderId": None,
    "reason": "",
    "actor": "",
    "at": NOW,
}
SAMPLE_ENTRY = {
    "_id": "0000000000000001-w-000000",
    "records": [
        {
            "v": 1,
            "topic": "inventory.reserved",
            "key": "order-1",
            "value": {"base64": "//4="},
            "headers": [["event-id", "e1"]],
        }
    ],
}


def test_what_the_first_version_stored_is_read() -> None:
    order = order_from(SAMPLE_ORDER)

    assert (order.total, order.created_at, order.history[0].at) == (5998, NOW, NOW)
    assert outbox_entries(SAMPLE_ORDER) == [
        OutboxEntry("order-1#1", (an_outgoing_record(),)),
    ]
    assert product_from(SAMPLE_PRODUCT) == a_product()
    assert reservation_from(SAMPLE_RESERVATION) == a_reservation()
    assert movement_from(SAMPLE_MOVEMENT) == a_movement()
    told = an_outgoing_record(
        "inventory.reserved", value=b"\xff\xfe", headers=(("event-id", b"e1"),)
    )
    assert entry_from(SAMPLE_ENTRY).records == (told,)


def test_what_is_stored_today_is_what_the_samples_say() -> None:
    order = order_from(SAMPLE_ORDER)
    tick = 1_769_860_800_000_000

    assert new_order(OrderWrite(order, (an_outgoing_record(),)), tick) == SAMPLE_ORDER
    assert product_fields(a_product()) == SAMPLE_PRODUCT
    assert reservation_fields(a_reservation(), 1) == SAMPLE_RESERVATION
    assert new_movement(a_movement()) == SAMPLE_MOVEMENT
    assert entry_documents(entry_from(SAMPLE_ENTRY).records, 1, "w") == [SAMPLE_ENTRY]


def test_a_document_of_a_newer_program_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        order_from({**SAMPLE_ORDER, "v": 2})
