"""An order follows what becomes of its stock: newer outcomes count, late ones do not."""

from itertools import permutations

import attrs
import pytest

from inventory_domain.errors import StockNotReserved
from inventory_domain.ids import EventId, OrderId, ProductId
from inventory_domain.messages import OutcomeKind, OutcomeLine, StockOutcome
from inventory_domain.order_decisions import change_status
from inventory_domain.order_requests import OrderChange
from inventory_domain.order_stock import apply_outcome
from inventory_domain.orders import HistoryEntry, Order, OrderStatus, StockState
from inventory_domain.pushes import outcome_pushes
from inventory_domain.testing import DESK, LAMP, a_refused_line, an_order, later
from inventory_domain.testing.shop import ADMIN
from inventory_domain.writes import Push

LATER = later(60)
KIND = OutcomeKind
STATE = StockState


def outcome(kind: OutcomeKind, sequence: int = 1, *, moved: bool = True) -> StockOutcome:
    rejected = kind is KIND.REJECTED
    line = OutcomeLine(product_id=LAMP, quantity=2, stock=8, stock_version=3)
    return StockOutcome(
        event_id=EventId(f"order-1.stock.{sequence}"),
        occurred_at=later(30),
        order_id=OrderId("order-1"),
        kind=kind,
        sequence=sequence,
        lines=(line,) if moved and not rejected else (),
        refused=(a_refused_line(),) if rejected else (),
        reason="insufficient_stock" if rejected else None,
    )


def told(order: Order, one: StockOutcome) -> list[Push]:
    return outcome_pushes(order, one, now=LATER)


def follow(order: Order, *outcomes: StockOutcome) -> Order:
    for one in outcomes:
        order = apply_outcome(order, one, now=LATER).order
    return order


@pytest.mark.parametrize(
    ("before", "kind", "after"),
    [
        (STATE.REQUESTED, KIND.RESERVED, STATE.RESERVED),
        (STATE.REQUESTED, KIND.REJECTED, STATE.REJECTED),
        (STATE.REQUESTED, KIND.RELEASED, STATE.RELEASED),
        (STATE.RESERVED, KIND.RELEASED, STATE.RELEASED),
        (STATE.REJECTED, KIND.RESERVED, STATE.RESERVED),
        (STATE.REJECTED, KIND.REJECTED, STATE.REJECTED),
        # A redrive had reserved it in between; that outcome is late.
        (STATE.REJECTED, KIND.RELEASED, STATE.RELEASED),
        # It was delivered: what came before that no longer matters.
        (STATE.CONSUMED, KIND.RESERVED, STATE.CONSUMED),
        (STATE.CONSUMED, KIND.RELEASED, STATE.CONSUMED),
        (STATE.CONSUMED, KIND.REJECTED, STATE.CONSUMED),
    ],
)
def test_a_newer_outcome_leads_to_its_state(
    before: StockState, kind: OutcomeKind, after: StockState
) -> None:
    order = an_order(stock_state=before, inventory_sequence=1, version=3)

    change = apply_outcome(order, outcome(kind, 2), now=LATER)

    assert change.order.stock_state is after
    assert (change.order.inventory_sequence, change.order.version) == (2, 4)
    assert change.order.updated_at == LATER
    assert not change.is_noop
    # What happened, whatever came of it.
    names = {KIND.RESERVED: "reserved", KIND.REJECTED: "rejected", KIND.RELEASED: "released"}
    assert change.order.history[-1].change == f"stock_{names[kind]}"


@pytest.mark.parametrize("sequence", [1, 2])
@pytest.mark.parametrize("kind", KIND)
@pytest.mark.parametrize("state", STATE)
def test_an_outcome_that_is_not_newer_changes_nothing(
    state: StockState, kind: OutcomeKind, sequence: int
) -> None:
    order = an_order(stock_state=state, inventory_sequence=2)

    change = apply_outcome(order, outcome(kind, sequence), now=LATER)

    assert change == OrderChange(order, order)


def test_a_rejection_names_its_lines_and_its_reason() -> None:
    order = follow(an_order(), outcome(KIND.REJECTED))

    assert order.refused_lines == (a_refused_line(),)
    assert order.history[-1] == HistoryEntry(
        at=LATER, actor="products-service", change="stock_rejected", reason="insufficient_stock"
    )


def test_a_release_after_a_rejection_keeps_the_reason_why() -> None:
    nothing_released = outcome(KIND.RELEASED, 2, moved=False)
    order = follow(an_order(), outcome(KIND.REJECTED, 1), nothing_released)

    assert order.stock_state is STATE.REJECTED
    assert order.refused_lines == (a_refused_line(),)
    assert order.history[-1].change == "stock_not_held"


@pytest.mark.parametrize("first", [(), (outcome(KIND.REJECTED, 1),)], ids=["asked", "rejected"])
@pytest.mark.parametrize("lines", [{LAMP: 1}, {DESK: 2}, {LAMP: 2, DESK: 1}])
def test_an_order_is_not_served_by_other_items_reserved_under_its_id(
    lines: dict[ProductId, int], first: tuple[StockOutcome, ...]
) -> None:
    others = tuple(
        OutcomeLine(product_id=product_id, quantity=quantity, stock=8, stock_version=3)
        for product_id, quantity in lines.items()
    )
    reserved = attrs.evolve(outcome(KIND.RESERVED, 2), lines=others)

    order = follow(an_order(), *first, reserved)

    assert order.stock_state is STATE.REJECTED
    assert order.history[-1].change == "stock_held_otherwise"
    assert [(push.event, push.payload.get("reason")) for push in told(order, reserved)] == [
        ("order:stock_rejected", "reservation_held_with_other_items"),
        ("admin:alert", "reservation_held_with_other_items"),
    ]
    with pytest.raises(StockNotReserved):
        change_status(order, OrderStatus.PROCESSING, now=LATER, actor=ADMIN)


def test_a_second_line_of_a_product_is_counted() -> None:
    line = an_order().lines[0]
    twice = tuple(attrs.evolve(line, quantity=1) for _ in range(2))

    order = follow(an_order(lines=twice), outcome(KIND.RESERVED))

    assert order.stock_state is STATE.RESERVED


def test_what_other_items_held_can_be_given_back() -> None:
    others = (OutcomeLine(product_id=DESK, quantity=1, stock=8, stock_version=3),)
    story = [
        attrs.evolve(outcome(kind, number), lines=others)
        for number, kind in enumerate((KIND.RESERVED, KIND.RELEASED), 1)
    ]

    assert follow(an_order(), *story).stock_state is STATE.RELEASED


def test_a_redriven_reservation_forgets_why_it_was_rejected() -> None:
    order = follow(an_order(), outcome(KIND.REJECTED, 1), outcome(KIND.RESERVED, 2))

    assert order.stock_state is STATE.RESERVED
    assert order.refused_lines == ()


@pytest.mark.parametrize(
    "story",
    [
        [outcome(KIND.RELEASED, 1, moved=False)],
        [outcome(KIND.RESERVED, 1), outcome(KIND.RELEASED, 2)],
        [outcome(KIND.REJECTED, 1), outcome(KIND.RELEASED, 2, moved=False)],
        [outcome(KIND.REJECTED, 1), outcome(KIND.RESERVED, 2), outcome(KIND.RELEASED, 3)],
    ],
)
def test_outcomes_in_any_order_end_where_the_newest_leads(story: list[StockOutcome]) -> None:
    expected = follow(an_order(), *story)

    for shuffled in permutations([*story, *story]):
        order = follow(an_order(), *shuffled)

        assert order.stock_state is expected.stock_state
        assert order.inventory_sequence == expected.inventory_sequence
