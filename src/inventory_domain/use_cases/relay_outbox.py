"""Publish what was stored: the outbox's events go to the log, each at least once, in order."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import attrs

from inventory_domain.errors import DependencyUnavailable
from inventory_domain.ports import Clock, EventLog, IdSource, Outbox
from inventory_domain.records import byte_count
from inventory_domain.use_cases.publishing import publish_what_fits
from inventory_domain.writes import OutboxEntry

__all__ = ["OutboxRelay", "RelaySettings"]

# A store gives fewer entries than asked for when they are large; so few bytes are all there is.
_SMALL_BYTES = 1024 * 1024
_COUNT_STEP = 4
_ASK_AGAIN = timedelta(seconds=1)


@attrs.frozen(kw_only=True)
class RelaySettings:
    """Bounds of the relay.

    It publishes at most *entry_count_max* entries at once, looks every *poll_seconds* for what
    others stored or a dead process left, and waits *outage_pause_seconds* after an outage. Its
    lease ends *lease_seconds* after it was last prolonged, which it is when half of them are over.
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
        self._entry_count = settings.entry_count_max
        self._holder = ids.new_id()
        self._is_mine = False
        self._settled: tuple[datetime, datetime] | None = None
        self._work = asyncio.Event()
        self._turn = asyncio.Lock()
        self._stopping = False
        self.outage: DependencyUnavailable | None = None
        self.is_stuck = False

    def nudge(self) -> None:
        """Say that something was stored; returns at once."""
        self._work.set()

    async def flush(self) -> int:
        """Publish everything that is pending now and return the number of entries.

        One flush runs at a time, so that this relay never overtakes itself. While the last one
        failed the relay *is_stuck*.

        Raises:
            DependencyUnavailable: the store or the log is away; nothing is lost.
        """
        async with self._turn:
            # This takes all that was stored up to now, so nobody need be woken for it.
            self._work.clear()
            try:
                count = await self._publish_all()
            except DependencyUnavailable:
                self.is_stuck = True
                raise
            self.is_stuck = False
            return count

    async def run(self) -> None:
        """Relay until :meth:`stop`; an outage is waited out."""
        while True:
            self._work.clear()
            # Read after the clearing: a stop that comes later sets it again.
            last = self._stopping
            try:
                if await self._has_lease():
                    await self.flush()
                self.outage = None
            except DependencyUnavailable as outage:
                self.outage = outage
                if not last:
                    # Another instance may reach what this one cannot.
                    await self._give_lease_back()
                    await self._clock.sleep(self._settings.outage_pause_seconds)
            if last:
                if self.outage is None:
                    await self._give_lease_back()
                return
            if self.outage is None:
                await self._rest()

    def stop(self) -> None:
        """Let :meth:`run` return after it has published once more what is pending."""
        self._stopping = True
        self._work.set()

    async def _rest(self) -> None:
        left = self._settings.poll_seconds
        until = self._clock.now() + timedelta(seconds=left)
        while left > 0 and not self._stopping:
            is_woken = await self._clock.wait(self._work, left)
            if not is_woken or self._work.is_set():
                return
            # A flush has taken what there was; the lease is to be prolonged all the same.
            left = min(left, (until - self._clock.now()).total_seconds())

    async def _publish_all(self) -> int:
        count = 0
        while entries := await self._publish_some(asked := self._entry_count):
            count += len(entries)
            if len(entries) < asked and _size(entries) < _SMALL_BYTES:
                break
        return count

    async def _publish_some(self, count_max: int) -> Sequence[OutboxEntry]:
        """Publish the oldest entries and mark them; return which."""
        try:
            entries = await self._outbox.pending(count_max)
            if entries:
                records = [record for entry in entries for record in entry.records]
                await publish_what_fits(self._log, records)
                await self._outbox.mark_published([entry.entry_id for entry in entries])
        except DependencyUnavailable:
            # Fewer next time: they may have been too many for the time that they had, and one
            # that the log never takes shall hold up none that lies before it.
            self._entry_count = max(self._entry_count // _COUNT_STEP, 1)
            raise
        self._entry_count = min(self._entry_count * _COUNT_STEP, self._settings.entry_count_max)
        return entries

    async def _give_lease_back(self) -> None:
        # Whoever comes next shall not wait for it to end.
        self._settled = None
        now = self._clock.now()
        with suppress(DependencyUnavailable):
            await self._outbox.acquire_relay(self._holder, now=now, until=now)

    async def _has_lease(self) -> bool:
        now = self._clock.now()
        if self._settled is not None and self._settled[0] <= now < self._settled[1]:
            # Ours: nobody else can have taken it. Another's: it will not be free so soon. A write
            # for every nudge would only hold up the rest. But once the clock was set back nobody
            # knows how much of that time is over.
            return self._is_mine
        lease = timedelta(seconds=self._settings.lease_seconds)
        self._is_mine = await self._outbox.acquire_relay(self._holder, now=now, until=now + lease)
        ask_again = lease / 2 if self._is_mine else _ASK_AGAIN
        self._settled = now, now + ask_again
        return self._is_mine


def _size(entries: Sequence[OutboxEntry]) -> int:
    return sum([byte_count(record) for entry in entries for record in entry.records])
