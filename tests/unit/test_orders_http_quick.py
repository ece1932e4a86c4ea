"""The quick reader of orders says what the patient one says, or nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.edge.auth import Caller
from apps.edge.body import decode_object
from apps.orders.bodies import parse_draft
from apps.orders.quick import quick_draft
from inventory_domain.errors import DomainError
from inventory_domain.ids import UserId
from inventory_domain.order_requests import Draft
from tests.support.orders_app import BODY

ANNA = Caller(subject=UserId("anna"), roles=frozenset({"user"}), expires_at=0)
LINE = BODY["items"][0]
FULL: dict[str, Any] = {
    "items": [LINE, {"productId": "DESK", "productName": "Pine desk", "qty": 1, "price": 149.5}],
    "totalAmount": 209.48,
    "paymentMethod": 6,
    "shippingAddress": {"street": "1 Main", "city": "X", "state": "Y", "zipCode": "1"},
}


def patient(body: bytes) -> Draft | None:
    try:
        return parse_draft(decode_object(body), ANNA)
    except DomainError:
        return None


@pytest.mark.parametrize("body", [BODY, FULL])
def test_an_ordinary_order_is_read_quickly(body: dict[str, Any]) -> None:
    text = json.dumps(body).encode()

    assert quick_draft(text, ANNA) is not None
    assert quick_draft(text, ANNA) == patient(text)


@pytest.mark.parametrize(
    "price", ["0", "0.1", "0.01", "1.10", "999999999.99", "01", "1e2", "-0", "1.005", "1.", '"1"']
)
def test_amounts_are_exact_or_left_to_the_patient_reader(price: str) -> None:
    body = b'{"items":[{"productId":"LAMP","qty":3,"price":%s}]}' % price.encode()
    quick = quick_draft(body, ANNA)

    assert quick is None or quick == patient(body)


NUMBERS = st.one_of(
    st.integers(-2, 10**12),
    st.decimals(-1, 10**10, places=3).map(float),
    st.sampled_from([0, 1, 0.1, 29.99, 1e11, 2.0, True, None, "1"]),
)
TEXTS = st.one_of(st.text(max_size=5), st.sampled_from(["LAMP", "DESK", "a\nb", "x" * 201, None]))
LINES = st.fixed_dictionaries(
    {"productId": TEXTS, "qty": NUMBERS, "price": NUMBERS},
    optional={"productName": TEXTS, "quantity": NUMBERS},
)
BODIES = st.fixed_dictionaries(
    {"items": st.lists(LINES, max_size=3)},
    optional={
        "totalAmount": NUMBERS,
        "paymentMethod": st.integers(0, 8) | NUMBERS,
        "userId": st.sampled_from(["anna", "ben"]),
        "shippingAddress": st.none()
        | st.dictionaries(st.sampled_from(["street", "zipCode", "planet"]), TEXTS),
    },
)


@given(BODIES.map(lambda body: json.dumps(body).encode()) | st.binary())
def test_both_readers_agree(body: bytes) -> None:
    quick = quick_draft(body, ANNA)

    assert quick is None or quick == patient(body)
