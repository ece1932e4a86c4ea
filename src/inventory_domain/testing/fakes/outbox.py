"""The outbox that both memory stores have."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.fakes.faults import Faults
from inventory_domain.writes import OutboxEntry

__all__ = ["MemoryOutbox", "OutboxDisk"]


class OutboxDisk:
    """What an outbox keeps over the death of its process."""

    def __init__(self) -> None:
        self.entries: dict[str, OutboxEntry] = {}
        self.entry_count = 0
        self.lease: tuple[str, datetime] | None = None

    def append(self, records: Sequence[OutgoingRecord]) -> None:
        """Keep *records* as one entry; none make no entry."""
        if not records:
            return
        self.entry_count += 1
        entry_id = f"entry-{self.entry_count:06d}"
        self.entries[entry_id] = OutboxEntry(entry_id, tuple(records))


class MemoryOutbox:
    """Keeps the promises of ``ports.Outbox``."""

    def __init__(self, outbox: OutboxDisk, faults: Faults) -> None:
        self._outbox = outbox
        self.faults = faults

    async def pending(self, count_max: int) -> Sequence[OutboxEntry]:
        """Return the oldest entries."""
        await self.faults.before("pending")
        found = tuple(islice(self._outbox.entries.values(), count_max))
        await self.faults.after("pending")
        return found

    async def mark_published(self, entry_ids: Sequence[str]) -> None:
        """Forget these entries."""
        await self.faults.before("mark_published")
        for entry_id in entry_ids:
            self._outbox.entries.pop(entry_id, None)
        await self.faults.after("mark_published")

    async def acquire_relay(self, holder: str, *, now: datetime, until: datetime) -> bool:
        """Take the lease if it is free, ended, the holder's own, or of a clock set back since."""
        await self.faults.before("acquire_relay")
        lease = self._outbox.lease
        taken = lease is None or lease[0] == holder or lease[1] < now
        taken = taken or (lease is not None and now < until < lease[1] - (until - now))
        if taken:
            self._outbox.lease = (holder, until)
        await self.faults.after("acquire_relay")
        return taken
