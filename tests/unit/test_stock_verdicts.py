"""What becomes of a request for stock, each verdict told as a short story."""

import pytest

from inventory_domain.errors import RefusedLine
from inventory_domain.ids import ProductId
from inventory_domain.money import Money
from inventory_domain.stock import ReservationState
from inventory_domain.stock_decisions import Verdict
from inventory_domain.testing import (
    DESK,
    LAMP,
    a_line,
    a_product,
    a_reserve,
)
from tests.unit.shelf import Shelf, document

MISSING = ProductId("MISSING")
STATE = ReservationState


def test_reserved_takes_every_line_and_tells_the_stock_after_it() -> None:
    shelf = Shelf({LAMP: 10, DESK: 4})

    outcome = shelf.tell(a_reserve(wanted={LAMP: 2, DESK: 4}, order_number="ORD-1"))

    assert outcome.verdict is Verdict.RESERVED
    assert shelf.levels() == {LAMP: (8, 2, 0), DESK: (0, 4, 0)}
    told = document(outcome.event)
    assert (told["eventType"], told["orderNumber"], told["sequence"]) == (
        "STOCK_RESERVED",
        "ORD-1",
        1,
    )
    assert told["items"] == [
        {"productId": DESK, "qty": 4, "stock": 0, "stockVersion": 3},
        {"productId": LAMP, "qty": 2, "stock": 8, "stockVersion": 3},
    ]


def test_short_takes_nothing_and_remembers_nothing() -> None:
    shelf = Shelf({LAMP: 10, DESK: 2})

    outcome = shelf.tell(a_reserve(wanted={LAMP: 5, DESK: 10, MISSING: 1}))

    assert outcome.verdict is Verdict.SHORT
    assert outcome.refused == (
        RefusedLine(product_id=DESK, wanted=10, available=2, reason="insufficient_stock"),
        RefusedLine(product_id=MISSING, wanted=1, available=0, reason="unknown_product"),
    )
    assert outcome.event is None
    assert shelf.levels() == {LAMP: (10, 0, 0), DESK: (2, 0, 0)}
    assert shelf.reservations == {}


def test_rejected_is_the_final_answer_to_a_shortage() -> None:
    shelf = Shelf({LAMP: 1})

    outcome = shelf.tell(a_reserve(wanted={LAMP: 2}, final=True))

    assert outcome.verdict is Verdict.REJECTED
    assert shelf.levels() == {LAMP: (1, 0, 0)}
    told = document(outcome.event)
    assert (told["eventType"], told["reason"]) == ("STOCK_REJECTED", "insufficient_stock")
    (line,) = told["items"]
    assert (line["wanted"], line["available"], line["reason"]) == (2, 1, "insufficient_stock")


def test_an_inactive_product_cannot_be_reserved() -> None:
    shelf = Shelf(None, a_product(LAMP, is_active=False))

    outcome = shelf.tell(a_reserve())

    assert outcome.verdict is Verdict.SHORT
    (line,) = outcome.refused
    assert (line.available, line.stock, line.reason) == (0, 10, "inactive_product")


def test_a_rejection_tells_the_stock_of_each_refused_product_whether_it_can_be_sold_or_not() -> (
    None
):
    shelf = Shelf(None, a_product(LAMP, stock=5, is_active=False), a_product(DESK, stock=2))

    outcome = shelf.tell(a_reserve(wanted={LAMP: 1, DESK: 3, MISSING: 1}, final=True))

    told = {line["productId"]: line for line in document(outcome.event)["items"]}
    assert {name: (line["available"], line["stock"]) for name, line in told.items()} == {
        LAMP: (0, 5),
        DESK: (2, 2),
        MISSING: (0, 0),
    }


def test_price_changed_is_final_at_once_and_names_the_price() -> None:
    shelf = Shelf(None, a_product(LAMP, price=Money(3199)))

    outcome = shelf.tell(a_reserve(lines=(a_line(LAMP, 2, price=2999),)))

    assert outcome.verdict is Verdict.PRICE_CHANGED
    assert outcome.refused[0].price == 3199
    told = document(outcome.event)
    assert (told["eventType"], told["reason"]) == ("STOCK_REJECTED", "price_changed")
    assert told["items"][0]["price"] == 31.99
    assert shelf.levels() == {LAMP: (10, 0, 0)}


def test_a_changed_price_goes_before_a_shortage_of_another_line() -> None:
    shelf = Shelf({DESK: 1, LAMP: 10})

    outcome = shelf.tell(a_reserve(lines=(a_line(DESK, 5), a_line(LAMP, 1, price=1))))

    assert outcome.verdict is Verdict.PRICE_CHANGED
    assert document(outcome.event)["reason"] == "price_changed"
    assert [line.reason for line in outcome.refused] == ["insufficient_stock", "price_changed"]


@pytest.mark.parametrize("price", [None, 2999])
def test_a_line_with_no_price_or_the_right_one_is_reserved(price: int | None) -> None:
    outcome = Shelf({LAMP: 2}).tell(a_reserve(lines=(a_line(LAMP, 2, price=price),)))

    assert outcome.verdict is Verdict.RESERVED


def test_prices_are_not_looked_at_when_the_shop_does_not_check_them() -> None:
    wrong = a_reserve(lines=(a_line(LAMP, 2, price=1),))

    assert Shelf({LAMP: 2}).tell(wrong, check_prices=False).verdict is Verdict.RESERVED


def test_held_otherwise_leaves_what_the_order_holds() -> None:
    shelf = Shelf({LAMP: 10})
    shelf.tell(a_reserve(wanted={LAMP: 2}))

    outcome = shelf.tell(a_reserve(wanted={LAMP: 3}, event_id="another"))

    assert outcome.verdict is Verdict.HELD_OTHERWISE
    assert outcome.event is None
    assert shelf.levels() == {LAMP: (8, 2, 0)}
