"""A stock store in memory."""

from collections.abc import AsyncIterator, Collection, Iterator
from itertools import islice
from typing import TypeVar

from inventory_domain.audit import AuditPart
from inventory_domain.errors import StockConflict
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.queries import (
    MovementQuery,
    Page,
    ProductQuery,
    match_rank,
    product_matches,
)
from inventory_domain.stock import Movement, Product, Reservation, StockChange, StockView
from inventory_domain.testing.fakes.faults import Faults
from inventory_domain.testing.fakes.outbox import MemoryOutbox, OutboxDisk
from inventory_domain.testing.fakes.paging import page_of, sorted_by

__all__ = ["MemoryStockStore", "StockDisk"]

T = TypeVar("T")

AUDIT_PART_SIZE = 100


class StockDisk:
    """What a stock store keeps over the death of its process.

    ``movements`` holds each product's ledger by number.
    """

    def __init__(self) -> None:
        self.products: dict[ProductId, Product] = {}
        self.reservations: dict[OrderId, Reservation] = {}
        self.movements: dict[ProductId, dict[int, Movement]] = {}
        self.outbox = OutboxDisk()


class MemoryStockStore(MemoryOutbox):
    """Keeps the promises of ``ports.StockStore``; *disk* is what another one can be opened on."""

    def __init__(self, disk: StockDisk | None = None, faults: Faults | None = None) -> None:
        self.disk = disk or StockDisk()
        super().__init__(self.disk.outbox, faults or Faults("stock store"))

    async def load(
        self, order_ids: Collection[OrderId], product_ids: Collection[ProductId]
    ) -> StockView:
        """Return one consistent moment."""
        await self.faults.before("load")
        stored = self.disk.reservations
        # Sorted, since a caller's set has an order that changes from run to run.
        held = {key: stored[key] for key in sorted(order_ids) if key in stored}
        named = {line.product_id for found in held.values() for line in found.lines}
        products = self.disk.products
        wanted = sorted(named.union(product_ids))
        view = StockView(held, {key: products[key] for key in wanted if key in products})
        await self.faults.after("load")
        return view

    async def commit(self, change: StockChange) -> None:
        """Make *change* durable, all or nothing."""
        await self.faults.before("commit")
        self._check(change)
        self._apply(change)
        await self.faults.after("commit")

    async def find_products(self, query: ProductQuery) -> Page[Product]:
        """Return one page of the products that match."""
        await self.faults.before("find_products")
        matching = (item for item in self.disk.products.values() if product_matches(item, query))
        if query.by_match:
            text = query.search or ""
            found = sorted(
                matching, key=lambda item: (match_rank(item, text), item.name, item.product_id)
            )
        else:
            found = sorted_by(matching, query.sort, lambda item: item.product_id)
        await self.faults.after("find_products")
        return page_of(found, query.page, query.limit)

    async def find_movements(self, query: MovementQuery) -> Page[Movement]:
        """Return one page of a product's ledger, newest first."""
        await self.faults.before("find_movements")
        ledger = self.disk.movements.get(query.product_id, {})
        newest_first = [
            ledger[number]
            for number in sorted(ledger, reverse=True)
            if query.order_id in (None, ledger[number].order_id)
        ]
        await self.faults.after("find_movements")
        return page_of(newest_first, query.page, query.limit)

    async def audit_parts(self) -> AsyncIterator[AuditPart]:
        """Yield products, then reservations, then each product's movements."""
        await self.faults.before("audit_parts")
        products = tuple(self.disk.products.values())
        reservations = tuple(self.disk.reservations.values())
        movements = [
            ledger[number] for ledger in self.disk.movements.values() for number in sorted(ledger)
        ]
        for some in _parts(products):
            yield AuditPart(products=some)
        for held in _parts(reservations):
            yield AuditPart(reservations=held)
        for moved in _parts(movements):
            yield AuditPart(movements=moved)

    def _check(self, change: StockChange) -> None:
        for write in change.products:
            stored = self.disk.products.get(write.product.product_id)
            if (stored and stored.version) != write.expected_version:
                raise StockConflict
        for guarded in change.reservations:
            held = self.disk.reservations.get(guarded.reservation.order_id)
            if (held and held.version) != guarded.expected_version:
                raise StockConflict
        for movement in change.movements:
            if movement.number in self.disk.movements.get(movement.product_id, {}):
                raise StockConflict

    def _apply(self, change: StockChange) -> None:
        for write in change.products:
            self.disk.products[write.product.product_id] = write.product
        for guarded in change.reservations:
            self.disk.reservations[guarded.reservation.order_id] = guarded.reservation
        for movement in change.movements:
            ledger = self.disk.movements.setdefault(movement.product_id, {})
            ledger[movement.number] = movement
        self.disk.outbox.append(change.events)


def _parts(found: "list[T] | tuple[T, ...]") -> Iterator[tuple[T, ...]]:
    rest = iter(found)
    while part := tuple(islice(rest, AUDIT_PART_SIZE)):
        yield part
