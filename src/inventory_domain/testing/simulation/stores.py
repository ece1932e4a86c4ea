"""The stores as a simulated process sees them: the real calls, with faults around them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

import attrs

from inventory_domain.audit import AuditPart
from inventory_domain.errors import StockConflict
from inventory_domain.ids import OrderId, ProductId, UserId
from inventory_domain.orders import Order
from inventory_domain.ports import OrderStore, Outbox, StockStore
from inventory_domain.queries import MovementQuery, OrderQuery, Page, ProductQuery
from inventory_domain.stock import Movement, Product, ProductWrite, StockChange, StockView
from inventory_domain.testing.simulation.gate import Gate
from inventory_domain.testing.simulation.witness import Witness
from inventory_domain.writes import Added, AddResult, OrderWrite, OutboxEntry, Saved, SaveResult

__all__ = ["SimulatedOrderStore", "SimulatedStockStore"]

R = TypeVar("R")


class _SimulatedOutbox:
    def __init__(self, inner: Outbox, gate: Gate, witness: Witness) -> None:
        self._outbox = inner
        self._gate = gate
        self._witness = witness

    async def pending(self, count_max: int) -> Sequence[OutboxEntry]:
        await self._gate.read("pending")
        entries = await self._outbox.pending(count_max)
        self._witness.pending(self._gate.dependency, entries)
        return entries

    async def mark_published(self, entry_ids: Sequence[str]) -> None:
        await self._gate.before_write("mark_published")
        await self._outbox.mark_published(entry_ids)
        self._note("marked", *entry_ids)
        self._witness.marked(self._gate.dependency, entry_ids)
        await self._gate.after_write("mark_published")

    async def acquire_relay(self, holder: str, *, now: datetime, until: datetime) -> bool:
        await self._gate.read("acquire_relay")
        return await self._outbox.acquire_relay(holder, now=now, until=until)

    def _note(self, what: str, *details: object) -> None:
        process = self._gate.process
        process.trace.add(process.name, what, *details)


class SimulatedOrderStore(_SimulatedOutbox):
    """Keeps the promises of ``ports.OrderStore`` as well as *inner* does."""

    def __init__(self, inner: OrderStore, gate: Gate, witness: Witness) -> None:
        super().__init__(inner, gate, witness)
        self._inner = inner

    async def add(self, writes: Sequence[OrderWrite]) -> Sequence[AddResult]:
        """Store new orders."""
        await self._gate.before_write("add")
        results: Sequence[AddResult] = await self._write(self._inner.add, writes)
        for write, result in zip(writes, results, strict=True):
            if isinstance(result, Added):
                order = write.order
                self._note("stored", order.order_id, f"for {order.user_id}")
                self._witness.orders.begun_us[order.order_id] = self._gate.process.loop.now_us
                self._witness.orders.writes.done(write)
            else:
                self._witness.orders.writes.undone(write)
        await self._gate.after_write("add")
        return results

    async def save(self, writes: Sequence[OrderWrite]) -> Sequence[SaveResult]:
        """Store changed orders."""
        await self._gate.before_write("save")
        results: Sequence[SaveResult] = await self._write(self._inner.save, writes)
        for write, result in zip(writes, results, strict=True):
            if isinstance(result, Saved):
                order = write.order
                self._note("stored", order.order_id, order.version, order.history[-1].change)
                self._witness.orders.writes.done(write)
            else:
                self._witness.orders.writes.undone(write)
                self._witness.seen("lost_race")
        await self._gate.after_write("save")
        return results

    async def _write(
        self,
        change: Callable[[Sequence[OrderWrite]], Awaitable[Sequence[R]]],
        writes: Sequence[OrderWrite],
    ) -> Sequence[R]:
        for write in writes:
            self._witness.orders.writes.begin(write)
        try:
            return await change(writes)
        except BaseException:
            for write in writes:
                self._witness.orders.writes.undone(write)
            raise

    async def get(self, order_ids: Collection[OrderId]) -> Mapping[OrderId, Order]:
        """Return those of the orders that are there."""
        await self._gate.read("get")
        return await self._inner.get(order_ids)

    async def by_idempotency_key(self, subject: UserId, key: str) -> Order | None:
        """Return the order that was placed with this key by this subject."""
        await self._gate.read("by_idempotency_key")
        return await self._inner.by_idempotency_key(subject, key)

    async def find(self, query: OrderQuery) -> Page[Order]:
        """Return one page of the orders that match."""
        await self._gate.read("find")
        return await self._inner.find(query)


class SimulatedStockStore(_SimulatedOutbox):
    """Keeps the promises of ``ports.StockStore`` as well as *inner* does."""

    def __init__(self, inner: StockStore, gate: Gate, witness: Witness) -> None:
        super().__init__(inner, gate, witness)
        self._inner = inner

    async def load(
        self, order_ids: Collection[OrderId], product_ids: Collection[ProductId]
    ) -> StockView:
        """Return one consistent moment."""
        await self._gate.read("load")
        known = self._witness.stock.shown.known(order_ids, product_ids)
        view = await self._inner.load(order_ids, product_ids)
        self._witness.stock.shown.read(known, view)
        return view

    async def commit(self, change: StockChange) -> None:
        """Make *change* durable, all or nothing."""
        await self._gate.before_write("commit")
        if change.products and self._gate.chaos.strikes_now("conflict"):
            await self._get_ahead(change.products[0].product.product_id)
        try:
            await self._commit(change)
        except StockConflict:
            self._note("stock conflict")
            self._witness.seen("conflict")
            raise
        await self._gate.after_write("commit")

    async def find_products(self, query: ProductQuery) -> Page[Product]:
        """Return one page of the products that match."""
        await self._gate.read("find_products")
        return await self._inner.find_products(query)

    async def find_movements(self, query: MovementQuery) -> Page[Movement]:
        """Return one page of a product's ledger, newest first."""
        await self._gate.read("find_movements")
        return await self._inner.find_movements(query)

    async def audit_parts(self) -> AsyncIterator[AuditPart]:
        """Yield everything the audit needs."""
        await self._gate.read("audit_parts")
        async for part in self._inner.audit_parts():
            yield part

    async def _get_ahead(self, product_id: ProductId) -> None:
        """Change the product's text, as another instance would, right before the commit."""
        found = (await self._inner.load((), [product_id])).products.get(product_id)
        if found is not None:
            edited = attrs.evolve(found, version=found.version + 1, description="edited")
            change = StockChange(products=(ProductWrite(edited, found.version),))
            with suppress(StockConflict):
                await self._commit(change)

    async def _commit(self, change: StockChange) -> None:
        writes = self._witness.stock.writes
        writes.begin(change)
        try:
            await self._inner.commit(change)
        except BaseException:
            writes.undone(change)
            raise
        self._tell(change)
        writes.done(change)
        orders = [guarded.reservation.order_id for guarded in change.reservations]
        products = [write.product.product_id for write in change.products]
        self._witness.stock.shown.compare(change, await self._inner.load(orders, products))

    def _tell(self, change: StockChange) -> None:
        for guarded in change.reservations:
            held = guarded.reservation
            self._note("stock of", held.order_id, held.state, _lines(held.lines))
        for write in change.products:
            product = write.product
            self._note("level", product.product_id, product.stock, "+", product.reserved)


def _lines(lines: Sequence[Any]) -> str:
    return ", ".join(f"{line.quantity} {line.product_id}" for line in lines)
