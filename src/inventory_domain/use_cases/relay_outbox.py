"""Publish what was stored: the outbox's events go to the log, each at least once, in order."""

import asyncio
from datetime import timedelta

import attrs

from inventory_domain.errors import DependencyUnavailable
from inventory_domain.ports import Clock, EventLog, IdSource, Outbox

__all__ = ["OutboxRelay", "RelaySettings"]


@attrs.frozen(kw_only=True)
class RelaySettings:
    """Bounds of the relay.

    It publishes at most *entry_count_max* entries at once, looks for what a dead process left
    every *poll_seconds*, and waits *outage_pause_seconds* after an outage. Its lease ends
    *lease_seconds* after it was last prolonged.
    """

    entry_count_max: int = 500
    poll_seconds: float = 1.0
    outage_pause_seconds: float = 0.5
    lease_seconds: float = 10.0


class OutboxRelay:
    """Publishes pending entries and marks them after the log has acknowledged them.

    A crash between the two publishes again, under the same event ids: duplicates, never loss.
    """

    def __init__(
        self,
        outbox: Outbox,
        log: EventLog,
        *,
        clock: Clock,
        ids: IdSource,
        settings: RelaySettings = RelaySettings(),
    ) -> None:
        self._outbox = outbox
        self._log = log
        self._clock = clock
        self._settings = settings
        self._holder = ids.new_id()
        self._work = asyncio.Event()
        self._turn = asyncio.Lock()
        self.outage: DependencyUnavailable | None = None

    def nudge(self) -> None:
        """Say that something was stored; returns at once."""
        self._work.set()

    async def flush(self) -> int:
        """Publish everything that is pending now and return the number of entries.

        One flush runs at a time, so that this relay never overtakes itself.

        Raises:
            DependencyUnavailable: the store or the log is away; nothing is lost.
        """
        async with self._turn:
            count = 0
            while entries := await self._outbox.pending(self._settings.entry_count_max):
                await self._log.publish([rec for entry in entries for rec in entry.records])
                await self._outbox.mark_published([entry.entry_id for entry in entries])
                count += len(entries)
                if len(entries) < self._settings.entry_count_max:
                    break
            return count

    async def run(self) -> None:
        """Relay until cancelled; an outage is waited out."""
        while True:
            self._work.clear()
            try:
                if await self._has_lease():
                    await self.flush()
                self.outage = None
            except DependencyUnavailable as outage:
                self.outage = outage
                await self._clock.sleep(self._settings.outage_pause_seconds)
                continue
            await self._clock.wait(self._work, self._settings.poll_seconds)

    async def _has_lease(self) -> bool:
        now = self._clock.now()
        until = now + timedelta(seconds=self._settings.lease_seconds)
        return await self._outbox.acquire_relay(self._holder, now=now, until=until)
