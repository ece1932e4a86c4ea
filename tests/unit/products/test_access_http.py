"""Who may call which route of the products service, and what anybody else is told."""

import jwt
import pytest
from dependency_injector import providers

from apps.container import Container
from apps.edge.auth import TokenVerifier
from apps.products.app import create_products_app
from apps.settings import Settings
from inventory_domain.ids import OrderId
from inventory_domain.testing.builders import a_line
from inventory_domain.testing.shop import MemoryShop
from tests.unit.products.caller import ISSUER, SECRET, Client, bearer, client_of, token
from tests.unit.products.routes import ROUTES


@pytest.mark.parametrize(("method", "path", "body", "allowed"), ROUTES)
@pytest.mark.parametrize("role", ["none", "user", "service", "admin"])
async def test_each_route_is_open_to_its_roles_alone(
    shop: MemoryShop,
    client: Client,
    *,
    role: str,
    method: str,
    path: str,
    body: object,
    allowed: set[str],
) -> None:
    await client.add("lamp", 10)
    await shop.serve.reserve(OrderId("order-1"), (a_line("lamp", 1),))
    before = dict(shop.stock.disk.products)

    headers = {} if role == "none" else bearer(role)
    answer = await client.call(method, path, body, as_=headers)

    if role in allowed:
        assert answer.is_success, answer.text
        return
    assert answer.status_code == (401 if role == "none" else 403)
    assert shop.stock.disk.products == before
    if role == "none":
        assert answer.headers["www-authenticate"] == "Bearer"


BAD_TOKENS = {
    "expired": token("admin", ttl_seconds=-1),
    "another issuer": token("admin", issuer="somebody"),
    "another key": token("admin", secret="x" * 40),
    "no signature": jwt.encode(
        {"sub": "a", "roles": ["admin"], "iss": ISSUER, "exp": 9e9}, "", "none"
    ),
    "no roles": jwt.encode({"sub": "a", "iss": ISSUER, "exp": 9e9}, SECRET),
    "no subject": jwt.encode({"roles": ["admin"], "iss": ISSUER, "exp": 9e9}, SECRET),
    "garbage": "garbage",
    "nothing": "",
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
@pytest.mark.parametrize("path", ["/products", "/products/lamp", "/products/search?q=a"])
async def test_a_bad_token_is_refused_even_where_none_is_needed(
    client: Client, path: str, kind: str
) -> None:
    refusal = await client.refusal("GET", path, as_={"Authorization": f"Bearer {BAD_TOKENS[kind]}"})

    assert (refusal["statusCode"], refusal["code"]) == (401, "unauthenticated")


async def test_another_scheme_than_bearer_is_refused(client: Client) -> None:
    refusal = await client.refusal("GET", "/products", as_={"Authorization": "Basic YTpi"})

    assert refusal["statusCode"] == 401


async def test_a_service_without_a_secret_does_not_start(shop: MemoryShop) -> None:
    container = Container(
        settings=providers.Object(Settings()),
        stock_store=providers.Object(shop.stock),
        log=providers.Object(shop.log),
        clock=providers.Object(shop.clock),
        ids=providers.Object(shop.ids),
    )
    with pytest.raises(ValueError, match="ACCESS_TOKEN_SECRET"):
        create_products_app(container)

    async with client_of(
        create_products_app(container, verifier=TokenVerifier(SECRET, ISSUER))
    ) as client:
        await client.add("lamp")
