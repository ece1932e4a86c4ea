"""The lines that an order's story is found in: a partition of the log, a product's ledger."""

from collections.abc import Sequence

import attrs

from inventory_domain.ids import ProductId
from inventory_domain.log_view import PartitionInfo
from inventory_domain.ports import LogInspector, StockStore
from inventory_domain.queries import PAGE_LIMIT_MAX, MovementQuery, Page
from inventory_domain.records import Record, TopicPartition
from inventory_domain.stock import Movement
from inventory_domain.use_cases.timelines import Placed

__all__ = ["LedgerLine", "PartitionLine", "open_ledger"]


@attrs.frozen
class PartitionLine:
    """The records of one partition."""

    inspector: LogInspector
    topic: str
    info: PartitionInfo

    @property
    def begin(self) -> int:
        """The first offset kept."""
        return self.info.begin

    @property
    def end(self) -> int:
        """The offset that the next record gets."""
        return self.info.end

    async def read(self, start: int, count_max: int) -> Sequence[Placed[Record]]:
        """Return records from offset *start* on."""
        at = TopicPartition(self.topic, self.info.partition)
        records = await self.inspector.read(at, start=start, count_max=count_max)
        return [Placed(record.offset, record.timestamp, record) for record in records]


@attrs.frozen
class LedgerLine:
    """The movements of one product, oldest first; new ones behind *end* do not disturb."""

    store: StockStore
    product_id: ProductId
    end: int
    begin: int = 0

    async def read(self, start: int, count_max: int) -> Sequence[Placed[Movement]]:
        """Return movements from place *start* on, as many as one page of the store gives."""
        # The store counts its pages from the newest; more movements may have come since.
        newest = (await self._page(1, 1)).total if start < self.end else 0
        number = (newest - 1 - start) // PAGE_LIMIT_MAX + 1
        if number < 1:
            return []
        page = await self._page(number, PAGE_LIMIT_MAX)
        first = page.total - (number - 1) * PAGE_LIMIT_MAX - len(page.items)
        things = [
            Placed(first + step, movement.at, movement)
            for step, movement in enumerate(reversed(page.items))
        ]
        return [one for one in things if one.place >= start][:count_max]

    async def _page(self, number: int, limit: int) -> Page[Movement]:
        query = MovementQuery(product_id=self.product_id, page=number, limit=limit)
        return await self.store.find_movements(query)


async def open_ledger(store: StockStore, product_id: ProductId) -> LedgerLine:
    """Return the line of *product_id* as long as it is now."""
    page = await store.find_movements(MovementQuery(product_id=product_id, limit=1))
    return LedgerLine(store, product_id, page.total)
