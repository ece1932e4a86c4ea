"""Decisions about one order: placing it, answering it again, and changing its details."""

import attrs
import pytest

from inventory_domain.errors import (
    AddressFixed,
    EmptyOrder,
    TooManyChanges,
    TotalMismatch,
)
from inventory_domain.ids import OrderId, UserId
from inventory_domain.messages import (
    OrderFact,
    OrderFactKind,
    ReserveRequest,
    Trace,
)
from inventory_domain.money import Money
from inventory_domain.order_decisions import (
    Actor,
    Details,
    Draft,
    OrderChange,
    as_placed,
    change_details,
    change_status,
    place_order,
)
from inventory_domain.orders import (
    HISTORY_LENGTH_MAX,
    Address,
    HistoryEntry,
    Order,
    OrderStatus,
    PaymentStatus,
    StockState,
)
from inventory_domain.testing import (
    DESK,
    LAMP,
    NOW,
    a_draft,
    a_refused_line,
    a_token,
    an_order,
    an_order_line,
    an_order_number,
    later,
)

ANNA = Actor(subject=UserId("anna"))
ADMIN = Actor(subject=UserId("boss"), is_admin=True)
TRACE = Trace(correlation_id="call-1", traceparent="00-1-2-03")
LATER = later(60)
STATUS = OrderStatus


def move(order: Order, wanted: OrderStatus, reason: str | None = None) -> OrderChange:
    return change_status(order, wanted, now=LATER, actor=ADMIN, reason=reason, trace=TRACE)


def place(draft: Draft) -> OrderChange:
    return place_order(
        draft,
        order_id=OrderId("order-1"),
        order_number=an_order_number(),
        now=NOW,
        actor=ANNA,
        trace=TRACE,
    )


def test_a_placed_order_is_pending_and_asks_for_its_stock() -> None:
    lines = (an_order_line(LAMP, 2), an_order_line(DESK, 1, price=Money(10001)))
    draft = a_draft(lines=lines, idempotency=a_token(), shipping_address=Address(city="Jena"))

    change = place(draft)

    order = change.order
    assert (order.status, order.stock_state) == (STATUS.PENDING, StockState.REQUESTED)
    assert (order.version, order.inventory_sequence, order.total) == (1, 0, 15999)
    assert (order.lines, order.idempotency) == (lines, draft.idempotency)
    assert order.history == (HistoryEntry(at=NOW, actor="anna", change="placed"),)
    assert (order.created_at, order.updated_at) == (NOW, NOW)
    assert change.before is None
    assert not change.is_noop
    created, reserve = change.messages
    assert isinstance(created, OrderFact)
    assert isinstance(reserve, ReserveRequest)
    assert (created.kind, created.event_id) == (OrderFactKind.CREATED, "order-1.1.created")
    assert (reserve.event_id, reserve.trace) == ("order-1.1.reserve", TRACE)
    asked = [(line.product_id, line.quantity, line.price) for line in reserve.lines]
    assert asked == [(LAMP, 2, 2999), (DESK, 1, 10001)]


def test_a_stated_total_must_be_the_sum_of_the_lines() -> None:
    assert place(a_draft(total=Money(5998))).order.total == 5998

    with pytest.raises(TotalMismatch) as refusal:
        place(a_draft(total=Money(5997)))

    assert (refusal.value.stated, refusal.value.computed) == (5997, 5998)


def test_an_order_without_lines_is_refused() -> None:
    with pytest.raises(EmptyOrder):
        place(a_draft(lines=()))


def test_as_placed_is_the_first_answer_whatever_happened_since() -> None:
    draft = a_draft(shipping_address=Address(city="Jena"))
    placed = place(draft).order
    since = attrs.evolve(
        placed,
        status=STATUS.CANCELLED,
        stock_state=StockState.REJECTED,
        refused_lines=(a_refused_line(),),
        shipping_address=Address(city="Weimar"),
        payment_status=PaymentStatus.PAID,
        tracking_number="T",
        version=9,
        inventory_sequence=3,
        updated_at=LATER,
        cancelled_at=LATER,
        shipped_at=LATER,
        delivered_at=LATER,
        history=(*placed.history, HistoryEntry(at=LATER, actor="boss", change="cancelled")),
    )

    assert as_placed(since, draft) == placed


def test_details_are_changed_and_noted() -> None:
    details = Details(
        shipping_address=Address(city="Weimar"),
        payment_status=PaymentStatus.PAID,
        tracking_number="T-1",
    )

    change = change_details(an_order(), details, now=LATER, actor=ADMIN)

    after = change.order
    assert after.shipping_address.city == "Weimar"
    assert (after.payment_status, after.tracking_number) == (PaymentStatus.PAID, "T-1")
    assert (after.version, after.updated_at) == (2, LATER)
    assert after.history[-1].change == "shipping_address payment_status tracking_number"
    assert change.messages == ()


def test_details_that_are_so_already_change_nothing() -> None:
    order = an_order(tracking_number="T-1", history=(HistoryEntry(at=NOW, actor="a", change=""),))

    for details in (Details(), Details(tracking_number="T-1", shipping_address=Address())):
        assert change_details(order, details, now=LATER, actor=ADMIN) == OrderChange(order, order)


@pytest.mark.parametrize("status", [STATUS.SHIPPED, STATUS.DELIVERED, STATUS.CANCELLED])
def test_the_address_is_fixed_once_the_order_is_on_its_way(status: OrderStatus) -> None:
    order = an_order(status=status)

    with pytest.raises(AddressFixed) as refusal:
        change_details(order, Details(shipping_address=Address(city="X")), now=LATER, actor=ADMIN)

    label = status.label
    assert refusal.value.message() == (
        f"The order is {label} already: its address can no longer change."
    )
    tracked = change_details(order, Details(tracking_number="T"), now=LATER, actor=ADMIN)
    assert tracked.order.tracking_number == "T"


def test_a_full_history_takes_no_more_details_but_still_a_cancellation() -> None:
    entries = (HistoryEntry(at=NOW, actor="anna", change="x"),) * HISTORY_LENGTH_MAX
    order = an_order(history=entries)

    with pytest.raises(TooManyChanges):
        change_details(order, Details(tracking_number="T"), now=LATER, actor=ADMIN)

    assert move(order, STATUS.CANCELLED).order.status is STATUS.CANCELLED
