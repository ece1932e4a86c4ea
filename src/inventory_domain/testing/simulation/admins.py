"""The admins, who move stock and send dead letters back; they ask once and may not be answered."""

from collections.abc import Awaitable, Callable
from typing import Any

from inventory_domain.errors import DependencyUnavailable, DomainError
from inventory_domain.money import Money
from inventory_domain.testing.simulation.process import Unreachable
from inventory_domain.testing.simulation.services import ProductsService
from inventory_domain.testing.simulation.stories import PRICE, StockStory
from inventory_domain.testing.simulation.town import Town
from inventory_domain.use_cases.keep_catalogue import ProductEdit
from inventory_domain.use_cases.redrive import DeadLetterFilter

__all__ = ["Admins"]


class Admins:
    """Plays what they do; ``received`` is what they were told of, ``doubtful`` what they were not.

    Both hold the quantities by product, those written off below zero.
    """

    def __init__(self, town: Town) -> None:
        self.received: dict[str, list[int]] = {}
        self.doubtful: dict[str, list[int]] = {}
        self._town = town

    async def change_stock(self, story: StockStory) -> None:
        """Receive, write off, edit the price, or take off sale."""
        town, quantity = self._town, story.quantity
        if story.kind in ("price", "off sale"):
            price = Money(PRICE + quantity) if story.kind == "price" else None
            edit = ProductEdit(price=price, is_active=None if price else False)
            await self._once(lambda service: service.catalogue.edit(story.product_id, edit))
            return
        signed = quantity if story.kind == "receive" else -quantity
        known = await self._once(
            lambda service: service.serve.adjust(
                story.product_id, signed, reason=story.kind, actor="admin"
            )
        )
        if known is not False:
            counted = self.received if known else self.doubtful
            counted.setdefault(story.product_id, []).append(signed)
            town.witness.seen("restock")

    async def redrive(self) -> None:
        """Send every dead letter back."""
        sent: list[int] = []

        async def send_back(service: ProductsService) -> None:
            letters = await service.redrive.letters(DeadLetterFilter(state=None))
            sent.append(await service.redrive.run(await service.redrive.plan(letters)))

        await self._once(send_back)
        if sent and sent[0]:
            self._town.trace.add("admin", "sent back", sent[0], "dead letters")
            self._town.witness.seen("redrive")

    async def _once(self, ask: Callable[[ProductsService], Awaitable[Any]]) -> bool | None:
        """Ask once: True, it is done; False, it is not; None, nobody knows."""
        try:
            service = self._town.products_service()
        except Unreachable:
            return False
        try:
            await service.process.call(lambda: ask(service))
        except (Unreachable, DependencyUnavailable):
            return None
        except DomainError:
            return False
        return True
