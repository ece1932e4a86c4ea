"""An order store in memory."""

from collections.abc import Collection, Mapping, Sequence

from inventory_domain.ids import OrderId, UserId
from inventory_domain.orders import Order
from inventory_domain.queries import OrderQuery, Page, order_matches
from inventory_domain.testing.fakes.faults import Faults
from inventory_domain.testing.fakes.outbox import MemoryOutbox, OutboxDisk
from inventory_domain.testing.fakes.paging import page_of, sorted_by
from inventory_domain.writes import (
    Added,
    AddResult,
    Conflict,
    KeyKnown,
    NumberTaken,
    OrderWrite,
    Saved,
    SaveResult,
)

__all__ = ["MemoryOrderStore", "OrderDisk"]


class OrderDisk:
    """What an order store keeps over the death of its process."""

    def __init__(self) -> None:
        self.orders: dict[OrderId, Order] = {}
        self.numbers: dict[str, OrderId] = {}
        self.keys: dict[tuple[UserId, str], OrderId] = {}
        self.outbox = OutboxDisk()


class MemoryOrderStore(MemoryOutbox):
    """Keeps the promises of ``ports.OrderStore``; *disk* is what another one can be opened on."""

    def __init__(self, disk: OrderDisk | None = None, faults: Faults | None = None) -> None:
        self.disk = disk or OrderDisk()
        super().__init__(self.disk.outbox, faults or Faults("order store"))

    async def add(self, writes: Sequence[OrderWrite]) -> Sequence[AddResult]:
        """Store new orders."""
        await self.faults.before("add")
        results = [self._add(write) for write in writes]
        await self.faults.after("add")
        return results

    async def save(self, writes: Sequence[OrderWrite]) -> Sequence[SaveResult]:
        """Store changed orders."""
        await self.faults.before("save")
        results = [self._save(write) for write in writes]
        await self.faults.after("save")
        return results

    async def get(self, order_ids: Collection[OrderId]) -> Mapping[OrderId, Order]:
        """Return those of the orders that are there."""
        await self.faults.before("get")
        # Sorted, since a caller's set has an order that changes from run to run.
        stored = self.disk.orders
        found = {key: stored[key] for key in sorted(order_ids) if key in stored}
        await self.faults.after("get")
        return found

    async def by_idempotency_key(self, subject: UserId, key: str) -> Order | None:
        """Return the order that was placed with this key by this subject."""
        await self.faults.before("by_idempotency_key")
        order_id = self.disk.keys.get((subject, key))
        found = None if order_id is None else self.disk.orders[order_id]
        await self.faults.after("by_idempotency_key")
        return found

    async def find(self, query: OrderQuery) -> Page[Order]:
        """Return one page of the orders that match."""
        await self.faults.before("find")
        matching = (order for order in self.disk.orders.values() if order_matches(order, query))
        found = sorted_by(matching, query.sort, lambda order: order.order_id)
        await self.faults.after("find")
        return page_of(found, query.page, query.limit)

    def _add(self, write: OrderWrite) -> AddResult:
        order = write.order
        token = order.idempotency
        if token is not None:
            known = self.disk.keys.get((token.subject, token.key))
            if known is not None:
                return KeyKnown(self.disk.orders[known])
        if order.order_number in self.disk.numbers:
            return NumberTaken()
        assert order.order_id not in self.disk.orders, f"the id {order.order_id} was given twice"
        if token is not None:
            self.disk.keys[token.subject, token.key] = order.order_id
        self.disk.numbers[order.order_number] = order.order_id
        self._put(write)
        return Added()

    def _save(self, write: OrderWrite) -> SaveResult:
        stored = self.disk.orders.get(write.order.order_id)
        if stored is None or stored.version != write.order.version - 1:
            return Conflict(stored)
        self._put(write)
        return Saved()

    def _put(self, write: OrderWrite) -> None:
        self.disk.orders[write.order.order_id] = write.order
        self.disk.outbox.append(write.events)
