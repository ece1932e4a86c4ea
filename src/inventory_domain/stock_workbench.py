"""The view as a batch of commands changes it: levels, movements and reservations so far."""

from datetime import datetime

from inventory_domain.codec import Codec
from inventory_domain.errors import RefusedLine
from inventory_domain.ids import EventId, OrderId, ProductId
from inventory_domain.messages import OutcomeKind, OutcomeLine, StockOutcome
from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import (
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
from inventory_domain.stock_outcomes import Outcome, Verdict

__all__ = ["Workbench"]


class Workbench:
    """Applies movements and conclusions in memory, and sums them up as one change."""

    def __init__(self, view: StockView, *, now: datetime, codec: Codec) -> None:
        self.now = now
        self.codec = codec
        self._view = view
        self._reservations: dict[OrderId, Reservation] = {}
        self._levels: dict[ProductId, WorkingLevel] = {}
        self._movements: list[Movement] = []

    def held(self, order_id: OrderId) -> Reservation | None:
        """Return the order's reservation as it stands now."""
        changed = self._reservations.get(order_id)
        return changed if changed is not None else self._view.reservations.get(order_id)

    def level(self, product_id: ProductId) -> WorkingLevel | None:
        """Return the product's level as it stands now, None for an unknown product."""
        level = self._levels.get(product_id)
        if level is None:
            product = self._view.products.get(product_id)
            if product is None:
                return None
            level = self._levels[product_id] = WorkingLevel(product)
        return level

    def note(self, movement: Movement) -> None:
        """Keep one entry for the ledger."""
        self._movements.append(movement)

    def move(
        self,
        order_id: OrderId,
        lines: tuple[HeldLine, ...],
        kind: MovementKind,
        reason: str = "",
    ) -> tuple[OutcomeLine, ...]:
        """Move all *lines* of an order and return each product's stock after it."""
        after = []
        for line in lines:
            level = self.level(line.product_id)
            if level is None:
                raise LookupError(f"the view lacks product {line.product_id} of order {order_id}")
            self._movements.append(
                level.move(kind, line.quantity, at=self.now, order_id=order_id, reason=reason)
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

    def conclude(
        self,
        command: Reserve | Release | Consume,
        state: ReservationState,
        verdict: Verdict,
        kind: OutcomeKind | None,
        *,
        lines: tuple[HeldLine, ...],
        after: tuple[OutcomeLine, ...] = (),
        refused: tuple[RefusedLine, ...] = (),
    ) -> Outcome:
        """Bring the order's reservation into *state*, with a message of *kind* that says so."""
        held = self.held(command.order_id)
        number = "" if isinstance(command, Consume) else command.order_number
        if not number and held is not None:
            number = held.order_number
        sequence = 0 if held is None else held.sequence
        event = None
        if kind is not None:
            sequence += 1
            event = self._event(command, kind, number, sequence, after, refused)
        reservation = Reservation(
            order_id=command.order_id,
            state=state,
            lines=lines,
            order_number=number,
            event_id=command.event_id,
            redrives=command.redrives if isinstance(command, Reserve) else 0,
            sequence=sequence,
            outcome=event if event is not None or held is None else held.outcome,
            refused=refused,
            version=1 if held is None else held.version + 1,
            updated_at=self.now,
        )
        self._reservations[command.order_id] = reservation
        return Outcome(verdict=verdict, reservation=reservation, refused=refused, event=event)

    def change(self, events: tuple[OutgoingRecord, ...]) -> StockChange:
        """Return everything that changed, guarded by the versions that were loaded."""
        stored = self._view.reservations
        return StockChange(
            products=tuple(
                [
                    ProductWrite(level.product(self.now), level.before.version)
                    for level in self._levels.values()
                    if level.version != level.before.version
                ]
            ),
            reservations=tuple(
                [
                    ReservationWrite(after, stored[key].version if key in stored else None)
                    for key, after in self._reservations.items()
                ]
            ),
            movements=tuple(self._movements),
            events=events,
        )

    def _event(  # noqa: PLR0917 - these are the parts of the message
        self,
        command: Reserve | Release | Consume,
        kind: OutcomeKind,
        order_number: str,
        sequence: int,
        after: tuple[OutcomeLine, ...],
        refused: tuple[RefusedLine, ...],
    ) -> OutgoingRecord:
        reason = command.reason if isinstance(command, Release) else None
        if refused:
            reasons = [line.reason for line in refused]
            reason = "price_changed" if "price_changed" in reasons else reasons[0]
        return self.codec.record(
            StockOutcome(
                event_id=EventId(f"{command.order_id}.stock.{sequence}"),
                occurred_at=self.now,
                trace=command.trace,
                order_id=command.order_id,
                order_number=order_number,
                kind=kind,
                sequence=sequence,
                lines=after,
                refused=refused,
                reason=reason,
            )
        )
