"""Who may do what with whose order."""

from collections.abc import AsyncIterator
from itertools import product

import httpx
import pytest

from inventory_domain.testing.builders import an_order
from tests.support.orders_app import API, BODY, OrdersWorld, bearer, client_of, token_for

NOBODY: dict[str, str] = {}
OWNER = bearer("anna")
OTHER = bearer("ben")
SERVICE = bearer("products", "service")
ADMIN = bearer("boss", "admin")
ALL = (NOBODY, OTHER, SERVICE, OWNER, ADMIN)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    world = OrdersWorld()
    world.put(an_order("o1"))
    async with client_of(world.app) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "body", "statuses"),
    [
        # nobody, somebody else, a service, the owner, an admin
        ("POST", "/orders", BODY, (401, 201, 403, 201, 201)),
        ("GET", "/orders", None, (401, 403, 403, 403, 200)),
        ("GET", "/orders/user/anna", None, (401, 403, 403, 200, 200)),
        ("GET", "/orders/o1", None, (401, 403, 403, 200, 200)),
        ("GET", "/orders/o1/history", None, (401, 403, 403, 200, 200)),
        ("PATCH", "/orders/o1/status", {"status": 1}, (401, 403, 403, 403, 200)),
        ("PUT", "/orders/o1", {"shippingAddress": {"city": "X"}}, (401, 403, 403, 200, 200)),
        ("PUT", "/orders/o1", {"paymentStatus": 2}, (401, 403, 403, 403, 200)),
        ("PATCH", "/orders/o1/cancel", {}, (401, 403, 403, 200, 200)),
        ("GET", "/orders/unknown", None, (401, 404, 403, 404, 404)),
        ("PATCH", "/orders/unknown/cancel", {}, (401, 404, 403, 404, 404)),
        ("GET", "/order-statuses", None, (200, 200, 200, 200, 200)),
    ],
)
async def test_each_route_for_each_caller(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    body: object,
    statuses: tuple[int, ...],
) -> None:
    found = [
        (await client.request(method, API + path, json=body, headers=caller)).status_code
        for caller in ALL
    ]

    assert tuple(found) == statuses


@pytest.mark.parametrize(
    ("role", "owns", "knows"),
    list(product(("user", "admin", "service", None), (True, False), (True, False))),
)
async def test_role_ownership_and_existence_in_every_mix(
    client: httpx.AsyncClient, role: str | None, *, owns: bool, knows: bool
) -> None:
    subject = "anna" if owns else "ben"
    headers = NOBODY if role is None else bearer(subject, role)
    order_id = "o1" if knows else "unknown"
    answer = await client.get(f"{API}/orders/{order_id}", headers=headers)

    if role is None:
        wanted = 401
    elif role == "service":
        wanted = 403
    elif not knows:
        wanted = 404
    else:
        wanted = 200 if owns or role == "admin" else 403
    assert answer.status_code == wanted


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer x.y.z",
        f"Bearer {token_for('anna', 'user', issuer='others')}",
        f"Bearer {token_for('anna', 'user', secret='another-secret-of-more-than-32-bytes')}",
        f"Bearer {token_for('anna', 'user', ttl_seconds=-1)}",
        "Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbm5hIn0.",
    ],
)
async def test_a_bad_token_is_401_with_a_sentence(client: httpx.AsyncClient, header: str) -> None:
    answer = await client.get(f"{API}/orders/o1", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.json()["message"].endswith(".")


async def test_a_user_id_that_cannot_be_is_refused(client: httpx.AsyncClient) -> None:
    path = f"{API}/orders/user/{'x' * 10_000}"
    by_admin = await client.get(path, headers=ADMIN)
    by_another = await client.get(path, headers=bearer("anna"))

    assert by_admin.status_code == 400
    assert by_admin.json()["fields"] == {"userId": "must have at most 128 characters"}
    assert by_another.status_code == 403
