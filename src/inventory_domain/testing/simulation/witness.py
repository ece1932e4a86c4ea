"""The witness: sees every durable step of a history and holds it against the promises."""

from collections import Counter
from collections.abc import Sequence

from inventory_domain.testing.simulation.checks import Checks
from inventory_domain.testing.simulation.endings import Endings
from inventory_domain.testing.simulation.watched_log import WatchedLog, event_id_of
from inventory_domain.testing.simulation.watched_orders import WatchedOrders
from inventory_domain.testing.simulation.watched_stock import WatchedStock
from inventory_domain.writes import OutboxEntry

__all__ = ["SITUATIONS", "Witness"]

SITUATIONS = (
    "conflict",
    "lost_race",
    "refused_commit",
    "restock",
    "redrive",
    "cancelled",
    "delivered",
    "repeated",
    "called",
    "meddled",
)
"""What a run should have met at least once besides its faults."""


class Witness:
    """Everything that became durable, as it became so."""

    def __init__(self, checks: Checks, attempts_max: int) -> None:
        self.checks = checks
        self.orders = WatchedOrders(checks)
        self.stock = WatchedStock(checks, self.orders.wanted)
        self.log = WatchedLog(checks, self.orders, self.stock, attempts_max)
        self.endings = Endings(checks, self.orders, self.stock, self.log)
        self.situations: Counter[str] = Counter()
        self._entries: dict[tuple[str, str], OutboxEntry] = {}

    def seen(self, situation: str) -> None:
        """Note that *situation* came up."""
        self.situations[situation] += 1

    def pending(self, outbox: str, entries: Sequence[OutboxEntry]) -> None:
        """Remember what the entries of *outbox* hold."""
        for entry in entries:
            self._entries[outbox, entry.entry_id] = entry

    def marked(self, outbox: str, entry_ids: Sequence[str]) -> None:
        """Look at entries that *outbox* has been told to forget."""
        for entry_id in entry_ids:
            entry = self._entries.get((outbox, entry_id))
            for record in entry.records if entry is not None else ():
                self.checks.that(
                    "outbox_kept",
                    record in self.log,
                    lambda: (
                        f"{record.topic} {event_id_of(record)} was marked as published and "
                        "is not in the log"
                    ),
                )
