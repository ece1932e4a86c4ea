"""Serve stock by a call: reserve, release and adjust at once, with the ledger's own rules."""

from collections.abc import Sequence

import attrs

from inventory_domain.errors import (
    PriceChanged,
    ProductNotFound,
    RefusedLine,
    ReservationEnded,
    ReservationHeld,
    ReservationNotFound,
    Shortage,
    StockBelowZero,
)
from inventory_domain.ids import EventId, OrderId, ProductId
from inventory_domain.messages import MessageLine, Trace
from inventory_domain.ports import IdSource, StockStore
from inventory_domain.stock import Adjust, Product, Release, Reservation, Reserve
from inventory_domain.stock_decisions import Outcome, Verdict
from inventory_domain.use_cases.stock_ledger import StockLedger

__all__ = ["ReservedNow", "ServeStock"]


@attrs.frozen
class ReservedNow:
    """A reservation that holds; *repeated*: it did so before the call."""

    reservation: Reservation
    repeated: bool


@attrs.frozen(kw_only=True)
class ServeStock:
    """The calls that change stock outside Kafka; each is durable when it returns."""

    ledger: StockLedger
    store: StockStore
    ids: IdSource

    async def reserve(
        self,
        order_id: OrderId,
        lines: tuple[MessageLine, ...],
        *,
        trace: Trace = Trace(),
    ) -> ReservedNow:
        """Reserve all *lines* for an order, or refuse; there is no second try.

        Raises:
            Shortage, PriceChanged: the order is rejected, with every short line.
            ReservationHeld: it holds other items.
            ReservationEnded: it was released, cancelled or consumed.
        """
        command = Reserve(
            order_id=order_id,
            lines=lines,
            event_id=EventId(self.ids.new_id()),
            final=True,
            trace=trace,
        )
        [outcome] = await self.ledger.apply([command])
        return _reserved(order_id, outcome)

    async def release(
        self, order_id: OrderId, *, reason: str, trace: Trace = Trace()
    ) -> Reservation:
        """Give back what an order holds; again, or for nothing, changes no stock.

        Raises:
            ReservationEnded: it was consumed: what is delivered is not given back.
        """
        command = Release(
            order_id=order_id, event_id=EventId(self.ids.new_id()), reason=reason, trace=trace
        )
        [outcome] = await self.ledger.apply([command])
        reservation = outcome.reservation
        if reservation is None:
            raise ReservationNotFound(order_id=order_id)
        if outcome.event is None:
            raise ReservationEnded(order_id=order_id, state=reservation.state)
        return reservation

    async def reservation(self, order_id: OrderId) -> Reservation:
        """Return an order's reservation.

        Raises:
            ReservationNotFound: none was ever asked for.
        """
        view = await self.store.load([order_id], ())
        if order_id not in view.reservations:
            raise ReservationNotFound(order_id=order_id)
        return view.reservations[order_id]

    async def adjust(
        self,
        product_id: ProductId,
        quantity: int,
        *,
        reason: str,
        actor: str,
        trace: Trace = Trace(),
    ) -> Product:
        """Receive or write off units and return the product after it.

        Raises:
            ProductNotFound: there is no such product.
            StockBelowZero: more would be written off than there is.
        """
        command = Adjust(
            product_id=product_id,
            quantity=quantity,
            event_id=EventId(self.ids.new_id()),
            reason=reason,
            actor=actor,
            trace=trace,
        )
        [outcome] = await self.ledger.apply([command])
        if outcome.verdict is Verdict.UNKNOWN_PRODUCT:
            raise ProductNotFound(product_id=product_id)
        if outcome.verdict is Verdict.BELOW_ZERO:
            raise StockBelowZero(product_id=product_id, stock=outcome.stock or 0, change=quantity)
        return (await self.store.load((), [product_id])).products[product_id]

    async def availability(self, lines: Sequence[MessageLine]) -> tuple[RefusedLine | None, ...]:
        """Return for each line why it cannot be had now, or None if it can.

        Each line is judged by itself; nothing is held by asking.
        """
        command = [
            Reserve(order_id=OrderId(f"line-{place}"), lines=(line,), event_id=EventId("asked"))
            for place, line in enumerate(lines)
        ]
        outcomes = await self.ledger.preview(command)
        return tuple(outcome.refused[0] if outcome.refused else None for outcome in outcomes)


def _reserved(order_id: OrderId, outcome: Outcome) -> ReservedNow:
    reservation, verdict = outcome.reservation, outcome.verdict
    if verdict is Verdict.PRICE_CHANGED:
        raise PriceChanged(order_id=order_id, lines=outcome.refused)
    if verdict is Verdict.REJECTED:
        raise Shortage(order_id=order_id, lines=outcome.refused)
    if verdict is Verdict.HELD_OTHERWISE:
        raise ReservationHeld(order_id=order_id)
    if reservation is None or verdict is Verdict.SUPERSEDED:
        state = "ended" if reservation is None else reservation.state
        raise ReservationEnded(order_id=order_id, state=state)
    return ReservedNow(reservation, repeated=verdict is Verdict.DUPLICATE)
