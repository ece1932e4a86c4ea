"""How a reservation ends, and what adjusts and batches do, told as short stories."""

from typing import Any

import attrs
import pytest

from inventory_domain.ids import EventId, ProductId
from inventory_domain.messages import Trace
from inventory_domain.stock import (
    Command,
    HeldLine,
    MovementKind,
    Release,
    ReservationState,
    StockView,
)
from inventory_domain.stock_decisions import StockPolicy, Verdict, decide, touched
from inventory_domain.testing import (
    DESK,
    LAMP,
    NOW,
    a_consume,
    a_line,
    a_release,
    a_reserve,
    an_adjust,
)
from tests.unit.shelf import CODEC, Shelf, document

MISSING = ProductId("MISSING")
STATE = ReservationState


def test_released_gives_back_what_the_order_holds() -> None:
    shelf = Shelf({LAMP: 10})
    shelf.tell(a_reserve(wanted={LAMP: 2}, order_number="ORD-1"))

    outcome = shelf.tell(a_release(reason="ORDER_CANCELLED"))

    assert outcome.verdict is Verdict.RELEASED
    assert shelf.levels() == {LAMP: (10, 0, 0)}
    told = document(outcome.event)
    assert (told["eventType"], told["sequence"], told["reason"]) == (
        "STOCK_RELEASED",
        2,
        "ORDER_CANCELLED",
    )
    assert told["orderNumber"] == "ORD-1"
    assert shelf.movements[-1].kind is MovementKind.RELEASED
    assert shelf.movements[-1].reason == "ORDER_CANCELLED"


def test_a_release_of_these_lines_only_leaves_others_alone() -> None:
    shelf = Shelf({LAMP: 10})
    shelf.tell(a_reserve(wanted={LAMP: 2}))

    def release_only(quantity: int) -> Release:
        return a_release(only=(HeldLine(product_id=LAMP, quantity=quantity),))

    assert shelf.tell(release_only(3)).verdict is Verdict.HELD_OTHERWISE
    assert shelf.levels() == {LAMP: (8, 2, 0)}
    assert shelf.tell(release_only(2)).verdict is Verdict.RELEASED
    assert shelf.levels() == {LAMP: (10, 0, 0)}


def test_nothing_held_closes_the_order_for_a_reserve_that_comes_late() -> None:
    shelf = Shelf({LAMP: 10})

    first = shelf.tell(a_release())
    late = shelf.tell(a_reserve())

    assert first.verdict is Verdict.NOTHING_HELD
    assert document(first.event)["items"] == []
    assert late.verdict is Verdict.SUPERSEDED
    assert late.event is None
    assert shelf.levels() == {LAMP: (10, 0, 0)}
    assert shelf.reservations[a_reserve().order_id].state is STATE.CANCELLED


def test_superseded_also_when_the_order_had_held_its_stock() -> None:
    shelf = Shelf({LAMP: 10})
    shelf.send(a_reserve(), a_release())

    assert shelf.tell(a_reserve(event_id="another")).verdict is Verdict.SUPERSEDED
    assert shelf.levels() == {LAMP: (10, 0, 0)}


def test_a_release_of_what_was_sold_changes_nothing() -> None:
    shelf = Shelf({LAMP: 10})
    shelf.send(a_reserve(), a_consume())

    outcome = shelf.tell(a_release())

    assert outcome.verdict is Verdict.NOTHING_HELD
    assert outcome.event is None
    assert shelf.levels() == {LAMP: (8, 0, 2)}


def test_consumed_turns_what_is_held_into_a_sale_and_tells_nobody() -> None:
    shelf = Shelf({LAMP: 10})
    shelf.tell(a_reserve())

    outcome = shelf.tell(a_consume())

    assert outcome.verdict is Verdict.CONSUMED
    assert outcome.event is None
    assert shelf.levels() == {LAMP: (8, 0, 2)}


def test_a_delivery_that_comes_before_its_reserve_is_sold_when_it_comes() -> None:
    shelf = Shelf({LAMP: 10})

    early = shelf.tell(a_consume())
    late = shelf.tell(a_reserve())

    assert early.verdict is Verdict.NOTHING_HELD
    assert late.verdict is Verdict.CONSUMED
    assert document(late.event)["eventType"] == "STOCK_RESERVED"
    assert shelf.levels() == {LAMP: (8, 0, 2)}
    assert [movement.kind for movement in shelf.movements[1:]] == ["reserved", "consumed"]


def test_a_final_shortage_does_not_forget_the_delivery() -> None:
    shelf = Shelf({LAMP: 1})
    shelf.tell(a_consume())

    assert shelf.tell(a_reserve(final=True)).verdict is Verdict.REJECTED
    shelf.tell(an_adjust(LAMP, 5))

    assert shelf.tell(a_reserve(redrives=1)).verdict is Verdict.CONSUMED
    assert shelf.levels() == {LAMP: (4, 0, 2)}


@pytest.mark.parametrize("price", [None, 1])
def test_whoever_asks_too_late_and_in_vain_is_told_so_once(price: int | None) -> None:
    shelf = Shelf({LAMP: 1})
    shelf.tell(a_consume())
    request = a_reserve(lines=(a_line(LAMP, 2, price),), final=True)

    first, again = shelf.tell(request), shelf.tell(request)

    assert document(first.event)["eventType"] == "STOCK_REJECTED"
    assert again.verdict is Verdict.DUPLICATE
    assert again.event == first.event


def test_a_delivery_of_a_cancelled_order_is_superseded() -> None:
    shelf = Shelf({LAMP: 10})
    shelf.send(a_reserve(), a_release())

    assert shelf.tell(a_consume()).verdict is Verdict.SUPERSEDED
    assert shelf.levels() == {LAMP: (10, 0, 0)}


@pytest.mark.parametrize(
    "story",
    [
        [a_reserve()],
        [a_reserve(wanted={LAMP: 99}, final=True)],
        [a_reserve(), a_release()],
        [a_release()],
    ],
    ids=["reserved", "rejected", "released", "cancelled"],
)
def test_a_duplicate_is_told_the_same_outcome_byte_for_byte(story: list[Any]) -> None:
    shelf = Shelf({LAMP: 10})
    first = shelf.send(*story).outcomes[-1]
    before = shelf.levels()

    again = shelf.tell(attrs.evolve(story[-1], trace=Trace(correlation_id="another-call")))

    assert again.verdict is Verdict.DUPLICATE
    assert again.event == first.event
    assert again.refused == first.refused
    assert shelf.levels() == before


def test_a_late_duplicate_of_a_reserve_is_told_of_the_sale_and_takes_nothing() -> None:
    shelf = Shelf({LAMP: 10})
    first, _ = shelf.send(a_reserve(), a_consume()).outcomes

    again = shelf.tell(a_reserve())

    assert (again.verdict, again.event) == (Verdict.DUPLICATE, first.event)
    assert shelf.tell(a_consume()).verdict is Verdict.DUPLICATE
    assert shelf.levels() == {LAMP: (8, 0, 2)}


def test_a_redriven_request_is_a_new_try_and_its_old_copies_are_duplicates() -> None:
    shelf = Shelf({LAMP: 1})
    shelf.tell(a_reserve(final=True))
    shelf.tell(an_adjust(LAMP, 5))

    assert shelf.tell(a_reserve()).verdict is Verdict.DUPLICATE
    redriven = shelf.tell(a_reserve(redrives=1))
    assert redriven.verdict is Verdict.RESERVED
    assert document(redriven.event)["sequence"] == 2
    assert shelf.tell(a_reserve(final=True)).verdict is Verdict.DUPLICATE


def test_a_rejected_order_may_ask_again_with_a_new_request() -> None:
    shelf = Shelf({LAMP: 1})
    shelf.tell(a_reserve(final=True))

    assert shelf.tell(a_reserve(wanted={LAMP: 1}, event_id="new")).verdict is Verdict.RESERVED


def test_adjusted_receives_and_writes_off() -> None:
    shelf = Shelf({LAMP: 10})

    received = shelf.tell(an_adjust(LAMP, 5, reason="delivery", actor="boss"))
    written_off = shelf.tell(an_adjust(LAMP, -15))

    assert (received.verdict, received.stock) == (Verdict.ADJUSTED, 15)
    assert (written_off.verdict, written_off.stock) == (Verdict.ADJUSTED, 0)
    told = document(received.event)
    assert (told["eventType"], told["qty"], told["stock"]) == ("STOCK_ADJUSTED", 5, 15)
    lamp = shelf.products[LAMP]
    assert (lamp.received, lamp.written_off) == (15, 15)
    assert [(move.kind, move.quantity) for move in shelf.movements[1:]] == [
        (MovementKind.RECEIVED, 5),
        (MovementKind.WRITTEN_OFF, 15),
    ]
    assert shelf.movements[1].actor == "boss"


def test_below_zero_is_refused_with_the_stock_as_it_is() -> None:
    shelf = Shelf({LAMP: 10})
    shelf.tell(a_reserve(wanted={LAMP: 4}))

    outcome = shelf.tell(an_adjust(LAMP, -7))

    assert (outcome.verdict, outcome.stock) == (Verdict.BELOW_ZERO, 6)
    assert shelf.levels() == {LAMP: (6, 4, 0)}


def test_unknown_product_cannot_be_adjusted() -> None:
    assert Shelf().tell(an_adjust(MISSING)).verdict is Verdict.UNKNOWN_PRODUCT


def test_each_command_of_a_batch_sees_those_before_it() -> None:
    shelf = Shelf({LAMP: 3})

    decision = shelf.send(
        a_reserve("order-1", {LAMP: 2}),
        a_reserve("order-2", {LAMP: 2}),
        a_release("order-1"),
        a_reserve("order-3", {LAMP: 2}),
        an_adjust(LAMP, 1),
    )

    verdicts = [outcome.verdict for outcome in decision.outcomes]
    assert verdicts == ["reserved", "short", "released", "reserved", "adjusted"]
    (write,) = decision.change.products
    assert (write.expected_version, write.product.version) == (2, 6)
    assert len(decision.change.reservations) == 2


def test_what_comes_behind_a_short_request_of_its_order_waits_with_it() -> None:
    shelf = Shelf({LAMP: 3})

    decision = shelf.send(
        a_reserve("order-1", {LAMP: 4}),
        a_reserve("order-1", {LAMP: 1}, event_id=EventId("another")),
        a_consume("order-1"),
        a_reserve("order-2", {LAMP: 1}),
    )

    verdicts = [outcome.verdict for outcome in decision.outcomes]
    assert verdicts == ["short", "short", "short", "reserved"]
    assert shelf.levels() == {LAMP: (2, 1, 0)}


def test_a_release_does_not_wait_and_ends_the_waiting() -> None:
    shelf = Shelf({LAMP: 3})

    decision = shelf.send(
        a_reserve("order-1", {LAMP: 4}),
        a_release("order-1"),
        a_reserve("order-1", {LAMP: 1}, event_id=EventId("another")),
    )

    verdicts = [outcome.verdict for outcome in decision.outcomes]
    assert verdicts == ["short", "nothing_held", "superseded"]


def test_a_batch_that_changes_nothing_gives_an_empty_change() -> None:
    assert Shelf({LAMP: 1}).send(a_reserve(wanted={LAMP: 2})).change.is_empty
    assert Shelf({LAMP: 1}).send().change.is_empty


def test_a_view_without_a_held_product_is_a_mistake_of_the_caller() -> None:
    shelf = Shelf({LAMP: 10})
    shelf.tell(a_reserve())
    view = StockView(shelf.reservations, {})

    with pytest.raises(LookupError, match="LAMP-OAK"):
        decide([a_release()], view, now=NOW, policy=StockPolicy(), codec=CODEC)


def test_touched_names_what_a_view_must_hold() -> None:
    commands: list[Command] = [
        a_reserve("order-1", {LAMP: 1, DESK: 1}),
        a_release("order-2"),
        a_consume("order-3"),
        an_adjust(MISSING),
    ]

    assert touched(commands) == ({"order-1", "order-2", "order-3"}, {LAMP, DESK, MISSING})
    assert touched([]) == (set(), set())
