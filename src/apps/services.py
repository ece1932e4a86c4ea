"""The services: what each needs, serves and does in the background. One table names them all."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

import attrs
import structlog
from litestar.types import ASGIApp

from apps.bootstrap import Part
from apps.container import Container
from apps.edge.auth import TokenVerifier
from apps.monitor.app import create_monitor_app, start_monitor_work
from apps.orders.app import create_orders_app
from apps.products.app import create_products_app
from apps.settings import Settings
from apps.storefront.app import create_storefront_app
from apps.workers import Supervisor, Work
from inventory_domain.records import Record
from inventory_domain.topics import (
    INVENTORY_RELEASE,
    ORDERS_GROUP,
    ORDERS_TOPICS,
    PRODUCTS_GROUP,
    PRODUCTS_TOPICS,
)
from inventory_domain.use_cases.consume import Consumer, ConsumerSettings, Handler

__all__ = ["SERVICES", "Service", "start_orders_work", "start_products_work"]

_log = structlog.get_logger(__name__)

# What the last batches gave rise to is still published.
_AFTER_CONSUMERS = 1


class CreateApp(Protocol):
    """Makes a service's app over a container."""

    def __call__(
        self, container: Container, *, supervisor: Supervisor, verifier: TokenVerifier
    ) -> ASGIApp:
        """Return the app; its readiness speaks of the workers of *supervisor*."""


@attrs.frozen(kw_only=True)
class Service:
    """One service: its port's setting, the parts it needs, its app and its background work."""

    name: str
    port_setting: str
    parts: frozenset[Part]
    create_app: CreateApp
    start_work: Callable[[Container, Supervisor], None]
    only_looks: bool = False
    """Whether it looks at an event log that somebody else owns."""

    def port(self, settings: Settings) -> int:
        """Return the port it is to listen on."""
        port: int = getattr(settings, self.port_setting.lower())
        return port


def start_orders_work(container: Container, supervisor: Supervisor) -> None:
    """Relay the orders' events, and follow what becomes of their stock."""
    follower: Handler = container.stock_follower()
    settings = ConsumerSettings(service="orders-service")
    supervisor.start(
        "orders-relay", lambda: _ready(container.orders_relay()), stop_turn=_AFTER_CONSUMERS
    )
    supervisor.start(
        "orders-consumer",
        lambda: _consumer(container, ORDERS_GROUP, ORDERS_TOPICS, follower, settings),
    )


def start_products_work(container: Container, supervisor: Supervisor) -> None:
    """Relay the stock's events, and serve the requests for stock."""
    keeper: Handler = container.stock_keeper()
    settings = ConsumerSettings(
        service="products-service",
        retry_pause_seconds=container.settings().reserve_retry_pause_seconds,
        overtaking_topics=frozenset({INVENTORY_RELEASE}),
    )
    supervisor.start(
        "products-relay", lambda: _ready(container.stock_relay()), stop_turn=_AFTER_CONSUMERS
    )
    supervisor.start(
        "products-consumer",
        lambda: _consumer(container, PRODUCTS_GROUP, PRODUCTS_TOPICS, keeper, settings),
    )


def start_nothing(container: Container, supervisor: Supervisor) -> None:
    """Do nothing behind the answers."""


# In the order in which they are printed, started and stopped.
SERVICES: Final[Mapping[str, Service]] = {
    service.name: service
    for service in (
        Service(
            name="orders",
            port_setting="ORDERS_PORT",
            parts=frozenset({Part.ORDERS, Part.LOG, Part.SOCKETS}),
            create_app=create_orders_app,
            start_work=start_orders_work,
        ),
        Service(
            name="products",
            port_setting="PRODUCTS_PORT",
            parts=frozenset({Part.STOCK, Part.LOG}),
            create_app=create_products_app,
            start_work=start_products_work,
        ),
        Service(
            name="storefront",
            port_setting="STOREFRONT_PORT",
            parts=frozenset(),
            create_app=create_storefront_app,
            start_work=start_nothing,
        ),
        Service(
            name="monitor",
            port_setting="MONITOR_PORT",
            parts=frozenset({Part.ORDERS, Part.STOCK, Part.LOG, Part.ALERTS}),
            create_app=create_monitor_app,
            start_work=start_monitor_work,
            only_looks=True,
        ),
    )
}


async def _ready(work: Work) -> Work:
    return work


async def _consumer(
    container: Container,
    group: str,
    topics: tuple[str, ...],
    handler: Handler,
    settings: ConsumerSettings,
) -> Work:
    log = container.log()
    return _Membership(
        Consumer(
            await log.subscribe(group, topics),
            handler,
            log,
            clock=container.clock(),
            ids=container.ids(),
            settings=settings,
            on_fault=_tell_fault,
        )
    )


def _tell_fault(record: Record, fault: Exception) -> None:
    _log.error(
        "record_not_handled",
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        exc_info=fault,
    )


class _Membership:
    """A consumer that leaves its group when it ends, however it ends."""

    def __init__(self, consumer: Consumer) -> None:
        self.consumer = consumer

    @property
    def outage(self) -> Exception | None:
        return self.consumer.outage

    def stop(self) -> None:
        self.consumer.stop()

    async def run(self) -> None:
        try:
            await self.consumer.run()
        finally:
            await self.consumer.aclose()
