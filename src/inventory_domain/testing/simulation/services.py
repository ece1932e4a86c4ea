"""The two services as simulated processes: the unchanged use cases, over the simulated ports."""

from collections.abc import Awaitable, Callable

import attrs

from inventory_domain.errors import DependencyUnavailable
from inventory_domain.ports import EventLog, Notifier, OrderStore, StockStore, Subscription
from inventory_domain.records import Record
from inventory_domain.stock_decisions import StockPolicy
from inventory_domain.testing.fakes import SequentialIds
from inventory_domain.testing.simulation.checks import Checks
from inventory_domain.testing.simulation.logs import SimulatedLog
from inventory_domain.testing.simulation.parts import Parts
from inventory_domain.testing.simulation.plan import Temper
from inventory_domain.testing.simulation.process import Process
from inventory_domain.testing.simulation.shared import CODEC
from inventory_domain.topics import (
    INVENTORY_RELEASE,
    ORDERS_GROUP,
    ORDERS_TOPICS,
    PRODUCTS_GROUP,
    PRODUCTS_TOPICS,
)
from inventory_domain.use_cases.consume import ConsumerSettings, Handler
from inventory_domain.use_cases.keep_catalogue import KeepCatalogue
from inventory_domain.use_cases.redrive import Redrive
from inventory_domain.use_cases.relay_outbox import RelaySettings
from inventory_domain.use_cases.serve_stock import ServeStock

__all__ = ["OrdersService", "ProductsService", "Surroundings"]

_LEASE_SECONDS = 3.0
_REOPEN_SECONDS = 0.5


@attrs.frozen(kw_only=True)
class Surroundings:
    """What a service finds when its process starts."""

    process: Process
    parts: Parts
    temper: Temper
    checks: Checks
    log: SimulatedLog
    ids: SequentialIds

    def start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run background work; nothing that no port promises may end it."""

        async def watched() -> None:
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
                self.checks.fail("no_surprise", f"{self.process.name}: {error!r}")

        self.process.loop.start(watched())

    async def consume(
        self, group: str, topics: tuple[str, ...], handler: Handler, settings: ConsumerSettings
    ) -> None:
        """Join *group* as soon as the log is there, and consume."""
        log: EventLog = self.log
        subscription: Subscription | None = None
        while subscription is None:
            try:
                subscription = await log.subscribe(group, topics)
            except DependencyUnavailable:
                await self.process.clock.sleep(_REOPEN_SECONDS)
        consumer = self.parts.consumer(
            subscription,
            handler,
            log,
            clock=self.process.clock,
            ids=self.ids,
            settings=settings,
            on_fault=self._stumbled,
        )
        await consumer.run()

    def _stumbled(self, record: Record, fault: Exception) -> None:
        self.checks.fail("no_surprise", f"{self.process.name} over {record.topic}: {fault!r}")

    def settings(self, service: str, overtaking: frozenset[str] = frozenset()) -> ConsumerSettings:
        """Return the consumer's settings in this history."""
        temper = self.temper
        return ConsumerSettings(
            service=service,
            batch_count_max=temper.batch_count_max,
            poll_seconds=temper.poll_seconds,
            retry_pause_seconds=temper.retry_pause_seconds,
            open_count_max=temper.open_count_max,
            overtaking_topics=overtaking,
        )

    @property
    def relay_settings(self) -> RelaySettings:
        """The relay's settings in this history."""
        return RelaySettings(
            entry_count_max=self.temper.entry_count_max,
            poll_seconds=self.temper.poll_seconds,
            lease_seconds=_LEASE_SECONDS,
        )


class OrdersService:
    """One life of an instance of the orders service."""

    def __init__(self, around: Surroundings, store: OrderStore, notifier: Notifier) -> None:
        parts, clock = around.parts, around.process.clock
        self.process = around.process
        self.store = store
        relay = parts.relay(
            store, around.log, clock=clock, ids=around.ids, settings=around.relay_settings
        )
        common = {
            "store": store,
            "notifier": notifier,
            "clock": clock,
            "codec": CODEC,
        }
        self.place = parts.place_order(ids=around.ids, nudge_relay=relay.nudge, **common)
        self.change = parts.change_order(nudge_relay=relay.nudge, **common)
        follower = parts.order_handler(**common)
        around.start(relay.run)
        settings = around.settings("orders-service")
        around.start(lambda: around.consume(ORDERS_GROUP, ORDERS_TOPICS, follower, settings))


class ProductsService:
    """One life of an instance of the products service."""

    def __init__(self, around: Surroundings, store: StockStore) -> None:
        parts, clock, ids = around.parts, around.process.clock, around.ids
        self.process = around.process
        relay = parts.relay(store, around.log, clock=clock, ids=ids, settings=around.relay_settings)
        ledger = parts.ledger(
            store=store,
            clock=clock,
            ids=ids,
            codec=CODEC,
            policy=StockPolicy(),
            nudge_relay=relay.nudge,
        )
        keeper = parts.stock_handler(
            ledger=ledger, relay=relay, clock=clock, codec=CODEC, service="products-service"
        )
        self.serve = ServeStock(ledger=ledger, store=store, ids=ids)
        self.catalogue = KeepCatalogue(
            store=store, clock=clock, ids=ids, codec=CODEC, nudge_relay=relay.nudge
        )
        self.redrive = Redrive(
            inspector=around.log, log=around.log, ledger=ledger, clock=clock, codec=CODEC
        )
        around.start(relay.run)
        settings = around.settings("products-service", frozenset({INVENTORY_RELEASE}))
        around.start(lambda: around.consume(PRODUCTS_GROUP, PRODUCTS_TOPICS, keeper, settings))
