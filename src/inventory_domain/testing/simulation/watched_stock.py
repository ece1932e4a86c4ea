"""What the stock stores said they stored, kept apart from them, and checked as it comes."""

from collections import Counter
from collections.abc import Iterable, Mapping

from inventory_domain.ids import OrderId, ProductId
from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import (
    MovementKind,
    Product,
    Reservation,
    ReservationState,
    StockChange,
)
from inventory_domain.testing.simulation.checks import Checks
from inventory_domain.testing.simulation.in_order import InOrder
from inventory_domain.testing.simulation.shown_stock import ShownStock, check_sum

__all__ = ["WatchedStock"]

_STATE = ReservationState
_ENDED = frozenset({_STATE.RELEASED, _STATE.CONSUMED, _STATE.CANCELLED})
_MOVES: Mapping[ReservationState | None, frozenset[ReservationState]] = {
    # One change can hold several moves of an order: reserved and released at once, say.
    None: frozenset(_STATE),
    _STATE.REJECTED: frozenset(_STATE),
    _STATE.DELIVERED_EARLY: frozenset({_STATE.DELIVERED_EARLY, _STATE.CONSUMED, _STATE.CANCELLED}),
    _STATE.RESERVED: frozenset({_STATE.RELEASED, _STATE.CONSUMED}),
}


class WatchedStock:
    """Products, reservations and claims as they became durable."""

    def __init__(self, checks: Checks, wanted: Mapping[OrderId, Mapping[ProductId, int]]) -> None:
        self.products: dict[ProductId, Product] = {}
        self.reservations: dict[OrderId, Reservation] = {}
        self.applied: Counter[tuple[str, int]] = Counter()
        self.events: list[OutgoingRecord] = []
        self.received: Counter[ProductId] = Counter()
        self.written_off: Counter[ProductId] = Counter()
        self._claims: Counter[ProductId] = Counter()
        self._sales: Counter[ProductId] = Counter()
        self.shown = ShownStock(checks, self.products, self.reservations)
        self._wanted = wanted
        self._checks = checks
        self.writes: InOrder[StockChange] = InOrder(
            fits=self._fits,
            take=self._committed,
            refuse=self._unguarded,
            events=lambda change: change.events,
        )

    def _fits(self, change: StockChange) -> bool:
        for write in change.products:
            known = self.products.get(write.product.product_id)
            if (known and known.version) != write.expected_version:
                return False
        for guarded in change.reservations:
            held = self.reservations.get(guarded.reservation.order_id)
            if (held and held.version) != guarded.expected_version:
                return False
        return True

    def _unguarded(self, change: StockChange) -> None:
        written = [write.product.product_id for write in change.products]
        reserved = [guarded.reservation.order_id for guarded in change.reservations]
        self._checks.fail(
            "guards", f"stored over newer versions: {', '.join((*written, *reserved))}"
        )

    def _committed(self, change: StockChange) -> None:
        self._checks.looked["guards"] += 1
        for movement in change.movements:
            if movement.kind is MovementKind.RECEIVED:
                self.received[movement.product_id] += movement.quantity
            elif movement.kind is MovementKind.WRITTEN_OFF:
                self.written_off[movement.product_id] += movement.quantity
        for guarded in change.reservations:
            self._reserve(guarded.reservation)
        for write in change.products:
            self.products[write.product.product_id] = write.product
        self.events.extend(change.events)
        self._balance(self._touched(change))

    def _touched(self, change: StockChange) -> Iterable[ProductId]:
        touched = dict.fromkeys(write.product.product_id for write in change.products)
        for guarded in change.reservations:
            touched.update(dict.fromkeys(line.product_id for line in guarded.reservation.lines))
        return touched

    def _reserve(self, after: Reservation) -> None:
        order_id, state, checks = after.order_id, after.state, self._checks
        before = self.reservations.get(order_id)
        old = None if before is None else before.state
        checks.that(
            "reservation_moves",
            state in _MOVES.get(old, ()),
            lambda: f"the reservation of {order_id} went from {old} to {state}",
        )
        if state is not _STATE.REJECTED:
            request = (after.event_id, after.redrives)
            self.applied[request] += 1
            checks.that(
                "applied_once",
                self.applied[request] == 1,
                lambda: f"{after.event_id} was applied {self.applied[request]} times",
            )
        if before is not None and before.state is _STATE.RESERVED:
            for line in before.lines:
                self._claims[line.product_id] -= line.quantity
        if state in (_STATE.RESERVED, _STATE.CONSUMED):
            counted = self._claims if state is _STATE.RESERVED else self._sales
            for line in after.lines:
                counted[line.product_id] += line.quantity
            self._is_whole(after)
        self.reservations[order_id] = after

    def _is_whole(self, after: Reservation) -> None:
        wanted = self._wanted.get(after.order_id)
        if wanted is not None:
            held = {line.product_id: line.quantity for line in after.lines}
            self._checks.that(
                "whole_orders",
                held == wanted,
                lambda: f"{after.order_id} wants {wanted} and holds {held}",
            )

    def _balance(self, touched: Iterable[ProductId]) -> None:
        for product_id in touched:
            product = self.products.get(product_id)
            if product is None:
                continue
            check_sum(self._checks, product)
            expected = (
                self._claims[product_id],
                self._sales[product_id],
                self.received[product_id],
                self.written_off[product_id],
            )
            found = (product.reserved, product.sold, product.received, product.written_off)
            self._checks.that(
                "conservation",
                expected == found,
                lambda: (
                    f"{product_id}: reserved, sold, received, written off are {found}, "
                    f"but the reservations and the ledger say {expected}"
                ),
            )
