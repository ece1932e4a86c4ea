"""The decision about stock: a batch of commands and one view in, outcomes and one change out.

Pure: no clock, no randomness, no I/O. The same function serves the service, the HTTP calls,
the preview of a redrive and the simulator. Commands are decided in the order given, each
seeing what those before it did.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from inventory_domain.codec import Codec
from inventory_domain.errors import RefusedLine
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.messages import OutcomeKind, StockAdjusted
from inventory_domain.stock import (
    Adjust,
    Command,
    Consume,
    HeldLine,
    MovementKind,
    Release,
    Reservation,
    ReservationState,
    Reserve,
    StockView,
)
from inventory_domain.stock_outcomes import Decision, Outcome, StockPolicy, Verdict
from inventory_domain.stock_workbench import Workbench

__all__ = ["Decision", "Outcome", "StockPolicy", "Verdict", "decide", "touched"]

_STATE = ReservationState


def touched(commands: Iterable[Command]) -> tuple[set[OrderId], set[ProductId]]:
    """Return the orders and products that a view for *commands* must hold.

    A release needs the products of the reservation that it finds; a store's ``load`` adds the
    products of the reservations it returns.
    """
    orders: set[OrderId] = set()
    products: set[ProductId] = set()
    for command in commands:
        if isinstance(command, Adjust):
            products.add(command.product_id)
            continue
        orders.add(command.order_id)
        if isinstance(command, Reserve):
            products.update([line.product_id for line in command.lines])
    return orders, products


def decide(
    commands: Sequence[Command],
    view: StockView,
    *,
    now: datetime,
    policy: StockPolicy,
    codec: Codec,
) -> Decision:
    """Decide *commands* in their order over *view*.

    Conservation holds before and after every command; nothing is half taken. What comes behind a
    short request of its order falls short with it, but for a release, which ends the waiting.

    Raises:
        ValueError: a command is no request: it names a product twice or less than one unit.
            Requests that come from outside are read by ``codec``, which refuses those.
    """
    bench = Workbench(view, now=now, codec=codec)
    waiting: set[OrderId] = set()
    outcomes = tuple([_decide_in_turn(bench, command, policy, waiting) for command in commands])
    events = tuple([outcome.event for outcome in outcomes if outcome.event is not None])
    return Decision(outcomes=outcomes, change=bench.change(events))


def _decide_in_turn(
    bench: Workbench, command: Command, policy: StockPolicy, waiting: set[OrderId]
) -> Outcome:
    """Decide *command*, unless its order is among those *waiting* for their next try."""
    if isinstance(command, Adjust):
        return _adjust(bench, command)
    order_id = command.order_id
    if isinstance(command, Release):
        waiting.discard(order_id)
    elif order_id in waiting:
        return Outcome(verdict=Verdict.SHORT, reservation=bench.held(order_id))
    outcome = _decide_one(bench, command, policy)
    if outcome.verdict is Verdict.SHORT:
        waiting.add(order_id)
    return outcome


def _decide_one(
    bench: Workbench, command: Reserve | Release | Consume, policy: StockPolicy
) -> Outcome:
    if isinstance(command, Reserve):
        return _reserve(bench, command, policy)
    if isinstance(command, Release):
        return _release(bench, command)
    return _consume(bench, command)


def _reserve(bench: Workbench, command: Reserve, policy: StockPolicy) -> Outcome:
    held = bench.held(command.order_id)
    if held is not None:
        known = _known_reserve(command, held)
        if known is not None:
            return known
    refused = _refusals(bench, command, policy)
    if not refused:
        return _take(bench, command, held)
    if any(line.reason == "price_changed" for line in refused):
        return _reject(bench, command, refused, Verdict.PRICE_CHANGED)
    if command.final:
        return _reject(bench, command, refused, Verdict.REJECTED)
    return Outcome(verdict=Verdict.SHORT, reservation=held, refused=refused)


def _known_reserve(command: Reserve, held: Reservation) -> Outcome | None:
    """Answer a reserve from what is held already; None: it is to be tried."""
    if held.state is _STATE.RESERVED:
        if held.lines == _held_lines(command):
            return _duplicate(held)
        return Outcome(verdict=Verdict.HELD_OTHERWISE, reservation=held)
    if held.state in (_STATE.REJECTED, _STATE.DELIVERED_EARLY):
        same = held.event_id == command.event_id and command.redrives <= held.redrives
        return _duplicate(held) if same else None
    if held.state is _STATE.CONSUMED:
        return _duplicate(held)
    return Outcome(verdict=Verdict.SUPERSEDED, reservation=held)


def _refusals(bench: Workbench, command: Reserve, policy: StockPolicy) -> tuple[RefusedLine, ...]:
    refused = []
    for line in command.lines:
        if line.quantity < 1:
            raise ValueError(f"{line.product_id}: a reserve takes at least one unit")
        level = bench.level(line.product_id)
        price = line.price if policy.check_prices else None
        reason = "unknown_product" if level is None else level.refusal(line.quantity, price)
        if reason is not None:
            refused.append(
                RefusedLine(
                    product_id=line.product_id,
                    wanted=line.quantity,
                    available=level.sellable if level is not None else 0,
                    stock=level.stock if level is not None else 0,
                    reason=reason,
                    price=level.before.price if level and reason == "price_changed" else None,
                )
            )
    return tuple(refused)


def _take(bench: Workbench, command: Reserve, held: Reservation | None) -> Outcome:
    lines = _held_lines(command)
    after = bench.move(command.order_id, lines, MovementKind.RESERVED)
    state, verdict = _STATE.RESERVED, Verdict.RESERVED
    if held is not None and held.state is _STATE.DELIVERED_EARLY:
        after = bench.move(command.order_id, lines, MovementKind.CONSUMED)
        state, verdict = _STATE.CONSUMED, Verdict.CONSUMED
    return bench.conclude(command, state, verdict, OutcomeKind.RESERVED, lines=lines, after=after)


def _reject(
    bench: Workbench, command: Reserve, refused: tuple[RefusedLine, ...], verdict: Verdict
) -> Outcome:
    held = bench.held(command.order_id)
    early = held is not None and held.state is _STATE.DELIVERED_EARLY
    return bench.conclude(
        command,
        # A delivery is remembered: a later try that finds stock must still sell it.
        _STATE.DELIVERED_EARLY if early else _STATE.REJECTED,
        verdict,
        OutcomeKind.REJECTED,
        lines=_held_lines(command),
        refused=refused,
    )


def _release(bench: Workbench, command: Release) -> Outcome:
    held = bench.held(command.order_id)
    if command.only and held is not None and held.lines not in ((), command.only):
        return Outcome(verdict=Verdict.HELD_OTHERWISE, reservation=held)
    if held is not None and held.state in (_STATE.RELEASED, _STATE.CANCELLED):
        return _duplicate(held)
    if held is not None and held.state is _STATE.CONSUMED:
        return Outcome(verdict=Verdict.NOTHING_HELD, reservation=held)
    lines = () if held is None else held.lines
    if held is not None and held.state is _STATE.RESERVED:
        after = bench.move(command.order_id, lines, MovementKind.RELEASED, command.reason)
        return bench.conclude(
            command,
            _STATE.RELEASED,
            Verdict.RELEASED,
            OutcomeKind.RELEASED,
            lines=lines,
            after=after,
        )
    return bench.conclude(
        command, _STATE.CANCELLED, Verdict.NOTHING_HELD, OutcomeKind.RELEASED, lines=lines
    )


def _consume(bench: Workbench, command: Consume) -> Outcome:
    held = bench.held(command.order_id)
    if held is not None and held.state in (_STATE.CONSUMED, _STATE.DELIVERED_EARLY):
        return Outcome(verdict=Verdict.DUPLICATE, reservation=held)
    if held is not None and held.state in (_STATE.RELEASED, _STATE.CANCELLED):
        return Outcome(verdict=Verdict.SUPERSEDED, reservation=held)
    lines = () if held is None else held.lines
    if held is not None and held.state is _STATE.RESERVED:
        bench.move(command.order_id, lines, MovementKind.CONSUMED)
        return bench.conclude(command, _STATE.CONSUMED, Verdict.CONSUMED, None, lines=lines)
    return bench.conclude(command, _STATE.DELIVERED_EARLY, Verdict.NOTHING_HELD, None, lines=lines)


def _adjust(bench: Workbench, command: Adjust) -> Outcome:
    level = bench.level(command.product_id)
    if level is None:
        return Outcome(verdict=Verdict.UNKNOWN_PRODUCT)
    if level.stock + command.quantity < 0:
        return Outcome(verdict=Verdict.BELOW_ZERO, stock=level.stock)
    received = command.quantity > 0
    movement = level.move(
        MovementKind.RECEIVED if received else MovementKind.WRITTEN_OFF,
        abs(command.quantity),
        at=bench.now,
        reason=command.reason,
        actor=command.actor,
    )
    bench.note(movement)
    message = StockAdjusted(
        event_id=command.event_id,
        occurred_at=bench.now,
        trace=command.trace,
        product_id=command.product_id,
        quantity=command.quantity,
        stock=level.stock,
        stock_version=level.version,
        reason=command.reason,
    )
    event = bench.codec.record(message)
    return Outcome(verdict=Verdict.ADJUSTED, stock=level.stock, event=event)


def _held_lines(command: Reserve) -> tuple[HeldLine, ...]:
    lines = command.lines
    if len(lines) > 1:
        lines = tuple(sorted(lines, key=lambda line: line.product_id))
        if any(one.product_id == two.product_id for one, two in pairwise(lines)):
            raise ValueError(f"order {command.order_id} names a product twice: add the lines up")
    return tuple([HeldLine(product_id=line.product_id, quantity=line.quantity) for line in lines])


def _duplicate(held: Reservation) -> Outcome:
    # Whoever asks again is told again: the first answer may have died with its process.
    return Outcome(
        verdict=Verdict.DUPLICATE, reservation=held, refused=held.refused, event=held.outcome
    )
