"""Whatever lies in a topic that is consumed, its record ends, and no handler stumbles over it."""

import json
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.container import fast_codec
from inventory_domain.records import Headers, OutgoingRecord
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.topics import ORDERS_TOPICS, PRODUCTS_TOPICS

TAGS = (
    "STOCK_RESERVE_REQUEST",
    "STOCK_RELEASE_REQUEST",
    "ORDER_COMPLETED",
    "STOCK_RESERVED",
    "STOCK_REJECTED",
    "STOCK_RELEASED",
    "STOCK_ADJUSTED",
)
FIELDS = [
    "eventId",
    "orderId",
    "orderNumber",
    "items",
    "sequence",
    "occurredAt",
    "reason",
    "productId",
    "qty",
    "stock",
    "stockVersion",
    "correlationId",
]
LINE_FIELDS = [
    "productId",
    "qty",
    "quantity",
    "price",
    "stock",
    "stockVersion",
    "wanted",
    "available",
    "reason",
]
HEADERS = [
    "redrive-count",
    "event-id",
    "correlation-id",
    "traceparent",
    "original-topic",
    "original-partition",
    "original-offset",
    "original-timestamp",
    "attempts",
    "error-class",
    "first-failure-at",
]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, 1, 2**63, -(2**63) - 1, 10**40, 1e300, 0.1, float("inf")]),
    st.text(max_size=8),
    st.sampled_from(["o1", "lamp", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "\ud800"]),
)
lines = st.dictionaries(st.sampled_from(LINE_FIELDS), scalars, max_size=6)
good_line = st.fixed_dictionaries({"productId": st.just("lamp"), "qty": st.integers(1, 3)})
items = st.one_of(scalars, st.lists(st.one_of(lines, good_line, scalars), max_size=3))
documents = st.builds(
    lambda tag, known, more: {"orderId": "o1", **more, **known, "eventType": tag},
    st.one_of(st.sampled_from(TAGS), scalars),
    st.fixed_dictionaries({}, optional={"items": items}),
    st.dictionaries(st.sampled_from(FIELDS), scalars, max_size=8),
)
values = st.one_of(st.none(), st.binary(max_size=20), documents.map(json.dumps).map(str.encode))
headers = st.lists(
    st.tuples(
        st.sampled_from(HEADERS),
        st.one_of(
            st.binary(max_size=10), st.sampled_from([b"9" * 5000, b"-1", b"1", b"x" * 300_000])
        ),
    ),
    max_size=4,
).map(tuple)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(PRODUCTS_TOPICS + ORDERS_TOPICS),
            st.sampled_from([None, b"o1", b"\xff"]),
            values,
            headers,
        ),
        min_size=1,
        max_size=8,
    ),
    st.booleans(),
)
@settings(max_examples=50, deadline=None)
async def test_every_record_ends(
    sent: list[tuple[str, bytes | None, bytes | None, Headers]], fast: bool
) -> None:
    shop = MemoryShop()
    if fast:
        use_codec(shop, fast_codec())
    await shop.add_products({"lamp": 3})
    await shop.log.publish([OutgoingRecord(*parts) for parts in sent])

    await shop.settle()
    letters = await shop.dead_letters()
    await shop.redrive.run(await shop.redrive.plan(letters))
    await shop.settle()

    assert (await shop.audit()).holds


def use_codec(shop: MemoryShop, codec: Any) -> None:
    shop.codec = codec
    shop.ledger = attrs.evolve(shop.ledger, codec=codec)
    shop.keeper = attrs.evolve(shop.keeper, codec=codec, ledger=shop.ledger)
    shop.redrive = attrs.evolve(shop.redrive, codec=codec, ledger=shop.ledger)
