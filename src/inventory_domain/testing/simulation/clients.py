"""The people who order, insist and cancel, and those who deliver what was ordered."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from inventory_domain.errors import (
    CancelNotAllowed,
    Contention,
    DependencyUnavailable,
    OrderChanged,
    StaleVersion,
    StockNotReserved,
    TransitionNotAllowed,
)
from inventory_domain.ids import OrderId, UserId
from inventory_domain.order_decisions import Actor, Draft
from inventory_domain.orders import IdempotencyKey, Order, OrderLine, OrderStatus, StockState
from inventory_domain.testing.simulation.admins import Admins
from inventory_domain.testing.simulation.partners import Partners
from inventory_domain.testing.simulation.process import Process, Unreachable
from inventory_domain.testing.simulation.services import OrdersService
from inventory_domain.testing.simulation.stories import (
    PRICE,
    OrderStory,
    RedriveStory,
    StockStory,
    Story,
)
from inventory_domain.testing.simulation.town import Town

__all__ = ["Clients"]

T = TypeVar("T")

_ADMIN = Actor(subject=UserId("admin"), is_admin=True)
_LOOKS_MAX = 12
_AGAIN = (Unreachable, DependencyUnavailable, OrderChanged, StaleVersion, Contention)
_NO = (CancelNotAllowed, TransitionNotAllowed, StockNotReserved)


class Clients:
    """Plays the stories of a plan."""

    def __init__(self, town: Town) -> None:
        self.accepted: dict[int, Order] = {}
        self.cancelled: set[OrderId] = set()
        self.admins = Admins(town)
        self.partners = Partners(town)
        self._town = town

    async def play(self, story: Story) -> None:
        """Play one story to its end."""
        await self._town.clock.sleep(story.at)
        if isinstance(story, OrderStory):
            await self._order(story)
        elif isinstance(story, StockStory):
            await self.admins.change_stock(story)
        elif isinstance(story, RedriveStory):
            await self.admins.redrive()
        elif story.number is None:
            await self.partners.reserve(story)
        elif story.number in self.accepted:
            await self.partners.meddle(self.accepted[story.number].order_id)

    async def _order(self, story: OrderStory) -> None:
        town = self._town
        if town.chaos.strikes_now("repeat"):
            # A double click: both are on their way at once.
            town.start_story(lambda: self._repeat(story))
        order = await self._post(story)
        if town.chaos.strikes_now("broken"):
            town.start_story(lambda: self._disturb(order.order_id))
        if story.is_delivered:
            town.start_story(lambda: self._deliver(order.order_id, story.pauses))
        if story.cancel_after is not None:
            await town.clock.sleep(story.cancel_after)
            if town.chaos.strikes_now("repeat"):
                town.start_story(lambda: self._cancel(order))
            await self._cancel(order)
        if town.chaos.strikes_now("repeat"):
            await self._repeat(story)

    async def _repeat(self, story: OrderStory) -> None:
        await self._post(story)
        self._town.witness.seen("repeated")

    async def _post(self, story: OrderStory) -> Order:
        lines = tuple(
            OrderLine(product_id=product_id, quantity=quantity, price=PRICE)
            for product_id, quantity in story.lines
        )
        key = IdempotencyKey(
            subject=UserId(story.user), key=f"key-{story.number}", fingerprint=str(story.number)
        )
        draft = Draft(user_id=UserId(story.user), lines=lines, idempotency=key)
        actor = Actor(subject=UserId(story.user))

        async def place(service: OrdersService) -> Order:
            return (await service.place(draft, actor=actor)).order

        order = await self._insist(place)
        known = self.accepted.setdefault(story.number, order)
        town = self._town
        town.witness.checks.that(
            "one_key_one_order",
            known.order_id == order.order_id,
            lambda: f"order {story.number} was accepted as {known.order_id} and {order.order_id}",
        )
        town.trace.add(story.user, "was answered 201", order.order_id)
        town.witness.orders.saw(order)
        return order

    async def _cancel(self, order: Order) -> None:
        async def cancel(service: OrdersService) -> None:
            change = await service.change.cancel(
                order.order_id, actor=Actor(subject=order.user_id), reason="changed my mind"
            )
            self._town.witness.orders.saw(change.order)

        if await self._may(cancel):
            self.cancelled.add(order.order_id)
            self._town.witness.seen("cancelled")

    async def _deliver(self, order_id: OrderId, pauses: Sequence[float]) -> None:
        if not await self._is_reserved(order_id, pauses[0]):
            return
        moves = (OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED)
        for wanted, pause in zip(moves, pauses[1:], strict=True):
            await self._town.clock.sleep(pause)

            async def move(service: OrdersService, wanted: OrderStatus = wanted) -> None:
                change = await service.change.status(order_id, wanted, actor=_ADMIN)
                self._town.witness.orders.saw(change.order)

            if not await self._may(move):
                return
        self._town.witness.seen("delivered")

    async def _is_reserved(self, order_id: OrderId, pause: float) -> bool:
        async def look(service: OrdersService) -> Order:
            return (await service.store.get([order_id]))[order_id]

        for _ in range(_LOOKS_MAX):
            order = await self._insist(look)
            self._town.witness.orders.saw(order)
            if order.stock_state is not StockState.REQUESTED:
                return order.stock_state is StockState.RESERVED
            await self._town.clock.sleep(0.2 + pause)
        return False

    async def _disturb(self, order_id: OrderId) -> None:
        if await self._is_reserved(order_id, 1.0):
            self._town.send_broken(self._town.witness.orders.orders[order_id])

    async def _may(self, ask: Callable[[OrdersService], Awaitable[None]]) -> bool:
        """Ask until there is an answer; False: it was refused."""
        try:
            await self._insist(ask)
        except _NO:
            return False
        return True

    async def _insist(self, ask: Callable[[OrdersService], Awaitable[T]]) -> T:
        """Ask one instance after another until one answers."""
        town = self._town
        while True:
            try:
                service = town.orders_service()
                return await _call(service.process, ask, service)
            except _AGAIN:
                await town.clock.sleep(town.chaos.seconds(0.05, 0.8))


async def _call(
    process: Process, ask: Callable[[OrdersService], Awaitable[T]], service: OrdersService
) -> T:
    return await process.call(lambda: ask(service))
