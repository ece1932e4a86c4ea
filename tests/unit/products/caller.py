"""A caller of the products service over HTTP, on the fakes."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import attrs
import httpx
from dependency_injector import providers
from litestar import Litestar

from apps.container import Container
from apps.edge.auth import issue_token
from apps.products.app import create_products_app
from apps.settings import Settings
from inventory_domain.testing.fakes import Faults
from inventory_domain.testing.shop import MemoryShop

SECRET = "a secret that is long enough for HS256, and then some"
ISSUER = "inventory"
API = "http://products/api/v1"


def app_of(shop: MemoryShop, *, prices: bool = True, **more: Any) -> Litestar:
    container = Container(
        settings=providers.Object(Settings(access_token_secret=SECRET, price_check=prices)),
        stock_store=providers.Object(shop.stock),
        log=providers.Object(shop.log),
        clock=providers.Object(shop.clock),
        ids=providers.Object(shop.ids),
    )
    return create_products_app(container, **more)


def token(*roles: str, subject: str = "anna", **changes: Any) -> str:
    issued = {"secret": SECRET, "issuer": ISSUER, "ttl_seconds": 86_400, **changes}
    return issue_token(subject=subject, roles=roles, **issued)


def bearer(*roles: str, **changes: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(*roles, **changes)}"}


ADMIN = bearer("admin", subject="olga")
SERVICE = bearer("service", subject="orders")
USER = bearer("user")


@attrs.frozen
class Client:
    """Speaks to the app; what it asserts on the way holds for every answer."""

    http: httpx.AsyncClient

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        as_: Mapping[str, str] = ADMIN,
        **more: Any,
    ) -> httpx.Response:
        if body is not None:
            more["json"] = body
        headers = {**as_, **more.pop("headers", {})}
        answer = await self.http.request(method, API + path, headers=headers, **more)
        document = answer.json()
        assert "x-request-id" in answer.headers
        assert answer.status_code < 500 or answer.status_code == 503, document
        assert document["success"] is answer.is_success
        if not answer.is_success:
            assert document["statusCode"] == answer.status_code
            assert document["error"]
            assert document["message"].endswith(".")
        return answer

    async def data(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        answer = await self.call(method, path, body, **more)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    async def refusal(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        answer = await self.call(method, path, body, **more)
        assert not answer.is_success, answer.text
        return answer.json()

    async def add(self, product_id: str, stock: int = 0, **fields: Any) -> Any:
        body = {"_id": product_id, "name": product_id.title(), "price": 29.99, "stock": stock}
        return (await self.data("POST", "/products", {**body, **fields}))["product"]

    async def product(self, product_id: str) -> Any:
        return (await self.data("GET", f"/products/{product_id}"))["product"]

    async def listed(self, query: str = "", **more: Any) -> list[str]:
        data = await self.data("GET", f"/products{query}", **more)
        assert data["count"] == len(data["products"])
        return [product["_id"] for product in data["products"]]


@asynccontextmanager
async def client_of(app: Litestar) -> AsyncIterator[Client]:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport) as http:
        yield Client(http)


@attrs.frozen
class Served:
    """An app over a shop that is emptied again and again, since an app takes long to build."""

    shop: MemoryShop
    app: Litestar

    def emptied(self) -> MemoryShop:
        disk = self.shop.stock.disk
        for kept in (disk.products, disk.reservations, disk.movements, disk.outbox.entries):
            kept.clear()
        self.shop.stock.faults = Faults("stock store")
        return self.shop


async def events(shop: MemoryShop) -> list[dict[str, Any]]:
    """Return every event in the outbox, oldest first."""
    entries = await shop.stock.pending(10_000)
    return [json.loads(record.value or b"") for entry in entries for record in entry.records]


def items(**wanted: int) -> list[dict[str, Any]]:
    return [{"productId": name, "qty": quantity} for name, quantity in wanted.items()]
