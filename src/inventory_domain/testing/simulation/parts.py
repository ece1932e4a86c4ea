"""What the simulated system is built of: each part can be another one, an own adapter say."""

from collections.abc import Callable
from typing import Any

import attrs

from inventory_domain.ports import Clock, EventLog, OrderStore, StockStore
from inventory_domain.testing.fakes import (
    Faults,
    MemoryBroker,
    MemoryEventLog,
    MemoryOrderStore,
    MemoryStockStore,
    OrderDisk,
    StockDisk,
)
from inventory_domain.use_cases.change_order import ChangeOrder
from inventory_domain.use_cases.consume import Consumer, Handler
from inventory_domain.use_cases.follow_stock import StockFollower
from inventory_domain.use_cases.keep_stock import StockKeeper
from inventory_domain.use_cases.place_order import PlaceOrder
from inventory_domain.use_cases.relay_outbox import OutboxRelay
from inventory_domain.use_cases.stock_ledger import StockLedger

__all__ = ["Durable", "Parts"]


@attrs.define(kw_only=True)
class Durable:
    """What survives the death of every process of one history.

    The memory adapters keep their data on *orders*, *stock* and *broker*; an own adapter keeps
    whatever it has in *own*.
    """

    orders: OrderDisk = attrs.field(factory=OrderDisk)
    stock: StockDisk = attrs.field(factory=StockDisk)
    broker: MemoryBroker
    own: dict[str, Any] = attrs.field(factory=dict)


def _order_store(durable: Durable) -> OrderStore:
    return MemoryOrderStore(durable.orders, Faults("order store", step=None))


def _stock_store(durable: Durable) -> StockStore:
    return MemoryStockStore(durable.stock, Faults("stock store", step=None))


def _event_log(durable: Durable, clock: Clock) -> EventLog:
    return MemoryEventLog(durable.broker, clock=clock, faults=Faults("event log", step=None))


@attrs.frozen(kw_only=True)
class Parts:
    """The parts, the production ones over the memory adapters unless another is named.

    A store is opened anew, on what is durable, each time a process starts. The others are
    called with what the production classes are called with. An own event log is a
    ``LogInspector`` too, and keeps its records in ``durable.broker``, where the checks look.
    """

    order_store: Callable[[Durable], OrderStore] = _order_store
    stock_store: Callable[[Durable], StockStore] = _stock_store
    event_log: Callable[[Durable, Clock], EventLog] = _event_log
    place_order: Callable[..., PlaceOrder] = PlaceOrder
    change_order: Callable[..., ChangeOrder] = ChangeOrder
    ledger: Callable[..., StockLedger] = StockLedger
    stock_handler: Callable[..., Handler] = StockKeeper
    order_handler: Callable[..., Handler] = StockFollower
    relay: Callable[..., OutboxRelay] = OutboxRelay
    consumer: Callable[..., Consumer] = Consumer
