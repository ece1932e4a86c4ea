"""Bad input at POST /orders: a clear error, and nothing is changed."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.orders_app import API, BODY, OrdersWorld, bearer, client_of

ANNA = bearer("anna")
LINE = BODY["items"][0]
BAD_QUANTITIES: list[Any] = [0, -1, 1.5, "2", True, 1e9, [], {}]


def with_line(**changes: Any) -> dict[str, Any]:
    return {"items": [{**LINE, **changes}]}


@pytest.fixture
def world() -> OrdersWorld:
    return OrdersWorld()


@pytest.fixture
async def client(world: OrdersWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(world.app) as client:
        yield client


async def post(client: httpx.AsyncClient, body: object) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post(f"{API}/orders", content=content, headers=ANNA)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not JSON", 400),
        (b"[]", 400),
        (b"[" * 100_000, 400),
        (b'{"items":' * 50_000, 400),
        (b'{"items":[{"productId":"LAMP","qty":1,"price":NaN}]}', 400),
        (b'{"items":[{"productId":"LAMP","qty":1,"price":1e400}]}', 400),
        (b'{"items":[{"productId":"LAMP","qty":1,"price":1e99999999999999999999}]}', 400),
        (b'{"items":[{"productId":"LAMP","qty":1,"price":1e999999999}]}', 400),
        (b'{"items":[{"productId":"LAMP","qty":1e999999999,"price":1}]}', 400),
        (b'{"items":"' + b"x" * 2 * 1024 * 1024 + b'"}', 413),
        ({"items": []}, 422),
        ({**BODY, "totalAmount": 59.97}, 422),
        ({**BODY, "totalAmount": 59.99}, 422),
        ({"items": [LINE, {**LINE, "price": 30}]}, 400),
        ({"items": [{**LINE, "productId": f"P{n}"} for n in range(101)]}, 400),
    ],
)
async def test_it_is_refused_and_nothing_is_stored(
    world: OrdersWorld, client: httpx.AsyncClient, body: object, status: int
) -> None:
    answer = await post(client, body)

    with_key = await client.post(
        f"{API}/orders",
        content=body if isinstance(body, bytes) else json.dumps(body),
        headers={**ANNA, "Idempotency-Key": "k1"},
    )

    assert answer.status_code == with_key.status_code == status
    assert answer.json() == with_key.json()
    assert answer.json()["statusCode"] == status
    assert answer.json()["message"]
    assert not world.disk.orders
    assert not world.notifier.pushes


@pytest.mark.parametrize("headers", [ANNA, {**ANNA, "Idempotency-Key": "k1"}])
@pytest.mark.parametrize("price", [b"1e400", b"-1e400", b"9e999999", b"1" * 400])
async def test_an_amount_beyond_every_float_is_named_with_a_key_and_without(
    client: httpx.AsyncClient, price: bytes, headers: dict[str, str]
) -> None:
    body = b'{"items":[{"productId":"LAMP","qty":1,"price":' + price + b"}]}"
    answer = await client.post(f"{API}/orders", content=body, headers=headers)

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    assert answer.json()["fields"].keys() == {"items[0].price"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is empty or ends too early"),
        (b'{"items":', "it is empty or ends too early"),
        (b"nope", "invalid character (byte 4)"),
        (b'{"items":"\xff"}', "a text in it is not UTF-8"),
        (b'{"items":' + b"[" * 100_000, "it is nested too deep"),
    ],
)
async def test_what_is_no_json_is_told_in_plain_words(
    client: httpx.AsyncClient, body: bytes, reason: str
) -> None:
    answer = await post(client, body)

    assert answer.json()["message"] == f"The body must be JSON: {reason}."


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        ({}, {"items"}),
        ({"items": None}, {"items"}),
        ({"items": {}}, {"items"}),
        ({"items": [5]}, {"items[0]"}),
        ({"items": [{}]}, {"items[0].productId", "items[0].qty", "items[0].price"}),
        *[(with_line(qty=qty), {"items[0].qty"}) for qty in BAD_QUANTITIES],
        *[
            (with_line(price=price), {"items[0].price"})
            for price in (-1, -0.01, 9.999, "29.99", True, None, 1e12)
        ],
        *[
            (with_line(productId=name), {"items[0].productId"})
            for name in ("a/b", "a\x00b", "x" * 10_000, "", 5, "a b", None, "é")
        ],
        (with_line(qty=1, quantity=2), {"items[0].quantity"}),
        (with_line(productName="a\x00b"), {"items[0].productName"}),
        (with_line(productName="x" * 201), {"items[0].productName"}),
        (with_line(color="red"), {"items[0].color"}),
        ({**BODY, "coupon": "X", "gift": 1}, {"coupon", "gift"}),
        ({**with_line(qty=0), "paymentMethod": 8}, {"items[0].qty", "paymentMethod"}),
        ({**BODY, "paymentMethod": "card"}, {"paymentMethod"}),
        ({**BODY, "totalAmount": -1}, {"totalAmount"}),
        ({**BODY, "totalAmount": 59.981}, {"totalAmount"}),
        ({**BODY, "orderNumber": "ORD-1"}, {"orderNumber"}),
        ({**BODY, "orderNumber": 5}, {"orderNumber"}),
        ({**BODY, "userId": "a/b"}, {"userId"}),
        ({**BODY, "shippingAddress": {"street": 5, "planet": "X"}}, None),
        ({"items": [LINE, {**LINE, "price": 30}]}, {"items[1].price"}),
        ({"items": [{**LINE, "qty": 600_000}, {**LINE, "qty": 600_000}]}, {"items[1].qty"}),
        (with_line(qty=1_000_000, price=1e11), {"items"}),
    ],
)
async def test_every_bad_field_is_named(
    world: OrdersWorld, client: httpx.AsyncClient, body: object, bad: set[str] | None
) -> None:
    answer = await post(client, body)

    wanted = bad or {"shippingAddress.street", "shippingAddress.planet"}
    assert (answer.status_code, set(answer.json()["fields"])) == (400, wanted)
    assert not world.disk.orders


async def test_every_bad_field_of_a_large_body_is_named(client: httpx.AsyncClient) -> None:
    lines = [{"productId": "", "qty": 0, "price": -1} for _ in range(100)]
    body = {**BODY, "items": lines, "orderNumber": "7", "paymentMethod": 9, "zzz": 1}

    answer = await post(client, body)

    fields = answer.json()["fields"]
    assert {f"items[{n}].{name}" for n in range(100) for name in lines[0]} <= set(fields)
    assert {"orderNumber", "paymentMethod", "zzz"} <= set(fields)


async def test_unknown_fields_without_end_hide_no_bad_one(client: httpx.AsyncClient) -> None:
    unknown = {f"x{n}": n for n in range(50)}
    lines = [{**unknown, "productId": "", "qty": 0, "price": -1} for _ in range(100)]
    body = {**BODY, "items": lines, "orderNumber": "7", "paymentMethod": 9, "totalAmount": -1}

    fields = (await post(client, body)).json()["fields"]

    assert {f"items[{n}].{name}" for n in range(100) for name in ("productId", "qty")} <= set(
        fields
    )
    assert {"orderNumber", "paymentMethod", "totalAmount", "items[0].x0"} <= set(fields)
    assert len(fields) < 2_000


@pytest.mark.parametrize("status", ["7", "9" * 5_000, "\u0661", "-1", "nothing"])
async def test_a_status_that_there_is_not_is_refused_in_a_filter(
    client: httpx.AsyncClient, status: str
) -> None:
    path = f"{API}/orders/user/anna"

    answer = await client.get(path, params={"status": status}, headers=ANNA)

    assert answer.status_code == httpx.codes.BAD_REQUEST, answer.text
    assert list(answer.json()["fields"]) == ["status"]


@pytest.mark.parametrize("key", ["", "x" * 256, "\x7f", "é"])
async def test_a_bad_idempotency_key_is_refused(client: httpx.AsyncClient, key: str) -> None:
    named = {**ANNA, "Idempotency-Key": key}
    headers = [(name.encode(), value.encode()) for name, value in named.items()]
    answer = await client.post(f"{API}/orders", json=BODY, headers=headers)

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["Idempotency-Key"])


# To make an app takes longer than to call it.
EVERYBODYS = OrdersWorld()

NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([0, 1, 1.5, 29.99, 1e11, 1e13, 10**30, -0.0])
)
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(["LAMP", "a\x00b", "", "x" * 300]))
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)
LINES = st.fixed_dictionaries(
    {},
    optional={
        "productId": st.sampled_from(["LAMP", "DESK"]) | ANYTHING,
        "qty": st.integers(1, 5) | ANYTHING,
        "quantity": st.integers(1, 5) | ANYTHING,
        "price": st.sampled_from([1, 29.99]) | ANYTHING,
        "productName": TEXTS | ANYTHING,
        "odd": ANYTHING,
    },
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "items": st.lists(LINES, max_size=4) | ANYTHING,
        "totalAmount": NUMBERS | ANYTHING,
        "userId": st.just("anna") | ANYTHING,
        "orderNumber": st.just("ORD-1732095234567-K3F9") | ANYTHING,
        "paymentMethod": st.integers(0, 8) | ANYTHING,
        "shippingAddress": st.dictionaries(st.sampled_from(["street", "city", "x"]), ANYTHING),
        "odd": ANYTHING,
    },
)


@given(body=BODIES | ANYTHING | st.binary())
async def test_no_body_breaks_the_service(body: object) -> None:
    before = len(EVERYBODYS.disk.orders)
    async with client_of(EVERYBODYS.app) as client:
        answer = await post(client, body)

    assert answer.status_code in (201, 400, 403, 409, 422)
    assert len(EVERYBODYS.disk.orders) - before == (answer.status_code == 201)
    assert answer.json()["success"] is (answer.status_code == 201)
