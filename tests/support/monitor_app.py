"""The monitor over a shop in memory, and callers to drive it with."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from dependency_injector import providers
from litestar import Litestar

from apps.container import Container
from apps.edge.auth import TokenVerifier
from apps.monitor.app import create_monitor_app
from apps.monitor.demo_parts import PushJournal, RemovableStockStore
from apps.settings import Settings
from apps.workers import Supervisor
from inventory_domain.testing.shop import MemoryShop
from tests.support.orders_app import ISSUER, SECRET, bearer

__all__ = ["ADMIN", "Caller", "caller_of", "container_of", "demo_parts", "monitor_of"]

ADMIN = bearer("boss", "admin")
API = "http://127.0.0.1:8080/api/v1"


def container_of(shop: MemoryShop, **more: Any) -> Container:
    named = {
        "settings": Settings(access_token_secret=SECRET, issuer=ISSUER, demo=False),
        "order_store": shop.orders,
        "stock_store": shop.stock,
        "log": shop.log,
        "inspector": shop.log,
        "clock": shop.clock,
        "ids": shop.ids,
        **more,
    }
    return Container(**{name: providers.Object(one) for name, one in named.items()})


def monitor_of(shop: MemoryShop, supervisor: Supervisor | None = None, **more: Any) -> Litestar:
    """Return the monitor of *shop*; with the demo's parts it has switches."""
    container = container_of(shop, **more)
    verifier = TokenVerifier(SECRET, ISSUER)
    return create_monitor_app(container, verifier=verifier, supervisor=supervisor)


def demo_parts(shop: MemoryShop) -> Mapping[str, Any]:
    return {
        "stock_store": RemovableStockStore(shop.stock, shop.clock),
        "notifier": PushJournal(shop.notifier, shop.clock),
    }


class Caller:
    """Calls the monitor as an admin unless told otherwise."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def call(
        self, method: str, path: str, body: object = None, *, as_: Mapping[str, str] = ADMIN
    ) -> httpx.Response:
        content = {} if body is None else {"json": body}
        return await self._http.request(method, API + path, headers=as_, **content)  # type: ignore[arg-type]

    async def get(self, path: str) -> Any:
        answer = await self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def post(self, path: str, body: object = None, *, status: int = 200) -> Any:
        answer = await self.call("POST", path, body)
        assert answer.status_code == status, answer.text
        return answer.json()["data"]


@asynccontextmanager
async def caller_of(app: Litestar) -> AsyncIterator[Caller]:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport) as http:
        yield Caller(http)
