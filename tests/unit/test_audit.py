"""The audit names every way in which stock can fail to add up, and nothing else."""

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory_domain.audit import Auditor, AuditPart, AuditReport
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.stock import HeldLine, MovementKind, ReservationState
from inventory_domain.testing import (
    DESK,
    LAMP,
    a_consume,
    a_movement,
    a_product,
    a_release,
    a_reservation,
    a_reserve,
    an_adjust,
)
from tests.unit.shelf import Shelf

ORDER = OrderId("order-1")


def a_shop() -> Shelf:
    """A shop in which everything happened: lamps held, desks sold, some received and lost."""
    shelf = Shelf({LAMP: 10, DESK: 5})
    shelf.send(a_reserve("order-1", {LAMP: 2}), a_reserve("order-2", {LAMP: 1, DESK: 3}))
    shelf.send(a_release("order-3"), a_consume("order-2"), an_adjust(LAMP, 4), an_adjust(DESK, -1))
    shelf.send(a_reserve("order-4", {DESK: 1}), a_release("order-4"))
    return shelf


def audit(shelf: Shelf) -> AuditReport:
    part = AuditPart(
        products=tuple(shelf.products.values()),
        reservations=tuple(shelf.reservations.values()),
        movements=tuple(shelf.movements),
    )
    report, brief = (told_by(Auditor(names_orders=names), part) for names in (True, False))
    # Whoever only wants to know whether it holds is told the same.
    assert brief.holds == report.holds
    assert brief.products == report.products
    return report


def told_by(auditor: Auditor, part: AuditPart) -> AuditReport:
    auditor.add(part)
    return auditor.report()


def differences(shelf: Shelf) -> list[tuple[str, str, str | None, int, int]]:
    return [
        (one.product_id, one.what, one.order_id, one.found, one.expected)
        for one in audit(shelf).differences
    ]


def change(shelf: Shelf, product_id: ProductId, **changes: Any) -> None:
    shelf.products[product_id] = attrs.evolve(shelf.products[product_id], **changes)


def test_an_empty_store_holds() -> None:
    report = Auditor().report()

    assert report.holds
    assert (report.products, report.orders_reserved, report.movements) == ((), 0, 0)


def test_a_sound_store_holds_and_its_sums_are_told() -> None:
    report = audit(a_shop())

    assert report.holds
    assert report.differences == ()
    assert (report.orders_reserved, report.movements) == (1, 11)
    desk, lamp = report.products
    assert (lamp.product_id, lamp.name, lamp.holds) == (LAMP, "Lamp Oak", True)
    assert (lamp.received, lamp.stock, lamp.reserved, lamp.sold, lamp.written_off) == (
        14,
        11,
        2,
        1,
        0,
    )
    assert (desk.received, desk.stock, desk.reserved, desk.sold, desk.written_off) == (
        5,
        1,
        0,
        3,
        1,
    )


@pytest.mark.parametrize("what", ["stock", "reserved", "sold", "received", "written_off"])
def test_a_number_changed_by_hand_is_named_with_its_difference(what: str) -> None:
    shelf = a_shop()
    expected = getattr(shelf.products[LAMP], what)
    change(shelf, LAMP, **{what: expected + 3})

    report = audit(shelf)

    (difference,) = report.differences
    assert (difference.product_id, difference.what) == (LAMP, what.replace("_", " "))
    assert (difference.expected, difference.found) == (expected, expected + 3)
    assert "difference +3" in str(difference)
    assert not report.holds
    assert [total.holds for total in report.products] == [True, False]


def test_a_changed_movement_breaks_the_balances_from_there_on() -> None:
    shelf = a_shop()
    first, second, *rest = shelf.movements
    shelf.movements = [attrs.evolve(first, quantity=9), second, *rest]

    found = differences(shelf)

    # Only the first wrong balance is named; the later ones follow from it.
    assert (LAMP, "stock after movement 2", None, 10, 9) in found
    assert (LAMP, "stock", None, 11, 10) in found
    assert not any("movement 3" in what for _, what, *_ in found)


def test_a_lost_movement_names_its_product_and_its_order() -> None:
    shelf = a_shop()
    lost = next(move for move in shelf.movements if move.order_id == ORDER)
    shelf.movements.remove(lost)

    found = differences(shelf)

    assert (LAMP, "units held beyond the ledger", ORDER, 2, 0) in found
    assert (LAMP, "reserved", None, 2, 0) in found


def test_a_lost_reservation_names_what_the_ledger_holds_for_it() -> None:
    shelf = a_shop()
    del shelf.reservations[ORDER]

    assert differences(shelf) == [(LAMP, "units held beyond the ledger", ORDER, -2, 0)]


def test_a_reservation_of_another_quantity_is_named() -> None:
    shelf = a_shop()
    held = shelf.reservations[ORDER]
    lines = (HeldLine(product_id=LAMP, quantity=5),)
    shelf.reservations[ORDER] = attrs.evolve(held, lines=lines)

    assert differences(shelf) == [(LAMP, "units held beyond the ledger", ORDER, 3, 0)]


def test_a_half_reserved_order_is_named_with_the_half_that_lacks() -> None:
    shelf = Shelf({LAMP: 10, DESK: 5})
    shelf.tell(a_reserve("order-1", {LAMP: 2, DESK: 1}))
    half = [move for move in shelf.movements if move.product_id == LAMP or move.order_id is None]
    shelf.movements = half
    change(shelf, DESK, stock=5, reserved=0)

    assert differences(shelf) == [(DESK, "units held beyond the ledger", ORDER, 1, 0)]


@pytest.mark.parametrize("state", [state for state in ReservationState if state != "reserved"])
def test_a_reservation_that_has_ended_holds_nothing(state: ReservationState) -> None:
    shelf = Shelf({LAMP: 10})
    shelf.reservations[ORDER] = a_reservation(state=state)

    assert audit(shelf).holds


def test_units_that_one_order_has_for_another_are_named() -> None:
    shelf = a_shop()
    shelf.send(a_reserve("order-5", {LAMP: 2}))
    held = shelf.reservations[ORDER]
    other = OrderId("order-5")
    shelf.reservations[ORDER] = attrs.evolve(held, lines=held.lines[:0])
    shelf.reservations[other] = attrs.evolve(
        shelf.reservations[other], lines=(HeldLine(product_id=LAMP, quantity=4),)
    )

    assert differences(shelf) == [
        (LAMP, "units held beyond the ledger", ORDER, -2, 0),
        (LAMP, "units held beyond the ledger", other, 2, 0),
    ]


def test_a_ledger_without_its_product_is_named() -> None:
    shelf = a_shop()
    shelf.movements.append(a_movement("GONE", quantity=3))

    assert differences(shelf) == [("GONE", "ledgers without a product", None, 1, 0)]


def test_a_faulty_ledger_without_its_product_is_named_with_its_fault() -> None:
    shelf = a_shop()
    shelf.movements.append(a_movement("GONE", quantity=3, stock_after=4))

    assert [what for _, what, *_ in differences(shelf)] == [
        "stock after movement 2",
        "ledgers without a product",
    ]


def test_stock_below_zero_is_named_even_if_the_ledger_agrees() -> None:
    shelf = Shelf()
    shelf.products[LAMP] = a_product(LAMP, stock=-2, reserved=2, received=0)
    shelf.reservations[ORDER] = a_reservation(ORDER)
    shelf.movements = [
        a_movement(
            LAMP,
            kind=MovementKind.RESERVED,
            quantity=2,
            order_id=ORDER,
            stock_after=-2,
            reserved_after=2,
        )
    ]

    (difference,) = audit(shelf).differences

    assert (difference.product_id, difference.found) == (LAMP, -2)
    assert "never below zero" in str(difference)


def test_a_wrong_balance_that_later_ones_make_good_is_still_named() -> None:
    shelf = a_shop()
    first, *rest = shelf.movements
    shelf.movements = [attrs.evolve(first, stock_after=7), *rest]

    report = audit(shelf)

    assert [(one.what, one.found) for one in report.differences] == [("stock after movement 2", 7)]
    assert [total.holds for total in report.products] == [True, False]


@given(st.permutations(range(6)))
def test_parts_may_come_in_any_order(order: list[int]) -> None:
    shelf = a_shop()
    products, held = list(shelf.products.values()), list(shelf.reservations.values())
    # A product's movements keep their order; those of different products need not.
    ledgers = [tuple(m for m in shelf.movements if m.product_id == name) for name in (LAMP, DESK)]
    parts = [
        AuditPart(products=tuple(products[:1])),
        AuditPart(products=tuple(products[1:])),
        AuditPart(reservations=tuple(held[:2])),
        AuditPart(reservations=tuple(held[2:])),
        AuditPart(movements=ledgers[0]),
        AuditPart(movements=ledgers[1]),
    ]
    auditor = Auditor()

    for position in order:
        auditor.add(parts[position])

    assert auditor.report() == audit(shelf)
