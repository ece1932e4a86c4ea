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
from inventory_domain.stock import (
    Adjust,
    HeldLine,
    Product,
    Release,
    Reservation,
    Reserve,
    StockView,
)
from inventory_domain.stock_decisions import Outcome, Verdict
from inventory_domain.use_cases.stock_calls import StockCalls
from inventory_domain.use_cases.stock_ledger import StockLedger

__all__ = ["Availability", "ReservedNow", "ServeStock"]

# No order's id: what is asked about belongs to nobody.
_NOBODY = OrderId("")


@attrs.frozen
class ReservedNow:
    """A reservation that holds; *repeated*: it did so before the call."""

    reservation: Reservation
    repeated: bool


@attrs.frozen(kw_only=True)
class Availability:
    """Whether a line can be had now: *refused* says why not, *stock* is what there is."""

    line: MessageLine
    refused: RefusedLine | None
    stock: int


@attrs.frozen(kw_only=True)
class ServeStock:
    """The calls that change stock outside Kafka; each is durable when it returns."""

    ledger: StockLedger
    store: StockStore
    ids: IdSource
    _calls: StockCalls = attrs.field(
        init=False, default=attrs.Factory(lambda self: StockCalls(self.ledger), takes_self=True)
    )

    async def reserve(
        self,
        order_id: OrderId,
        lines: tuple[MessageLine, ...],
        *,
        order_number: str = "",
        trace: Trace = Trace(),
    ) -> ReservedNow:
        """Reserve all *lines* for an order, or refuse; there is no second try.

        The same lines again are what they were: reserved, or delivered since.

        Raises:
            Shortage, PriceChanged: the order is rejected, with every short line.
            ReservationHeld: it holds, or was delivered, other items.
            ReservationEnded: it was released or cancelled.
        """
        command = Reserve(
            order_id=order_id,
            lines=lines,
            event_id=EventId(self.ids.new_id()),
            order_number=order_number,
            final=True,
            trace=trace,
        )
        outcome = await self._calls.apply(command)
        return _reserved(command, outcome)

    async def release(
        self,
        order_id: OrderId,
        *,
        reason: str,
        only: tuple[HeldLine, ...] = (),
        trace: Trace = Trace(),
    ) -> Reservation:
        """Give back what an order holds; again, or for nothing, changes no stock.

        With *only*, nothing is given back unless the order asked for exactly these lines.

        Raises:
            ReservationHeld: it asked for other lines than *only*.
            ReservationEnded: it was consumed: what is delivered is not given back.
        """
        command = Release(
            order_id=order_id,
            event_id=EventId(self.ids.new_id()),
            reason=reason,
            only=only,
            trace=trace,
        )
        outcome = await self._calls.apply(command)
        reservation = outcome.reservation
        if outcome.verdict is Verdict.HELD_OTHERWISE:
            raise ReservationHeld(order_id=order_id)
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
        outcome = await self._calls.apply(command)
        if outcome.verdict is Verdict.UNKNOWN_PRODUCT:
            raise ProductNotFound(product_id=product_id)
        if outcome.verdict is Verdict.BELOW_ZERO:
            raise StockBelowZero(product_id=product_id, stock=outcome.stock or 0, change=quantity)
        return (await self.store.load((), [product_id])).products[product_id]

    async def availability(self, lines: Sequence[MessageLine]) -> tuple[Availability, ...]:
        """Return for each line whether it can be had now.

        Each line is judged by itself; nothing is held by asking.
        """
        products = (await self.store.load((), {line.product_id for line in lines})).products
        return tuple(self._availability(line, products.get(line.product_id)) for line in lines)

    def _availability(self, line: MessageLine, product: Product | None) -> Availability:
        # Over this one product and no reservations: no other line has a part in the answer.
        command = Reserve(order_id=_NOBODY, lines=(line,), event_id=EventId(""))
        products = {} if product is None else {line.product_id: product}
        [outcome] = self.ledger.decide([command], StockView({}, products)).outcomes
        refused = outcome.refused[0] if outcome.refused else None
        stock = 0 if product is None else product.stock
        return Availability(line=line, refused=refused, stock=stock)


def _reserved(command: Reserve, outcome: Outcome) -> ReservedNow:
    order_id, reservation, verdict = command.order_id, outcome.reservation, outcome.verdict
    if verdict is Verdict.PRICE_CHANGED:
        raise PriceChanged(order_id=order_id, lines=outcome.refused)
    if verdict is Verdict.REJECTED:
        raise Shortage(order_id=order_id, lines=outcome.refused)
    if verdict is Verdict.HELD_OTHERWISE:
        raise ReservationHeld(order_id=order_id)
    if reservation is None or verdict is Verdict.SUPERSEDED:
        state = "ended" if reservation is None else reservation.state
        raise ReservationEnded(order_id=order_id, state=state)
    asked = {HeldLine(product_id=x.product_id, quantity=x.quantity) for x in command.lines}
    if asked != set(reservation.lines):
        # A delivered order answers every reserve as a duplicate; only its own lines were sold.
        raise ReservationHeld(order_id=order_id)
    return ReservedNow(reservation, repeated=verdict is Verdict.DUPLICATE)
