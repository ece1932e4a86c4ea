import asyncio
from collections.abc import AsyncIterator

import pytest

from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import StockChange
from inventory_domain.testing.fakes import (
    MemoryBroker,
    MemoryEventLog,
    MemoryStockStore,
    SequentialIds,
    VirtualClock,
)
from inventory_domain.use_cases.relay_outbox import OutboxRelay

RECORD = OutgoingRecord("inventory.adjusted", b"lamp-oak", b"{}")


class Relayed:
    """A relay at work between a store and a log."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStockStore()
        self.log = MemoryEventLog(MemoryBroker(self.clock))
        self.relay = OutboxRelay(self.store, self.log, clock=self.clock, ids=SequentialIds())
        self.work = asyncio.create_task(self.relay.run())

    async def published(self) -> int:
        topics = await self.log.topics()
        return sum(part.end for topic in topics for part in topic.partitions)


@pytest.fixture
async def relayed() -> AsyncIterator[Relayed]:
    found = Relayed()
    yield found
    found.work.cancel()


async def test_a_stopped_relay_publishes_once_more_what_is_pending(relayed: Relayed) -> None:
    await relayed.clock.advance(0)
    await relayed.store.commit(StockChange(events=(RECORD,)))

    relayed.relay.stop()
    await relayed.work

    assert await relayed.published() == 1


async def test_a_stopped_relay_does_not_wait_for_an_outage_to_end(relayed: Relayed) -> None:
    relayed.log.faults.available = False
    await relayed.store.commit(StockChange(events=(RECORD,)))
    await relayed.clock.advance(1)
    assert relayed.relay.outage is not None

    relayed.relay.stop()
    await relayed.clock.advance(1)

    assert relayed.work.done()
    assert len(await relayed.store.pending(10)) == 1
