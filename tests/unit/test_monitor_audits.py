"""For whom the monitor runs its audit, and whom it shows the latest one."""

from collections.abc import AsyncIterator

from apps.monitor.audits import Audits
from inventory_domain.audit import AuditPart
from inventory_domain.testing.fakes import MemoryStockStore, VirtualClock


class Slow(MemoryStockStore):
    """A store that takes so long to be read."""

    def __init__(self, clock: VirtualClock, seconds: float) -> None:
        super().__init__()
        self._clock = clock
        self._seconds = seconds

    async def audit_parts(self) -> AsyncIterator[AuditPart]:
        await self._clock.sleep(self._seconds)
        async for part in super().audit_parts():
            yield part


async def test_an_audit_that_costs_little_is_run_anew_for_whoever_asks_after_a_while() -> None:
    clock = VirtualClock(autojump=True)
    audits = Audits(store=Slow(clock, 0.1), clock=clock)

    first = await audits.recent()
    await clock.sleep(4)
    soon = await audits.recent()
    await clock.sleep(2)
    later = await audits.recent()

    assert soon is first
    assert later.at > first.at


async def test_nobody_waits_for_an_audit_that_takes_long() -> None:
    clock = VirtualClock(autojump=True)
    audits = Audits(store=Slow(clock, 5), clock=clock)

    first = await audits.recent()
    await clock.sleep(3600)

    assert await audits.recent() is first
