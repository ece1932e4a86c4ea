"""Random calls: nothing lost, nothing oversold, no error of ours."""

import asyncio
import json

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.products.caller import (
    Served,
    client_of,
)
from tests.unit.products.routes import ROUTES

NAMES = st.sampled_from(["lamp", "desk"])
ORDERS = st.sampled_from([f"o-{x}" for x in range(4)])
CALLS = st.one_of(
    st.tuples(st.just("POST"), st.builds("/products/{}/restock".format, NAMES),
              st.fixed_dictionaries({"qty": st.integers(-6, 6)})),
    st.tuples(st.just("POST"), st.just("/reservations"), st.fixed_dictionaries(
        {"orderId": ORDERS, "items": st.lists(st.fixed_dictionaries(
            {"productId": NAMES, "qty": st.integers(0, 5)}), max_size=3)})),
    st.tuples(st.just("POST"), st.builds("/products/{}/reserve".format, NAMES),
              st.fixed_dictionaries({"orderId": ORDERS, "qty": st.integers(1, 5)})),
    st.tuples(st.just("POST"), st.builds("/products/{}/release".format, NAMES),
              st.fixed_dictionaries({"orderId": ORDERS, "qty": st.integers(1, 5)})),
    st.tuples(st.just("DELETE"), st.builds("/reservations/{}".format, ORDERS), st.none()),
    st.tuples(st.just("DELETE"), st.builds("/products/{}".format, NAMES), st.none()),
    st.tuples(st.just("PUT"), st.builds("/products/{}".format, NAMES),
              st.fixed_dictionaries({"isActive": st.booleans()})),
)  # fmt: skip


@given(batches=st.lists(st.lists(CALLS, min_size=1, max_size=5), max_size=8))
def test_whatever_is_called_nothing_is_lost_and_nothing_oversold(
    served: Served, batches: list[list[tuple[str, str, object]]]
) -> None:
    async def story() -> None:
        shop = served.emptied()
        await shop.add_products({"lamp": 5, "desk": 5})
        async with client_of(served.app) as client:
            for batch in batches:
                answers = await asyncio.gather(*[client.call(*call) for call in batch])
                assert all(answer.status_code != 503 for answer in answers)
                report = await shop.audit()
                assert report.holds, report.differences
                assert all(product.stock >= 0 for product in report.products)

    asyncio.run(story())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(["_id", "name", "price", "stock", "tags", "imageUrl", "brand", "qty",
                          "quantity", "orderId", "items", "productId", "reason"])  # fmt: skip


@given(
    body=st.dictionaries(FIELDS, JSON) | JSON,
    place=st.sampled_from([(m, p) for m, p, body, _ in ROUTES if body is not None]),
)
def test_no_body_is_ever_an_error_of_ours(
    served: Served, body: object, place: tuple[str, str]
) -> None:
    async def send() -> None:
        shop = served.emptied()
        await shop.add_products({"lamp": 5})
        async with client_of(served.app) as client:
            answer = await client.call(*place, content=json.dumps(body))
            assert answer.status_code in (200, 201, 400, 404, 409, 422)
            assert (await shop.audit()).holds

    asyncio.run(send())
