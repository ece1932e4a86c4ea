"""What the pure decisions refuse of callers that come past the edge."""

import pytest

from inventory_domain.codec import Codec
from inventory_domain.errors import InvalidRequest
from inventory_domain.ids import OrderId, UserId
from inventory_domain.money import MONEY_MAX, Money
from inventory_domain.order_decisions import Actor, place_order
from inventory_domain.stock import Reserve, StockView
from inventory_domain.stock_decisions import StockPolicy, decide
from inventory_domain.testing import (
    LAMP,
    NOW,
    a_draft,
    a_line,
    a_product,
    a_reserve,
    an_order_line,
)


def decide_on(command: Reserve) -> None:
    view = StockView({}, {LAMP: a_product(LAMP, stock=10)})
    decide([command], view, now=NOW, policy=StockPolicy(), codec=Codec())


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_reserve_of_less_than_one_unit_is_no_request(quantity: int) -> None:
    with pytest.raises(ValueError, match="at least one unit"):
        decide_on(a_reserve(wanted={LAMP: quantity}))


def test_a_reserve_that_names_a_product_twice_is_no_request() -> None:
    with pytest.raises(ValueError, match="twice"):
        decide_on(a_reserve(lines=(a_line(LAMP, 1), a_line(LAMP, 2))))


def test_an_order_beyond_all_money_is_refused() -> None:
    lines = (an_order_line(LAMP, 1_000_000, price=Money(MONEY_MAX // 1000)),)

    with pytest.raises(InvalidRequest) as refused:
        place_order(
            a_draft(lines=lines),
            order_id=OrderId("order-1"),
            order_number="ORD-1732095234567-K3F9",
            now=NOW,
            actor=Actor(subject=UserId("anna")),
        )

    assert set(refused.value.fields) == {"totalAmount"}
