"""Random histories of commands about stock, decided beside a plain model of what should happen."""

from collections.abc import Sequence
from itertools import pairwise

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from inventory_domain.messages import OutcomeKind
from inventory_domain.records import header
from inventory_domain.stock import Adjust, Command, Consume, MovementKind, Release, Reserve
from inventory_domain.stock_decisions import Outcome
from inventory_domain.testing import (
    DESK,
    LAMP,
    RUG,
    a_consume,
    a_release,
    a_reserve,
    an_adjust,
)
from tests.unit.shelf import Shelf

PRODUCTS: tuple[str, ...] = (DESK, LAMP, RUG)
ORDERS = ("order-1", "order-2", "order-3", "order-4")
OUTCOME_TAGS = {kind.value for kind in OutcomeKind}

orders = st.sampled_from(ORDERS)
wanted = st.dictionaries(st.sampled_from((*PRODUCTS, "UNKNOWN")), st.integers(1, 5), min_size=1)
reserves = st.builds(
    lambda order_id, lines, event, final: a_reserve(order_id, lines, event_id=event, final=final),
    orders,
    wanted,
    st.sampled_from(("first", "second")),
    st.booleans(),
)
adjusts = st.builds(
    an_adjust,
    st.sampled_from((*PRODUCTS, "UNKNOWN")),
    st.integers(-8, 8).filter(bool),
)
commands = st.one_of(
    reserves, reserves, st.builds(a_release, orders), st.builds(a_consume, orders), adjusts
)


class Model:
    """What should happen, told with dicts and nothing else."""

    def __init__(self, stock: dict[str, int]) -> None:
        self.stock = dict(stock)
        self.received = dict(stock)
        self.sold = dict.fromkeys(stock, 0)
        self.written_off = dict.fromkeys(stock, 0)
        self.state: dict[str, str] = {}
        self.held: dict[str, dict[str, int]] = {}
        self.rejected_by: dict[str, tuple[str, int]] = {}

    def reserved(self, product_id: str) -> int:
        return sum(lines.get(product_id, 0) for lines in self.held.values())

    def tell_all(self, batch: Sequence[Command]) -> list[str]:
        waiting: set[str] = set()
        told = []
        for command in batch:
            if isinstance(command, Release):
                waiting.discard(command.order_id)
            is_behind = not isinstance(command, Adjust) and command.order_id in waiting
            told.append("short" if is_behind else self.tell(command))
            if not isinstance(command, Adjust) and told[-1] == "short":
                waiting.add(command.order_id)
        return told

    def tell(self, command: Command) -> str:
        match command:
            case Reserve():
                return self.reserve(command)
            case Release():
                return self.release(command.order_id)
            case Consume():
                return self.consume(command.order_id)
            case Adjust():
                return self.adjust(command.product_id, command.quantity)

    def reserve(self, command: Reserve) -> str:
        order, state = command.order_id, self.state.get(command.order_id, "none")
        lines: dict[str, int] = {line.product_id: line.quantity for line in command.lines}
        attempt = (command.event_id, command.redrives)
        if state == "reserved":
            return "duplicate" if self.held[order] == lines else "held_otherwise"
        if state in ("released", "cancelled"):
            return "superseded"
        if state == "consumed":
            return "duplicate"
        event, redrives = self.rejected_by.get(order, ("", 0))
        if event == attempt[0] and attempt[1] <= redrives:
            return "duplicate"
        if any(self.stock.get(name, -1) < quantity for name, quantity in lines.items()):
            return self.refuse(command, state)
        for name, quantity in lines.items():
            self.stock[name] -= quantity
        self.held[order] = lines
        self.state[order] = "reserved"
        return self.consume(order) if state == "delivered_early" else "reserved"

    def refuse(self, command: Reserve, state: str) -> str:
        if not command.final:
            return "short"
        if state != "delivered_early":
            self.state[command.order_id] = "rejected"
        self.rejected_by[command.order_id] = (command.event_id, command.redrives)
        return "rejected"

    def release(self, order: str) -> str:
        state = self.state.get(order, "none")
        if state in ("released", "cancelled"):
            return "duplicate"
        if state == "consumed":
            return "nothing_held"
        for name, quantity in self.held.pop(order, {}).items():
            self.stock[name] += quantity
        self.state[order] = "released" if state == "reserved" else "cancelled"
        return "released" if state == "reserved" else "nothing_held"

    def consume(self, order: str) -> str:
        state = self.state.get(order, "none")
        if state in ("consumed", "delivered_early"):
            return "duplicate"
        if state in ("released", "cancelled"):
            return "superseded"
        if state != "reserved":
            self.state[order] = "delivered_early"
            self.rejected_by.pop(order, None)
            return "nothing_held"
        for name, quantity in self.held.pop(order).items():
            self.sold[name] += quantity
        self.state[order] = "consumed"
        return "consumed"

    def adjust(self, product_id: str, quantity: int) -> str:
        if product_id not in self.stock:
            return "unknown_product"
        if self.stock[product_id] + quantity < 0:
            return "below_zero"
        self.stock[product_id] += quantity
        moved = self.received if quantity > 0 else self.written_off
        moved[product_id] += abs(quantity)
        return "adjusted"


class StockHistories(RuleBasedStateMachine):
    """Batches of new, repeated, reordered and redriven commands, and what always holds."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf()
        self.model = Model({})
        self.sent: list[Command] = []
        self.ended: dict[str, tuple[int, int]] = {}

    @initialize(stock=st.fixed_dictionaries(dict.fromkeys(PRODUCTS, st.integers(0, 9))))
    def open_shop(self, stock: dict[str, int]) -> None:
        self.shelf = Shelf(stock)
        self.model = Model(stock)

    @rule(batch=st.lists(commands, min_size=1, max_size=6))
    def send(self, batch: list[Command]) -> None:
        self.deliver(batch)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), fresh=st.lists(commands, max_size=2))
    def send_again_in_any_order(self, data: st.DataObject, fresh: list[Command]) -> None:
        again = data.draw(st.lists(st.sampled_from(self.sent), min_size=1, max_size=5))
        self.deliver(data.draw(st.permutations([*again, *fresh])))

    @precondition(lambda self: any(isinstance(command, Reserve) for command in self.sent))
    @rule(data=st.data(), final=st.booleans())
    def redrive(self, data: st.DataObject, *, final: bool) -> None:
        requests = [command for command in self.sent if isinstance(command, Reserve)]
        request = data.draw(st.sampled_from(requests))
        self.deliver([attrs.evolve(request, redrives=request.redrives + 1, final=final)])

    def deliver(self, batch: Sequence[Command]) -> None:
        self.sent.extend(batch)
        before = dict(self.shelf.reservations)
        decision = self.shelf.send(*batch)
        outcomes = decision.outcomes
        assert [outcome.verdict.value for outcome in outcomes] == self.model.tell_all(batch)
        assert decision.change.events == tuple(o.event for o in outcomes if o.event is not None)
        for command, outcome in zip(batch, outcomes, strict=True):
            self.check_event(command, outcome)
        for order_id, held in self.shelf.reservations.items():
            earlier = before.get(order_id)
            assert held.sequence >= (earlier.sequence if earlier else 0)
            assert held.version >= (earlier.version if earlier else 0)

    @staticmethod
    def check_event(command: Command, outcome: Outcome) -> None:
        """Whoever is told of an outcome is told of the last one, as it was published."""
        held = outcome.reservation
        if held is None or outcome.event is None:
            return
        assert outcome.event == held.outcome
        assert header(outcome.event.headers, "event-type") in OUTCOME_TAGS
        assert header(outcome.event.headers, "event-id") == (
            f"{held.order_id}.stock.{held.sequence}"
        )
        assert not isinstance(command, Adjust)

    @invariant()
    def levels_are_those_of_the_model(self) -> None:
        for name, product in self.shelf.products.items():
            assert product.stock == self.model.stock[name]
            assert product.reserved == self.model.reserved(name)
            assert product.sold == self.model.sold[name]
            assert product.received == self.model.received[name]
            assert product.written_off == self.model.written_off[name]

    @invariant()
    def nothing_comes_or_goes_and_nothing_is_negative(self) -> None:
        for one in self.shelf.products.values():
            assert one.received == one.stock + one.reserved + one.sold + one.written_off
            assert min(one.stock, one.reserved, one.sold, one.written_off) >= 0

    @invariant()
    def an_order_holds_all_its_lines_or_none(self) -> None:
        states: dict[str, str] = {k: v.state.value for k, v in self.shelf.reservations.items()}
        assert states == self.model.state
        for order_id, held in self.shelf.reservations.items():
            if order_id in self.model.held:
                lines: dict[str, int] = {line.product_id: line.quantity for line in held.lines}
                assert lines == self.model.held[order_id]

    @invariant()
    def an_ended_order_never_takes_stock_again(self) -> None:
        for order_id, state in self.model.state.items():
            moves = [move for move in self.shelf.movements if move.order_id == order_id]
            taken = sum(move.kind is MovementKind.RESERVED for move in moves)
            if order_id in self.ended:
                assert self.ended[order_id] == (taken, len(moves))
            if state in ("released", "consumed", "cancelled"):
                self.ended[order_id] = (taken, len(moves))

    @invariant()
    def the_audit_holds(self) -> None:
        assert self.shelf.audit_differences() == []


TestStockHistories = StockHistories.TestCase
# Short histories from many beginnings find more than a few long ones.
TestStockHistories.settings = settings(stateful_step_count=15)


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Command], list[list[Command]]]:
    """Draw orders' lives, and the batches of a delivery that repeats and mixes their commands."""
    clean: list[Command] = []
    for order_id in ORDERS:
        lines = draw(st.dictionaries(st.sampled_from(PRODUCTS), st.integers(1, 5), min_size=1))
        clean.append(a_reserve(order_id, lines))
        ending = draw(st.sampled_from((a_release, a_consume, None)))
        if ending is not None:
            clean.append(ending(order_id))
    repeated = draw(st.lists(st.sampled_from(clean), max_size=8))
    mixed = draw(st.permutations([*clean, *repeated]))
    cuts = sorted(draw(st.sets(st.integers(0, len(mixed)), max_size=4)))
    bounds = [0, *cuts, len(mixed)]
    return clean, [mixed[a:b] for a, b in pairwise(bounds)]


ENOUGH = dict.fromkeys(PRODUCTS, 100)


@given(lives())
def test_any_order_and_number_of_deliveries_ends_as_one_clean_run(
    life: tuple[list[Command], list[list[Command]]],
) -> None:
    clean, batches = life
    expected, shelf = Shelf(ENOUGH), Shelf(ENOUGH)
    for command in clean:
        expected.tell(command)

    for batch in batches:
        shelf.send(*batch)

    assert shelf.levels() == expected.levels()
    assert shelf.audit_differences() == []


@given(st.lists(commands, max_size=12), st.lists(st.integers(0, 12), max_size=3))
def test_batches_decide_as_single_commands_do(batch: list[Command], cuts: list[int]) -> None:
    # One that falls short for now holds up those behind it, but only within a batch.
    batch = [attrs.evolve(one, final=True) if isinstance(one, Reserve) else one for one in batch]
    stock = dict.fromkeys(PRODUCTS, 7)
    single, batched = Shelf(stock), Shelf(stock)
    expected = [single.tell(command) for command in batch]
    bounds = [0, *sorted(cuts), len(batch)]

    decisions = [batched.send(*batch[start:end]) for start, end in pairwise(bounds)]

    assert [outcome for decision in decisions for outcome in decision.outcomes] == expected
    assert batched.products == single.products
    assert batched.reservations == single.reservations
    assert batched.movements == single.movements
