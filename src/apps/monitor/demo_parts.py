"""What stands around adapters in the demo, so that the monitor can take them away and count."""

from collections import deque
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol, runtime_checkable

import attrs

from inventory_domain.audit import AuditPart
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.ports import Clock, Notifier, StockStore
from inventory_domain.queries import MovementQuery, Page, ProductQuery
from inventory_domain.stock import Movement, Product, StockChange, StockView
from inventory_domain.writes import OutboxEntry, Push

__all__ = ["JournalEntry", "PushJournal", "PushLine", "RemovableStockStore"]

_JOURNAL_LENGTH_MAX: Final = 2_000


class RemovableStockStore:
    """A stock store that can be taken away for a while; then every call fails as in an outage."""

    def __init__(self, store: StockStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._away_until: datetime | None = None

    @property
    def seconds_away(self) -> float:
        """For how long it is still away."""
        if self._away_until is None:
            return 0.0
        return max((self._away_until - self._clock.now()).total_seconds(), 0.0)

    def take_away(self, seconds: float) -> None:
        """Let it be away for so long from now on."""
        self._away_until = self._clock.now() + timedelta(seconds=seconds)

    @property
    def _present(self) -> StockStore:
        if self.seconds_away:
            raise DependencyUnavailable(dependency="stock store", reason="taken away in the demo")
        return self._store

    async def load(
        self, order_ids: Collection[OrderId], product_ids: Collection[ProductId]
    ) -> StockView:
        """Return one consistent moment of these reservations and products."""
        return await self._present.load(order_ids, product_ids)

    async def commit(self, change: StockChange) -> None:
        """Make *change* durable, all or nothing."""
        await self._present.commit(change)

    async def find_products(self, query: ProductQuery) -> Page[Product]:
        """Return one page of the products that match."""
        return await self._present.find_products(query)

    async def find_movements(self, query: MovementQuery) -> Page[Movement]:
        """Return one page of a product's ledger."""
        return await self._present.find_movements(query)

    async def audit_parts(self) -> AsyncIterator[AuditPart]:
        """Yield everything the audit needs."""
        async for part in self._present.audit_parts():
            yield part

    async def pending(self, count_max: int) -> Sequence[OutboxEntry]:
        """Return entries that are not published yet."""
        return await self._present.pending(count_max)

    async def mark_published(self, entry_ids: Sequence[str]) -> None:
        """Forget these entries."""
        await self._present.mark_published(entry_ids)

    async def acquire_relay(self, holder: str, *, now: datetime, until: datetime) -> bool:
        """Take or prolong the lease to publish."""
        return await self._present.acquire_relay(holder, now=now, until=until)


@runtime_checkable
class PushLine(Protocol):
    """A channel of pushes that can be cut and joined again."""

    @property
    def is_cut(self) -> bool:
        """Whether nobody is connected and nobody can connect."""

    async def cut(self) -> int:
        """Break every connection off and refuse new ones; return how many there were."""

    def join(self) -> None:
        """Let clients connect again."""


@attrs.frozen
class JournalEntry:
    """A push as it was handed over; *reached* says whether the channel was there."""

    at: datetime
    push: Push
    reached: bool


class PushJournal:
    """A notifier that remembers its last pushes, and by which order."""

    def __init__(self, notifier: Notifier, clock: Clock) -> None:
        self.notifier = notifier
        self.line = notifier if isinstance(notifier, PushLine) else None
        """The channel behind it, if that can be cut."""
        self._clock = clock
        self._entries: deque[JournalEntry] = deque(maxlen=_JOURNAL_LENGTH_MAX)

    def push(self, pushes: Sequence[Push]) -> None:
        """Hand *pushes* on and remember them."""
        now, reached = self._clock.now(), self.line is None or not self.line.is_cut
        self._entries.extend(JournalEntry(now, push, reached) for push in pushes)
        self.notifier.push(pushes)

    def of_order(self, order_id: str) -> list[JournalEntry]:
        """Return the remembered pushes about one order, oldest first."""
        return [entry for entry in self._entries if _order_of(entry.push) == order_id]


def _order_of(push: Push) -> object:
    order = push.payload.get("order")
    return order.get("_id") if isinstance(order, dict) else push.payload.get("orderId")
