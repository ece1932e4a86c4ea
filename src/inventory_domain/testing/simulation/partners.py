"""Other services, which reserve and give back by calls, for orders of their own and the shop's."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from inventory_domain.errors import (
    Contention,
    DependencyUnavailable,
    PriceChanged,
    ReservationEnded,
    Shortage,
)
from inventory_domain.ids import OrderId
from inventory_domain.messages import MessageLine
from inventory_domain.stock import Reservation, ReservationState
from inventory_domain.testing.simulation.process import Unreachable
from inventory_domain.testing.simulation.stories import PRICE, CallStory
from inventory_domain.testing.simulation.town import Town
from inventory_domain.use_cases.serve_stock import ServeStock

__all__ = ["Partners"]

T = TypeVar("T")

_AGAIN = (Unreachable, DependencyUnavailable, Contention)


class Partners:
    """Plays what they do, each call until it is answered.

    ``told`` is what they were answered last about each of their own orders; ``meddled`` are the
    shop's orders whose stock they wanted to give back.
    """

    def __init__(self, town: Town) -> None:
        self.told: dict[OrderId, ReservationState] = {}
        self.meddled: set[OrderId] = set()
        self._town = town

    async def reserve(self, story: CallStory) -> None:
        """Reserve for an order of their own, and give back what they got."""
        order_id = OrderId(story.name)
        lines = tuple(
            MessageLine(product_id=product_id, quantity=quantity, price=PRICE)
            for product_id, quantity in story.lines
        )
        try:
            await self._insist(lambda stock: stock.reserve(order_id, lines))
        except (Shortage, PriceChanged):
            self.told[order_id] = ReservationState.REJECTED
        else:
            self.told[order_id] = ReservationState.RESERVED
        self._town.witness.seen("called")
        if story.release_after is not None:
            await self._town.clock.sleep(story.release_after)
            self.told[order_id] = (await self._release(order_id)).state

    async def meddle(self, order_id: OrderId) -> None:
        """Give back what an order of the shop's holds."""
        self.meddled.add(order_id)
        try:
            await self._release(order_id)
        except ReservationEnded:
            return
        self._town.witness.seen("meddled")

    async def _release(self, order_id: OrderId) -> Reservation:
        return await self._insist(lambda stock: stock.release(order_id, reason="not wanted"))

    async def _insist(self, ask: Callable[[ServeStock], Awaitable[T]]) -> T:
        """Ask one instance after another until one answers."""
        town = self._town
        while True:
            try:
                service = town.products_service()
                return await service.process.call(lambda: ask(service.serve))
            except _AGAIN:
                await town.clock.sleep(town.chaos.seconds(0.05, 0.8))
