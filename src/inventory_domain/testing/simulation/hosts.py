"""Where the instances of the services run: process after process, each on what is durable."""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.fakes import SequentialIds
from inventory_domain.testing.simulation.chaos import Chaos
from inventory_domain.testing.simulation.checks import Checks
from inventory_domain.testing.simulation.clock import SimulatedClock
from inventory_domain.testing.simulation.gate import Gate, Outages
from inventory_domain.testing.simulation.logs import SimulatedLog
from inventory_domain.testing.simulation.loop import SimulatedLoop
from inventory_domain.testing.simulation.parts import Durable, Parts
from inventory_domain.testing.simulation.plan import Plan
from inventory_domain.testing.simulation.process import Process, Unreachable
from inventory_domain.testing.simulation.services import (
    OrdersService,
    ProductsService,
    Surroundings,
)
from inventory_domain.testing.simulation.stores import SimulatedOrderStore, SimulatedStockStore
from inventory_domain.testing.simulation.trace import Trace
from inventory_domain.testing.simulation.witness import Witness
from inventory_domain.writes import Push

__all__ = ["EVENT_LOG", "ORDER_STORE", "STOCK_STORE", "Hosts"]

S = TypeVar("S", OrdersService, ProductsService)

EVENT_LOG, ORDER_STORE, STOCK_STORE = "event log", "order store", "stock store"
_DOWN_SECONDS = (0.05, 2.5)
_SESSION_SECONDS = (0.05, 5.0)
_SKEW_SECONDS = (-5.0, 5.0)


class Ground(Protocol):
    """What the hosts stand on."""

    plan: Plan
    parts: Parts
    loop: SimulatedLoop
    chaos: Chaos
    trace: Trace
    checks: Checks
    witness: Witness
    durable: Durable

    def again(self, record: OutgoingRecord) -> None:
        """Put *record* into the log once more."""

    def rebalance(self, group: str) -> None:
        """Share out the partitions of *group* anew."""


class _Notifier:
    """Hands over what a living process pushes."""

    def __init__(self, process: Process, witness: Witness) -> None:
        self._process = process
        self._witness = witness

    def push(self, pushes: Sequence[Push]) -> None:
        if self._process.is_up:
            self._witness.orders.told(pushes)


class _Host(Generic[S]):
    """Where one instance runs, life after life."""

    def __init__(self, name: str, open_service: Callable[[Process], S]) -> None:
        self.name = name
        self.open_service: Callable[[Process], S] = open_service
        self.service: S | None = None


class Hosts:
    """All instances of the two services."""

    def __init__(self, ground: Ground, ids: SequentialIds, outages: Outages) -> None:
        self.ids = ids
        self._ground = ground
        self._outages = outages
        self._processes: list[Process] = []
        temper = ground.plan.temper
        self._orders: list[_Host[OrdersService]] = [
            _Host(f"orders-{number + 1}", self._open_orders)
            for number in range(temper.orders_processes)
        ]
        self._products: list[_Host[ProductsService]] = [
            _Host(f"products-{number + 1}", self._open_products)
            for number in range(temper.products_processes)
        ]

    def start(self) -> None:
        """Start every instance."""
        for orders in self._orders:
            self._start(orders)
        for products in self._products:
            self._start(products)

    def wake(self) -> None:
        """Let those go on that stand still."""
        for process in self._processes:
            process.wake()

    def orders_service(self) -> OrdersService:
        """Return an instance of the orders service."""
        return self._pick(self._orders)

    def products_service(self) -> ProductsService:
        """Return an instance of the products service."""
        return self._pick(self._products)

    def _pick(self, hosts: "Sequence[_Host[S]]") -> S:
        host = hosts[0] if len(hosts) == 1 else self._ground.chaos.random.choice(hosts)
        if host.service is None:
            raise Unreachable
        return host.service

    def _start(self, host: "_Host[S]") -> None:
        ground, process = self._ground, self.process(host.name)
        ground.trace.add(process.name, "started")

        def died() -> None:
            host.service = None
            ground.loop.call_later(ground.chaos.seconds(*_DOWN_SECONDS), self._start, host)

        process.on_death.append(died)
        host.service = host.open_service(process)

    def process(self, name: str) -> Process:
        """Return a new life of the process *name*."""
        ground = self._ground
        skew = 0
        if ground.chaos.strikes_now("skew"):
            skew = round(ground.chaos.seconds(*_SKEW_SECONDS) * 1_000_000)
        clock = SimulatedClock(ground.loop, skew)
        process = Process(name, ground.loop, ground.chaos, ground.trace, clock)
        process.report = lambda text: ground.checks.fail("no_surprise", text)
        self._processes.append(process)
        return process

    def stock_store(self, process: Process) -> SimulatedStockStore:
        """Open the stock store as *process* sees it."""
        inner = self._ground.parts.stock_store(self._ground.durable)
        return SimulatedStockStore(inner, self._gate(process, STOCK_STORE), self._ground.witness)

    def _surroundings(self, process: Process) -> Surroundings:
        ground = self._ground
        inner = ground.parts.event_log(ground.durable, process.clock)

        def expelled() -> None:
            # The log finds out when the session has run out.
            die = getattr(inner, "die", None)
            if die is not None:
                ground.loop.call_later(ground.chaos.seconds(*_SESSION_SECONDS), die)

        process.on_death.append(expelled)
        return Surroundings(
            process=process,
            parts=ground.parts,
            temper=ground.plan.temper,
            checks=ground.checks,
            log=SimulatedLog(inner, self._gate(process, EVENT_LOG), ground.witness, ground),
            ids=self.ids,
        )

    def _open_orders(self, process: Process) -> OrdersService:
        ground = self._ground
        inner = ground.parts.order_store(ground.durable)
        store = SimulatedOrderStore(inner, self._gate(process, ORDER_STORE), ground.witness)
        notifier = _Notifier(process, ground.witness)
        return OrdersService(self._surroundings(process), store, notifier)

    def _open_products(self, process: Process) -> ProductsService:
        return ProductsService(self._surroundings(process), self.stock_store(process))

    def _gate(self, process: Process, dependency: str) -> Gate:
        return Gate(process, dependency, self._outages)
