"""What the stock stores said they stored, kept apart from them, and checked as it comes."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from inventory_domain.ids import OrderId, ProductId
from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import (
    MovementKind,
    Product,
    Reservation,
    ReservationState,
    StockChange,
    StockView,
)
from inventory_domain.testing.simulation.checks import Checks
from inventory_domain.testing.simulation.in_order import InOrder

__all__ = ["WatchedStock"]

_STATE = ReservationState
_ENDED = frozenset({_STATE.RELEASED, _STATE.CONSUMED, _STATE.CANCELLED})
_MOVES: Mapping[ReservationState | None, frozenset[ReservationState]] = {
    # One change can hold several moves of an order: reserved and released at once, say.
    None: frozenset(_STATE),
    _STATE.REJECTED: frozenset(_STATE),
    _STATE.DELIVERED_EARLY: frozenset({_STATE.CONSUMED, _STATE.CANCELLED}),
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

    def read(self, known: "Known", view: StockView) -> None:
        """Look at a view that was read after *known* was."""
        self._checks.looked["fresh_reads"] += 1
        for product_id, version in known.products.items():
            shown = view.products.get(product_id)
            if shown is None or shown.version < version:
                self._stale(product_id, version, None if shown is None else shown.version)
        for order_id, version in known.reservations.items():
            held = view.reservations.get(order_id)
            if held is None or held.version < version:
                self._stale(order_id, version, None if held is None else held.version)
        for product in view.products.values():
            self._sum(product)

    def known(self, order_ids: Collection[OrderId], product_ids: Collection[ProductId]) -> "Known":
        """Return the versions that any reader must see from now on, or newer ones."""
        return Known(
            {key: self.products[key].version for key in product_ids if key in self.products},
            {key: self.reservations[key].version for key in order_ids if key in self.reservations},
        )

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
            self._sum(product)
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

    def _sum(self, product: Product) -> None:
        accounted = product.stock + product.reserved + product.sold + product.written_off
        self._checks.that(
            "conservation",
            product.received == accounted,
            lambda: f"{product.product_id}: {product.received} received, {accounted} accounted for",
        )
        self._checks.that(
            "no_negative_stock",
            product.stock >= 0 and product.reserved >= 0,
            lambda: f"{product.product_id}: stock {product.stock}, reserved {product.reserved}",
        )

    def compare(self, change: StockChange, found: StockView) -> None:
        """Look at what the store shows after *change*."""
        self._checks.looked["stored_as_written"] += 1
        for write in change.products:
            product = write.product
            shown = found.products.get(product.product_id)
            if shown != product and (shown is None or shown.version <= product.version):
                self._checks.fail(
                    "stored_as_written", f"the store was given {product} and shows {shown}"
                )
        for guarded in change.reservations:
            kept = guarded.reservation
            held = found.reservations.get(kept.order_id)
            if held != kept and (held is None or held.version <= kept.version):
                self._checks.fail(
                    "stored_as_written",
                    f"the store was given the reservation of {kept.order_id} as {kept.state} "
                    f"and shows {None if held is None else held.state}",
                )

    def _stale(self, key: str, version: int, shown: int | None) -> None:
        self._checks.fail(
            "fresh_reads", f"{key} was stored in version {version}, the store shows {shown}"
        )


class Known:
    """The versions that were durable at one moment."""

    __slots__ = ("products", "reservations")

    def __init__(
        self, products: Mapping[ProductId, int], reservations: Mapping[OrderId, int]
    ) -> None:
        self.products = products
        self.reservations = reservations
