"""The decision about stock: a batch of commands and one view in, outcomes and one change out.

Pure: no clock, no randomness, no I/O. The same function serves the service, the HTTP calls,
the preview of a redrive and the simulator. Commands are decided in the order given, each
seeing what those before it did.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import attrs

from inventory_domain.codec import Codec
from inventory_domain.errors import RefusedLine
from inventory_domain.ids import EventId, OrderId, ProductId
from inventory_domain.messages import (
    OutcomeKind,
    OutcomeLine,
    StockAdjusted,
    StockOutcome,
)
from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import (
    Adjust,
    Command,
    Consume,
    HeldLine,
    Movement,
    MovementKind,
    ProductWrite,
    Release,
    Reservation,
    ReservationState,
    ReservationWrite,
    Reserve,
    StockChange,
    StockView,
)
from inventory_domain.stock_levels import WorkingLevel

__all__ = ["Decision", "Outcome", "StockPolicy", "Verdict", "decide", "touched"]

_STATE = ReservationState


class Verdict(StrEnum):
    """What was decided about one command."""

    RESERVED = "reserved"
    SHORT = "short"
    REJECTED = "rejected"
    PRICE_CHANGED = "price_changed"
    HELD_OTHERWISE = "held_otherwise"
    RELEASED = "released"
    NOTHING_HELD = "nothing_held"
    CONSUMED = "consumed"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    ADJUSTED = "adjusted"
    BELOW_ZERO = "below_zero"
    UNKNOWN_PRODUCT = "unknown_product"


@attrs.frozen(kw_only=True)
class StockPolicy:
    """Rules that a shop can choose."""

    check_prices: bool = True


@attrs.frozen(kw_only=True)
class Outcome:
    """The verdict on one command.

    ``reservation`` is the order's as it stands after the command (None: there is none, or the
    command was about a product). ``refused`` names the lines that fell short. ``event`` is
    what is to be published, if anything.
    """

    verdict: Verdict
    reservation: Reservation | None = None
    refused: tuple[RefusedLine, ...] = ()
    stock: int | None = None
    event: OutgoingRecord | None = None


@attrs.frozen(kw_only=True)
class Decision:
    """One outcome for each command, in their order, and the change that makes them true."""

    outcomes: tuple[Outcome, ...]
    change: StockChange


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
            products.update(line.product_id for line in command.lines)
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

    Conservation holds before and after every command; nothing is half taken.
    """
    work = _Work(view, now=now, policy=policy, codec=codec)
    outcomes = tuple([work.decide(command) for command in commands])
    events = tuple([outcome.event for outcome in outcomes if outcome.event is not None])
    return Decision(outcomes=outcomes, change=work.change(events))


class _Work:
    """The view as the commands change it."""

    def __init__(
        self, view: StockView, *, now: datetime, policy: StockPolicy, codec: Codec
    ) -> None:
        self._view = view
        self._now = now
        self._policy = policy
        self._codec = codec
        self._reservations = dict(view.reservations)
        self._changed: dict[OrderId, Reservation] = {}
        self._levels: dict[ProductId, WorkingLevel] = {}
        self._movements: list[Movement] = []

    def change(self, events: tuple[OutgoingRecord, ...]) -> StockChange:
        stored = self._view.reservations
        return StockChange(
            products=tuple(
                ProductWrite(level.product(self._now), level.before.version)
                for level in self._levels.values()
                if level.version != level.before.version
            ),
            reservations=tuple(
                ReservationWrite(after, stored[key].version if key in stored else None)
                for key, after in self._changed.items()
            ),
            movements=tuple(self._movements),
            events=events,
        )

    def decide(self, command: Command) -> Outcome:
        if isinstance(command, Reserve):
            return self._reserve(command)
        if isinstance(command, Release):
            return self._release(command)
        if isinstance(command, Consume):
            return self._consume(command)
        return self._adjust(command)

    def _reserve(self, command: Reserve) -> Outcome:
        held = self._reservations.get(command.order_id)
        if held is not None:
            known = self._known_reserve(command, held)
            if known is not None:
                return known
        refused = self._refusals(command)
        if not refused:
            return self._take(command, held)
        if any(line.reason == "price_changed" for line in refused):
            return self._reject(command, held, refused, Verdict.PRICE_CHANGED)
        if command.final:
            return self._reject(command, held, refused, Verdict.REJECTED)
        return Outcome(verdict=Verdict.SHORT, reservation=held, refused=refused)

    @staticmethod
    def _known_reserve(command: Reserve, held: Reservation) -> Outcome | None:
        """Answer a reserve from what is held already; None: it is to be tried."""
        if held.state is _STATE.RESERVED:
            if held.lines == _held_lines(command):
                return _duplicate(held)
            return Outcome(verdict=Verdict.HELD_OTHERWISE, reservation=held)
        if held.state is _STATE.REJECTED:
            same = held.event_id == command.event_id and command.redrives <= held.redrives
            return _duplicate(held) if same else None
        if held.state is _STATE.DELIVERED_EARLY:
            return None
        if held.state is _STATE.CONSUMED:
            return _duplicate(held)
        return Outcome(verdict=Verdict.SUPERSEDED, reservation=held)

    def _refusals(self, command: Reserve) -> tuple[RefusedLine, ...]:
        refused = []
        for line in command.lines:
            level = self._level(line.product_id)
            price = line.price if self._policy.check_prices else None
            reason = "unknown_product" if level is None else level.refusal(line.quantity, price)
            if reason is not None:
                refused.append(
                    RefusedLine(
                        product_id=line.product_id,
                        wanted=line.quantity,
                        available=level.sellable if level is not None else 0,
                        reason=reason,
                        price=level.before.price if level and reason == "price_changed" else None,
                    )
                )
        return tuple(refused)

    def _take(self, command: Reserve, held: Reservation | None) -> Outcome:
        lines = _held_lines(command)
        after = self._move(command.order_id, lines, MovementKind.RESERVED)
        state, verdict = _STATE.RESERVED, Verdict.RESERVED
        if held is not None and held.state is _STATE.DELIVERED_EARLY:
            after = self._move(command.order_id, lines, MovementKind.CONSUMED)
            state, verdict = _STATE.CONSUMED, Verdict.CONSUMED
        return self._conclude(
            command, held, state, verdict, OutcomeKind.RESERVED, lines=lines, after=after
        )

    def _reject(
        self,
        command: Reserve,
        held: Reservation | None,
        refused: tuple[RefusedLine, ...],
        verdict: Verdict,
    ) -> Outcome:
        if held is not None and held.state is _STATE.DELIVERED_EARLY:
            # The delivery is remembered: a later try that finds stock must still sell it.
            return Outcome(verdict=verdict, reservation=held, refused=refused)
        lines = _held_lines(command)
        return self._conclude(
            command, held, _STATE.REJECTED, verdict, OutcomeKind.REJECTED, lines=lines,
            refused=refused,
        )  # fmt: skip

    def _release(self, command: Release) -> Outcome:
        held = self._reservations.get(command.order_id)
        if held is not None and held.state in (_STATE.RELEASED, _STATE.CANCELLED):
            return _duplicate(held)
        if held is not None and held.state is _STATE.CONSUMED:
            return Outcome(verdict=Verdict.NOTHING_HELD, reservation=held)
        if held is not None and held.state is _STATE.RESERVED:
            after = self._move(command.order_id, held.lines, MovementKind.RELEASED, command.reason)
            return self._conclude(
                command, held, _STATE.RELEASED, Verdict.RELEASED, OutcomeKind.RELEASED,
                lines=held.lines, after=after,
            )  # fmt: skip
        return self._conclude(
            command, held, _STATE.CANCELLED, Verdict.NOTHING_HELD, OutcomeKind.RELEASED,
            lines=() if held is None else held.lines,
        )  # fmt: skip

    def _consume(self, command: Consume) -> Outcome:
        held = self._reservations.get(command.order_id)
        if held is not None and held.state in (_STATE.CONSUMED, _STATE.DELIVERED_EARLY):
            return Outcome(verdict=Verdict.DUPLICATE, reservation=held)
        if held is not None and held.state in (_STATE.RELEASED, _STATE.CANCELLED):
            return Outcome(verdict=Verdict.SUPERSEDED, reservation=held)
        if held is not None and held.state is _STATE.RESERVED:
            self._move(command.order_id, held.lines, MovementKind.CONSUMED)
            return self._conclude(
                command, held, _STATE.CONSUMED, Verdict.CONSUMED, None, lines=held.lines
            )
        return self._conclude(
            command, held, _STATE.DELIVERED_EARLY, Verdict.NOTHING_HELD, None,
            lines=() if held is None else held.lines,
        )  # fmt: skip

    def _adjust(self, command: Adjust) -> Outcome:
        level = self._level(command.product_id)
        if level is None:
            return Outcome(verdict=Verdict.UNKNOWN_PRODUCT)
        if level.stock + command.quantity < 0:
            return Outcome(verdict=Verdict.BELOW_ZERO, stock=level.stock)
        kind = MovementKind.RECEIVED if command.quantity > 0 else MovementKind.WRITTEN_OFF
        self._movements.append(
            level.move(
                kind,
                abs(command.quantity),
                at=self._now,
                reason=command.reason,
                actor=command.actor,
            )
        )
        message = StockAdjusted(
            event_id=command.event_id,
            occurred_at=self._now,
            trace=command.trace,
            product_id=command.product_id,
            quantity=command.quantity,
            stock=level.stock,
            stock_version=level.version,
            reason=command.reason,
        )
        return Outcome(
            verdict=Verdict.ADJUSTED, stock=level.stock, event=self._codec.record(message)
        )

    def _level(self, product_id: ProductId) -> WorkingLevel | None:
        level = self._levels.get(product_id)
        if level is None:
            product = self._view.products.get(product_id)
            if product is None:
                return None
            level = self._levels[product_id] = WorkingLevel(product)
        return level

    def _move(
        self,
        order_id: OrderId,
        lines: tuple[HeldLine, ...],
        kind: MovementKind,
        reason: str = "",
    ) -> tuple[OutcomeLine, ...]:
        after = []
        for line in lines:
            level = self._level(line.product_id)
            if level is None:
                raise LookupError(f"the view lacks product {line.product_id} of order {order_id}")
            self._movements.append(
                level.move(kind, line.quantity, at=self._now, order_id=order_id, reason=reason)
            )
            after.append(
                OutcomeLine(
                    product_id=line.product_id,
                    quantity=line.quantity,
                    stock=level.stock,
                    stock_version=level.version,
                )
            )
        return tuple(after)

    def _conclude(
        self,
        command: Reserve | Release | Consume,
        held: Reservation | None,
        state: ReservationState,
        verdict: Verdict,
        kind: OutcomeKind | None,
        *,
        lines: tuple[HeldLine, ...],
        after: tuple[OutcomeLine, ...] = (),
        refused: tuple[RefusedLine, ...] = (),
    ) -> Outcome:
        """Store the reservation in its new state, with the message that says so."""
        sequence = 0 if held is None else held.sequence
        number = "" if held is None else held.order_number
        if not isinstance(command, Consume):
            number = command.order_number or number
        event = None
        if kind is not None:
            sequence += 1
            reason = command.reason if isinstance(command, Release) else None
            if refused:
                reason = "price_changed" if verdict is Verdict.PRICE_CHANGED else refused[0].reason
            event = self._codec.record(
                StockOutcome(
                    event_id=EventId(f"{command.order_id}.stock.{sequence}"),
                    occurred_at=self._now,
                    trace=command.trace,
                    order_id=command.order_id,
                    order_number=number,
                    kind=kind,
                    sequence=sequence,
                    lines=after,
                    refused=refused,
                    reason=reason,
                )
            )
        reservation = Reservation(
            order_id=command.order_id,
            state=state,
            lines=lines,
            order_number=number,
            event_id=command.event_id,
            redrives=command.redrives if isinstance(command, Reserve) else 0,
            sequence=sequence,
            outcome=event if event is not None else (None if held is None else held.outcome),
            refused=refused,
            version=1 if held is None else held.version + 1,
            updated_at=self._now,
        )
        self._reservations[command.order_id] = reservation
        self._changed[command.order_id] = reservation
        return Outcome(verdict=verdict, reservation=reservation, refused=refused, event=event)


def _held_lines(command: Reserve) -> tuple[HeldLine, ...]:
    return tuple(
        HeldLine(product_id=line.product_id, quantity=line.quantity)
        for line in sorted(command.lines, key=lambda line: line.product_id)
    )


def _duplicate(held: Reservation) -> Outcome:
    # Whoever asks again is told again: the first answer may have died with its process.
    return Outcome(
        verdict=Verdict.DUPLICATE, reservation=held, refused=held.refused, event=held.outcome
    )
