"""The orders app over fakes, and callers to drive it with."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from dependency_injector import providers
from litestar import Litestar

from apps.container import Container
from apps.edge.auth import issue_token
from apps.orders.app import create_orders_app
from apps.settings import Settings
from apps.workers import Supervisor
from inventory_domain.ids import OrderId
from inventory_domain.orders import Order
from inventory_domain.testing.fakes.broker import MemoryBroker
from inventory_domain.testing.fakes.clock import VirtualClock
from inventory_domain.testing.fakes.event_log import MemoryEventLog
from inventory_domain.testing.fakes.ids import SequentialIds
from inventory_domain.testing.fakes.notifier import RecordingNotifier
from inventory_domain.testing.fakes.order_store import MemoryOrderStore
from inventory_domain.testing.fakes.stock_store import MemoryStockStore

__all__ = ["API", "BODY", "ISSUER", "SECRET", "OrdersWorld", "bearer", "client_of", "token_for"]

SECRET = "a-secret-of-more-than-thirty-two-bytes"
ISSUER = "inventory"
URL = "http://127.0.0.1:3004"
API = "/api/v1"

BODY: dict[str, Any] = {"items": [{"productId": "LAMP", "qty": 2, "price": 29.99}]}


def token_for(subject: str, *roles: str, ttl_seconds: float = 3600.0, **other: str) -> str:
    named = {"secret": SECRET, "issuer": ISSUER, **other}
    return issue_token(subject=subject, roles=roles, ttl_seconds=ttl_seconds, **named)


def bearer(subject: str, *roles: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_for(subject, *(roles or ('user',)))}", **headers}


class OrdersWorld:
    """One orders app with everything around it; *store* may stand in for the fake one."""

    def __init__(
        self,
        *,
        store: MemoryOrderStore | None = None,
        supervisor: Supervisor | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.ids = SequentialIds()
        self.store = MemoryOrderStore() if store is None else store
        self.notifier = RecordingNotifier()
        log = MemoryEventLog(MemoryBroker(self.clock))
        named = {"access_token_secret": SECRET, "issuer": ISSUER, "demo": False, **(settings or {})}
        self.container = Container(
            settings=providers.Object(Settings(**named)),
            order_store=providers.Object(self.store),
            stock_store=providers.Object(MemoryStockStore()),
            log=providers.Object(log),
            inspector=providers.Object(log),
            notifier=providers.Object(self.notifier),
            clock=providers.Object(self.clock),
            ids=providers.Object(self.ids),
        )
        self.disk = self.store.disk
        self.app: Litestar = create_orders_app(self.container, supervisor=supervisor)

    def put(self, *orders: Order) -> None:
        """Have *orders* stored, in whatever state they are."""
        for order in orders:
            self.disk.orders[order.order_id] = order
            self.disk.numbers[order.order_number] = order.order_id

    def stored(self, order_id: str) -> Order:
        return self.disk.orders[OrderId(order_id)]


@asynccontextmanager
async def client_of(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client that talks to *app* without a socket; a fault in the app is not hidden."""
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        yield client
