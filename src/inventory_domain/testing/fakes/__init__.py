"""Fakes that keep every promise of their port, in memory and in one thread.

Nothing here looks at the wall clock, draws at random or depends on the order of a set, so the
same calls give the same results every time. What would be durable lies in an object of its own
(``OrderDisk``, ``StockDisk``, ``MemoryBroker``): drop the fake and open another one on it, and
a process has died and come back.
"""

from inventory_domain.testing.fakes.broker import MemoryBroker
from inventory_domain.testing.fakes.clock import CLOCK_START, VirtualClock
from inventory_domain.testing.fakes.event_log import MemoryEventLog, MemorySubscription
from inventory_domain.testing.fakes.faults import Faults, Step
from inventory_domain.testing.fakes.ids import SequentialIds
from inventory_domain.testing.fakes.notifier import RecordingClient, RecordingNotifier
from inventory_domain.testing.fakes.order_store import MemoryOrderStore, OrderDisk
from inventory_domain.testing.fakes.stock_store import MemoryStockStore, StockDisk

__all__ = [
    "CLOCK_START",
    "Faults",
    "MemoryBroker",
    "MemoryEventLog",
    "MemoryOrderStore",
    "MemoryStockStore",
    "MemorySubscription",
    "OrderDisk",
    "RecordingClient",
    "RecordingNotifier",
    "SequentialIds",
    "Step",
    "StockDisk",
    "VirtualClock",
]
