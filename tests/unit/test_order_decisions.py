"""Decisions about one order: the square of its statuses, and what each move tells."""

from itertools import product

import attrs
import pytest

from inventory_domain.errors import (
    CancelNotAllowed,
    RefusedLine,
    StockNotReserved,
    TransitionNotAllowed,
)
from inventory_domain.ids import ProductId, UserId
from inventory_domain.messages import (
    OrderFact,
    OrderFactKind,
    ReleaseRequest,
    Trace,
)
from inventory_domain.order_decisions import (
    Actor,
    OrderChange,
    cancel_order,
    change_status,
)
from inventory_domain.orders import (
    HistoryEntry,
    Order,
    OrderStatus,
    StockState,
)
from inventory_domain.testing import (
    LAMP,
    an_order,
    later,
)

ANNA = Actor(subject=UserId("anna"))
ADMIN = Actor(subject=UserId("boss"), is_admin=True)
TRACE = Trace(correlation_id="call-1", traceparent="00-1-2-03")
LATER = later(60)
STATUS = OrderStatus

ALLOWED = {
    (STATUS.PENDING, STATUS.PROCESSING),
    (STATUS.PENDING, STATUS.CANCELLED),
    (STATUS.PROCESSING, STATUS.SHIPPED),
    (STATUS.PROCESSING, STATUS.CANCELLED),
    (STATUS.SHIPPED, STATUS.DELIVERED),
    (STATUS.SHIPPED, STATUS.CANCELLED),
}
SQUARE = list(product(STATUS, repeat=2))


def order_in(status: OrderStatus, stock: StockState = StockState.RESERVED) -> Order:
    return an_order(status=status, stock_state=stock, version=4)


def move(order: Order, wanted: OrderStatus, reason: str | None = None) -> OrderChange:
    return change_status(order, wanted, now=LATER, actor=ADMIN, reason=reason, trace=TRACE)


@pytest.mark.parametrize(("current", "wanted"), [pair for pair in SQUARE if pair in ALLOWED])
def test_an_allowed_move_is_made(current: OrderStatus, wanted: OrderStatus) -> None:
    before = order_in(current)

    change = move(before, wanted, "because")

    assert change.order.status is wanted
    assert change.order.version == before.version + 1
    assert change.order.updated_at == LATER
    assert change.order.history[-1] == HistoryEntry(
        at=LATER, actor="boss", change=wanted.name.lower(), reason="because"
    )
    assert change.before is before
    assert not change.is_noop


@pytest.mark.parametrize(
    ("current", "wanted"), [pair for pair in SQUARE if pair not in ALLOWED and len({*pair}) == 2]
)
def test_any_other_move_is_refused_with_the_moves_there_are(
    current: OrderStatus, wanted: OrderStatus
) -> None:
    with pytest.raises(TransitionNotAllowed) as refusal:
        move(order_in(current), wanted)

    allowed = {after.label for before, after in ALLOWED if before is current}
    assert set(refusal.value.allowed) == allowed
    assert (refusal.value.current, refusal.value.wanted) == (current.label, wanted.label)


@pytest.mark.parametrize("status", STATUS)
@pytest.mark.parametrize("stock", StockState)
def test_the_status_that_it_has_is_no_change(status: OrderStatus, stock: StockState) -> None:
    order = order_in(status, stock)

    change = move(order, status)

    assert change == OrderChange(order, order)
    assert change.is_noop
    assert change.messages == ()


@pytest.mark.parametrize("stock", [state for state in StockState if state != "reserved"])
def test_work_does_not_begin_before_the_stock_is_reserved(stock: StockState) -> None:
    with pytest.raises(StockNotReserved) as refusal:
        move(order_in(STATUS.PENDING, stock), STATUS.PROCESSING)

    assert refusal.value.stock_state == stock


def test_nothing_goes_out_whose_stock_was_given_back() -> None:
    with pytest.raises(StockNotReserved) as refusal:
        move(order_in(STATUS.PROCESSING, StockState.RELEASED), STATUS.SHIPPED)

    assert "given back for good: cancel it" in refusal.value.message()


def test_what_arrives_is_delivered_though_its_stock_was_given_back() -> None:
    change = move(order_in(STATUS.SHIPPED, StockState.RELEASED), STATUS.DELIVERED)

    assert change.order.status is STATUS.DELIVERED
    assert change.order.stock_state is StockState.RELEASED


def test_who_cannot_work_on_a_rejected_order_is_told_why_it_was() -> None:
    short = RefusedLine(
        product_id=ProductId("lamp"), wanted=5, available=1, reason="insufficient_stock"
    )
    order = attrs.evolve(order_in(STATUS.PENDING, StockState.REJECTED), refused_lines=(short,))

    with pytest.raises(StockNotReserved) as refusal:
        move(order, STATUS.PROCESSING)

    assert refusal.value.lines == (short,)
    assert "lamp: insufficient stock" in refusal.value.message()


@pytest.mark.parametrize("stock", StockState)
def test_a_pending_order_can_be_cancelled_whatever_its_stock(stock: StockState) -> None:
    change = move(order_in(STATUS.PENDING, stock), STATUS.CANCELLED)

    assert change.order.stock_state is stock


def test_each_move_notes_its_time() -> None:
    shipped = move(order_in(STATUS.PROCESSING), STATUS.SHIPPED).order
    delivered = move(shipped, STATUS.DELIVERED).order
    cancelled = move(order_in(STATUS.PENDING), STATUS.CANCELLED).order

    assert (shipped.shipped_at, shipped.delivered_at, shipped.cancelled_at) == (LATER, None, None)
    assert (delivered.shipped_at, delivered.delivered_at) == (LATER, LATER)
    assert delivered.stock_state is StockState.CONSUMED
    assert cancelled.cancelled_at == LATER


def test_a_move_tells_everybody_with_the_old_and_the_new_status() -> None:
    (told,) = move(order_in(STATUS.PENDING), STATUS.PROCESSING, "paid").messages

    assert isinstance(told, OrderFact)
    assert told.kind is OrderFactKind.STATUS_CHANGED
    assert (told.old_status, told.status) == (STATUS.PENDING, STATUS.PROCESSING)
    assert (told.reason, told.trace, told.occurred_at) == ("paid", TRACE, LATER)
    assert told.event_id == "order-1.5.status_changed"


def test_a_cancellation_asks_for_the_release_of_the_stock() -> None:
    changed, cancelled, release = move(order_in(STATUS.SHIPPED), STATUS.CANCELLED).messages

    assert isinstance(changed, OrderFact)
    assert isinstance(cancelled, OrderFact)
    assert isinstance(release, ReleaseRequest)
    assert changed.kind is OrderFactKind.STATUS_CHANGED
    assert cancelled.kind is OrderFactKind.CANCELLED
    assert (release.reason, release.event_id) == ("ORDER_CANCELLED", "order-1.5.release")
    assert [line.product_id for line in release.lines] == [LAMP]


def test_a_delivery_tells_that_the_order_is_complete() -> None:
    changed, completed = move(order_in(STATUS.SHIPPED), STATUS.DELIVERED).messages

    assert isinstance(changed, OrderFact)
    assert isinstance(completed, OrderFact)
    assert changed.kind is OrderFactKind.STATUS_CHANGED
    assert completed.kind is OrderFactKind.COMPLETED
    assert completed.event_id == "order-1.5.completed"


def test_a_decision_made_again_about_the_same_version_gives_the_same_messages() -> None:
    order = order_in(STATUS.PENDING)

    assert move(order, STATUS.CANCELLED) == move(order, STATUS.CANCELLED)


@pytest.mark.parametrize("status", [STATUS.PENDING, STATUS.PROCESSING])
def test_an_owner_cancels_until_the_order_is_shipped(status: OrderStatus) -> None:
    change = cancel_order(order_in(status), now=LATER, actor=ANNA, reason="changed my mind")

    assert change.order.status is STATUS.CANCELLED
    assert change.order.history[-1].actor == "anna"


def test_an_owner_does_not_cancel_what_is_shipped_but_an_admin_does() -> None:
    shipped = order_in(STATUS.SHIPPED)

    with pytest.raises(CancelNotAllowed):
        cancel_order(shipped, now=LATER, actor=ANNA)

    assert cancel_order(shipped, now=LATER, actor=ADMIN).order.status is STATUS.CANCELLED


@pytest.mark.parametrize("actor", [ANNA, ADMIN])
def test_cancelling_twice_changes_nothing_and_after_delivery_it_is_refused(actor: Actor) -> None:
    assert cancel_order(order_in(STATUS.CANCELLED), now=LATER, actor=actor).is_noop

    with pytest.raises(TransitionNotAllowed):
        cancel_order(order_in(STATUS.DELIVERED), now=LATER, actor=actor)
