"""The products service over HTTP, on the fakes: every route, who may take it, and every refusal."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import attrs
import httpx
import jwt
import pytest
from dependency_injector import providers
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from apps.container import Container
from apps.edge.auth import TokenVerifier, issue_token
from apps.products.app import create_products_app
from apps.settings import Settings
from apps.workers import Supervisor
from inventory_domain.errors import StockConflict
from inventory_domain.ids import EventId, OrderId
from inventory_domain.messages import MessageLine, ReleaseRequest, ReserveRequest, Trace
from inventory_domain.records import header
from inventory_domain.testing.builders import a_consume, a_line
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


@pytest.fixture(scope="module")
def served() -> Served:
    shop = MemoryShop()
    return Served(shop, app_of(shop))


@pytest.fixture
def shop(served: Served) -> MemoryShop:
    return served.emptied()


@pytest.fixture
async def client(served: Served, shop: MemoryShop) -> AsyncIterator[Client]:
    async with client_of(served.app) as client:
        yield client


async def events(shop: MemoryShop) -> list[dict[str, Any]]:
    """Return every event in the outbox, oldest first."""
    entries = await shop.stock.pending(10_000)
    return [json.loads(record.value or b"") for entry in entries for record in entry.records]


def items(**wanted: int) -> list[dict[str, Any]]:
    return [{"productId": name, "qty": quantity} for name, quantity in wanted.items()]


# --- who may come in ----------------------------------------------------------------------------

PUBLIC = {"none", "user", "service", "admin"}
ROUTES: list[tuple[str, str, object, set[str]]] = [
    ("GET", "/products", None, PUBLIC),
    ("GET", "/products?includeInactive=true", None, {"admin"}),
    ("GET", "/products/search?q=lamp", None, PUBLIC),
    ("GET", "/products/lamp", None, PUBLIC),
    ("POST", "/products", {"name": "Rug", "price": 1}, {"admin"}),
    ("PUT", "/products/lamp", {"name": "Lamp 2"}, {"admin"}),
    ("DELETE", "/products/lamp", None, {"admin"}),
    ("POST", "/products/lamp/restock", {"qty": 1}, {"admin"}),
    ("GET", "/products/lamp/movements", None, {"admin"}),
    ("POST", "/products/availability", {"items": items(lamp=1)}, {"user", "admin"}),
    ("POST", "/reservations", {"orderId": "o", "items": items(lamp=1)}, {"service", "admin"}),
    ("GET", "/reservations/order-1", None, {"service", "admin"}),
    ("DELETE", "/reservations/order-1", None, {"service", "admin"}),
    ("POST", "/products/lamp/reserve", {"orderId": "o", "qty": 1}, {"service", "admin"}),
    ("POST", "/products/lamp/release", {"orderId": "order-1", "qty": 1}, {"service", "admin"}),
]


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


# --- reading the catalogue ----------------------------------------------------------------------


@pytest.fixture
async def stocked(client: Client) -> Client:
    await client.add("lamp-oak", 5, name="Oak lamp", price=59.9, category="Lighting", sku="L-1")
    await client.add("lamp-brass", 0, name="Brass lamp", price=84.5, category="Lighting")
    await client.add("desk-oak", 2, name="Desk", price=300, category="Office", tags=["oak"])
    await client.add("mug", 9, name="Mug 100% oak.*", price=9.99, description='It\'s "fine" [x]')
    await client.add("rug-old", 1, name="Old rug", price=10)
    await client.data("DELETE", "/products/rug-old")
    return client


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["lamp-brass", "desk-oak", "mug", "lamp-oak"]),
        ("?category=lighting", ["lamp-brass", "lamp-oak"]),
        ("?category=light", []),
        ("?minPrice=59.90&maxPrice=84.50", ["lamp-brass", "lamp-oak"]),
        ("?minPrice=84.51", ["desk-oak"]),
        ("?maxPrice=9.99", ["mug"]),
        ("?inStock=true", ["desk-oak", "mug", "lamp-oak"]),
        ("?inStock=0", ["lamp-brass"]),
        ("?search=OAK", ["desk-oak", "mug", "lamp-oak"]),
        ("?search=lamp+oak", ["lamp-oak"]),
        ("?search=100%25", ["mug"]),
        ("?search=.*", ["mug"]),
        ("?search=%25", ["mug"]),
        ("?search=_", []),
        ("?search='s", ["mug"]),
        ("?search=%22fine%22", ["mug"]),
        ("?search=[x]", ["mug"]),
        ("?search=(", []),
        ("?search=\\", []),
        ("?search=rug", []),
        ("?search=", ["lamp-brass", "desk-oak", "mug", "lamp-oak"]),
        ("?sort=price", ["mug", "lamp-oak", "lamp-brass", "desk-oak"]),
        ("?sort=-stock&limit=2", ["mug", "lamp-oak"]),
        ("?sort=-price&page=2&limit=3", ["mug"]),
        ("?page=9", []),
        ("?includeInactive=true&search=rug", ["rug-old"]),
        ("?includeInactive=false&search=rug", []),
    ],
)
async def test_a_list_holds_what_passes_every_filter(
    stocked: Client, query: str, found: list[str]
) -> None:
    assert await stocked.listed(query) == found


async def test_a_page_says_how_much_there_is(stocked: Client) -> None:
    answer = await stocked.call("GET", "/products?limit=3&page=2", as_={})

    assert answer.json()["meta"] == {"page": 2, "limit": 3, "total": 4, "pages": 2}


async def test_every_bad_parameter_is_named_at_once(stocked: Client) -> None:
    query = (
        "page=0&limit=1000&sort=colour&minPrice=-1&maxPrice=1e999999999&inStock=perhaps"
        "&search=%00&category=" + "x" * 201 + "&colour=red"
    )

    for path, extra in (
        (f"/products?{query}", {"search"}),
        (f"/products/search?q=%FF&{query}", {"q"}),
    ):
        refusal = await stocked.refusal("GET", path, as_={})
        assert refusal["statusCode"] == 400
        common = {"page", "limit", "sort", "minPrice", "maxPrice", "inStock", "category", "colour"}
        assert set(refusal["fields"]) >= common | extra


@pytest.mark.parametrize(
    "query",
    ["minPrice=2&maxPrice=1", "page=1.5", "page=x", "limit=-1", "page=1&page=2", "minPrice=nan",
     "minPrice=1.999", "inStock="],
)  # fmt: skip
async def test_a_parameter_that_cannot_be_meant_is_refused(stocked: Client, query: str) -> None:
    refusal = await stocked.refusal("GET", f"/products?{query}", as_={})

    assert (refusal["statusCode"], len(refusal["fields"])) == (400, 1)


async def test_a_search_gives_the_best_match_first(client: Client) -> None:
    await client.add("p-words", name="Lamp made of oak")
    await client.add("p-elsewhere", name="Shelf", description="goes with the oak lamp")
    await client.add("p-exact", name="Oak Lamp")
    await client.add("p-within", name="Small oak lamp")
    await client.add("p-begins", name="Oak lamp, tall")
    await client.add("p-no", name="Oak shelf")

    data = await client.data("GET", "/products/search?q=oak++LAMP", as_={})

    found = [product["_id"] for product in data["products"]]
    assert found == ["p-exact", "p-begins", "p-within", "p-words", "p-elsewhere"]
    narrowed = await client.data("GET", "/products/search?q=oak+lamp&limit=2&page=2", as_={})
    assert [product["_id"] for product in narrowed["products"]] == ["p-within", "p-words"]


@pytest.mark.parametrize("query", ["", "?q=", "?q=+", "?q=%00", "?sort=name&q=a"])
async def test_a_search_must_say_what_for(client: Client, query: str) -> None:
    assert (await client.refusal("GET", f"/products/search{query}", as_={}))["statusCode"] == 400


@given(text=st.text(min_size=1, max_size=30))
def test_no_text_that_is_searched_for_breaks_anything(served: Served, text: str) -> None:
    async def search() -> None:
        served.emptied()
        async with client_of(served.app) as client:
            await client.add("lamp", name="Lamp")
            for path, name in (("/products", "search"), ("/products/search", "q")):
                answer = await client.call("GET", path, as_={}, params={name: text})
                assert answer.status_code in (200, 400)

    asyncio.run(search())


async def test_a_product_off_sale_is_hidden_in_lists_and_readable_by_id(stocked: Client) -> None:
    assert "rug-old" not in await stocked.listed(as_={})

    product = (await stocked.data("GET", "/products/rug-old", as_={}))["product"]
    assert (product["isActive"], product["name"]) == (False, "Old rug")


@pytest.mark.parametrize(
    "product_id", ["none", "%00", "a%20b", "x" * 129, "x" * 10_000, "..", "a%2Fb", "'--", "💡"]
)
async def test_what_is_not_there_is_a_404(stocked: Client, product_id: str) -> None:
    path = f"/products/{product_id}"
    assert (await stocked.refusal("GET", path, as_={}))["statusCode"] == 404
    for method, rest, body in (
        ("PUT", "", {"name": "x"}),
        ("DELETE", "", None),
        ("POST", "/restock", {"qty": 1}),
        ("GET", "/movements", None),
        ("POST", "/reserve", {"orderId": "o", "qty": 1}),
        ("POST", "/release", {"orderId": "o", "qty": 1}),
    ):
        assert (await stocked.refusal(method, path + rest, body))["statusCode"] in (404, 405)


async def test_a_method_that_an_address_does_not_take_is_a_405(client: Client) -> None:
    assert (await client.refusal("PATCH", "/products"))["statusCode"] == 405
    assert (await client.refusal("GET", "/nothing"))["statusCode"] == 404


# --- keeping the catalogue ----------------------------------------------------------------------


async def test_a_product_is_added_with_its_first_stock_as_a_movement(client: Client) -> None:
    body = {
        "_id": "lamp", "name": "Oak lamp", "description": "Warm\nlight", "price": 59.90,
        "category": "Lighting", "brand": "Lumen", "sku": "L-1", "tags": ["oak", "oak", "warm"],
        "imageUrl": "/images/products/lamp.svg", "stock": 7,
    }  # fmt: skip

    answer = await client.call("POST", "/products", body)

    assert answer.status_code == 201
    product = answer.json()["data"]["product"]
    expected = {**body, "tags": ["oak", "warm"], "reserved": 0, "inStock": True, "isActive": True}
    assert expected.items() <= product.items()
    assert product == await client.product("lamp")
    [movement] = (await client.data("GET", "/products/lamp/movements"))["movements"]
    assert (movement["kind"], movement["change"], movement["actor"]) == ("received", 7, "olga")


async def test_a_name_and_a_price_are_enough(client: Client) -> None:
    product = (await client.data("POST", "/products", {"name": "Lamp", "price": 0}))["product"]

    assert product["_id"]
    assert (product["stock"], product["inStock"], product["tags"]) == (0, False, [])
    assert (product["brand"], product["sku"], product["imageUrl"]) == (None, None, None)


async def test_an_id_that_is_taken_is_refused(client: Client) -> None:
    await client.add("lamp", 3)

    refusal = await client.refusal("POST", "/products", {"_id": "lamp", "name": "L", "price": 1})

    assert (refusal["statusCode"], refusal["code"]) == (409, "product_exists")
    assert (await client.product("lamp"))["stock"] == 3


async def test_every_bad_field_of_a_product_is_named_at_once(client: Client) -> None:
    body = {
        "_id": "a/b", "name": "\u0007", "price": -1, "description": 7, "category": "x" * 101,
        "brand": [], "sku": "x" * 65, "tags": "oak", "imageUrl": "javascript:x", "stock": 1.5,
        "reserved": 3, "colour": "red",
    }  # fmt: skip

    refusal = await client.refusal("POST", "/products", body)

    assert refusal["statusCode"] == 400
    assert refusal["fields"].keys() == body.keys()
    assert await client.listed() == []


@pytest.mark.parametrize("price", ["-1", "-0.01", "1.001", "1e400", "1e999999999", "true", '"2"',
                                   "[]", "100000000000.01", "null", "1e-3"])  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_price_that_is_none_is_refused(client: Client, method: str, price: str) -> None:
    await client.add("lamp")
    text = f'{{"name": "Lamp", "price": {price}, "x": 1}}'
    path = "/products" if method == "POST" else "/products/lamp"

    refusal = await client.refusal(method, path, content=text)

    assert refusal["statusCode"] == 400
    assert ("price" in refusal["fields"]) is (method == "POST" or price != "null")


@pytest.mark.parametrize("stock", [-1, 1.5, "2", True, 1_000_001, 10**30, []])
async def test_a_first_stock_that_is_none_is_refused(client: Client, stock: object) -> None:
    refusal = await client.refusal(
        "POST", "/products", {"name": "Lamp", "price": 1, "stock": stock}
    )

    assert (refusal["statusCode"], set(refusal["fields"])) == (400, {"stock"})


@pytest.mark.parametrize("taken", ["search", "availability"])
async def test_an_id_that_is_a_word_of_the_api_is_refused(client: Client, taken: str) -> None:
    refusal = await client.refusal("POST", "/products", {"_id": taken, "name": "L", "price": 1})

    assert set(refusal["fields"]) == {"_id"}


NOT_OBJECTS = {
    "not JSON": (b"{", 400),
    "NaN": (b'{"price": NaN}', 400),
    "a list": (b"[]", 400),
    "a text": (b'"lamp"', 400),
    "deep": (b'{"a":' * 5000, 400),
    "bad UTF-8": (b'{"name": "\xff"}', 400),
    "half a surrogate": (b'{"name": "\\ud800"}', 400),
    "large": (b'{"name": "' + b"x" * 2 * 1024 * 1024 + b'"}', 413),
}


@pytest.mark.parametrize("kind", NOT_OBJECTS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/products"),
        ("PUT", "/products/lamp"),
        ("POST", "/products/lamp/restock"),
        ("POST", "/products/availability"),
        ("POST", "/reservations"),
        ("POST", "/products/lamp/reserve"),
        ("POST", "/products/lamp/release"),
    ],
)
async def test_a_body_that_is_no_object_is_refused(
    client: Client, method: str, path: str, kind: str
) -> None:
    await client.add("lamp", 1)
    content, status = NOT_OBJECTS[kind]

    refusal = await client.refusal(method, path, content=content)

    assert refusal["statusCode"] == status
    assert (await client.product("lamp"))["version"] == 2


async def test_what_is_said_of_a_product_changes_and_its_stock_does_not(client: Client) -> None:
    before = await client.add("lamp", 5, brand="Lumen", sku="L-1", imageUrl="/a.svg", tags=["a"])

    changes = {"name": "Oak lamp", "price": 10.5, "brand": None, "imageUrl": "", "tags": []}
    after = (await client.data("PUT", "/products/lamp", changes))["product"]

    taken_away = {"brand": None, "imageUrl": None}
    assert after == {**before, **changes, **taken_away, "version": before["version"] + 1}
    again = (await client.data("PUT", "/products/lamp", changes))["product"]
    assert again == after


async def test_stock_never_changes_by_put(client: Client) -> None:
    await client.add("lamp", 5)

    for stock in (5, 6, None, "x"):
        refusal = await client.refusal("PUT", "/products/lamp", {"name": "New", "stock": stock})
        assert refusal["fields"].keys() == {"stock"}
        assert "restock" in refusal["fields"]["stock"]
    assert (await client.product("lamp"))["name"] == "Lamp"


@pytest.mark.parametrize(
    "body", [{}, {"_id": "other"}, {"name": ""}, {"isActive": 1}, {"isActive": "no"}, {"x": 1}]
)
async def test_a_change_that_says_nothing_sensible_is_refused(
    client: Client, body: dict[str, object]
) -> None:
    await client.add("lamp")

    refusal = await client.refusal("PUT", "/products/lamp", body)

    assert (refusal["statusCode"], len(refusal["fields"])) == (400, 1)


async def test_off_sale_nobody_can_order_more_and_open_orders_keep_their_stock(
    client: Client,
) -> None:
    await client.add("lamp", 5)
    await client.data("POST", "/reservations", {"orderId": "o-1", "items": items(lamp=2)})

    product = (await client.data("DELETE", "/products/lamp"))["product"]
    again = (await client.data("DELETE", "/products/lamp"))["product"]

    assert product == again
    assert (product["isActive"], product["stock"], product["reserved"]) == (False, 3, 2)
    refusal = await client.refusal("POST", "/products/lamp/reserve", {"orderId": "o-2", "qty": 1})
    assert refusal["lines"][0]["reason"] == "inactive_product"

    await client.data("DELETE", "/reservations/o-1")
    assert (await client.product("lamp"))["stock"] == 5
    await client.data("PUT", "/products/lamp", {"isActive": True})
    assert await client.listed() == ["lamp"]


# --- stock --------------------------------------------------------------------------------------


async def test_stock_is_received_and_written_off_with_who_and_why(
    shop: MemoryShop, client: Client
) -> None:
    await client.add("lamp", 5)

    await client.data("POST", "/products/lamp/restock", {"qty": 10, "reason": "delivery 7"})
    answer = await client.call(
        "POST", "/products/lamp/restock", {"quantity": -15}, headers={"X-Request-Id": "call-1"}
    )

    product = answer.json()["data"]["product"]
    assert (product["stock"], product["inStock"]) == (0, False)
    data = await client.data("GET", "/products/lamp/movements")
    told = [
        (one["kind"], one["qty"], one["change"], one["balance"], one["reason"], one["actor"])
        for one in data["movements"]
    ]
    assert told == [
        ("written_off", 15, -15, 0, "", "olga"),
        ("received", 10, 10, 15, "delivery 7", "olga"),
        ("received", 5, 5, 5, "first stock", "olga"),
    ]
    last = (await events(shop))[-1]
    assert last["eventType"] == "STOCK_ADJUSTED"
    assert (last["qty"], last["stock"], last["correlationId"]) == (-15, 0, "call-1")
    assert (await shop.audit()).holds


async def test_no_more_is_written_off_than_there_is(client: Client) -> None:
    await client.add("lamp", 5)
    await client.data("POST", "/reservations", {"orderId": "o-1", "items": items(lamp=3)})

    refusal = await client.refusal("POST", "/products/lamp/restock", {"qty": -3})

    assert (refusal["statusCode"], refusal["code"]) == (409, "stock_below_zero")
    assert (refusal["stock"], refusal["change"]) == (2, -3)
    assert (await client.product("lamp"))["stock"] == 2


@pytest.mark.parametrize("body", [{}, {"qty": 0}, {"qty": 1.5}, {"qty": "2"}, {"qty": True},
                                  {"qty": 1_000_001}, {"qty": -1_000_001}, {"qty": 10**40},
                                  {"qty": None}, {"qty": 1, "quantity": 2},
                                  {"qty": 1, "reason": "x" * 501}, {"qty": 1, "reason": 7},
                                  {"qty": 1, "why": "x"}])  # fmt: skip
async def test_a_change_of_stock_that_is_none_is_refused(
    client: Client, body: dict[str, object]
) -> None:
    await client.add("lamp", 5)

    refusal = await client.refusal("POST", "/products/lamp/restock", body)

    assert (refusal["statusCode"], len(refusal["fields"])) == (400, 1)
    assert (await client.product("lamp"))["stock"] == 5


@pytest.mark.parametrize("quantity", [1_000_000, -1, 2.0])
async def test_the_bounds_of_a_change_of_stock_are_within(client: Client, quantity: float) -> None:
    await client.add("lamp", 5)

    await client.data("POST", "/products/lamp/restock", {"qty": quantity})

    assert (await client.product("lamp"))["stock"] == 5 + quantity


async def test_the_ledger_names_the_order_and_comes_in_pages(client: Client) -> None:
    await client.add("lamp", 5)
    await client.data("POST", "/reservations", {"orderId": "o-1", "items": items(lamp=2)})
    await client.data("DELETE", "/reservations/o-1?reason=no+longer+wanted")

    answer = (await client.call("GET", "/products/lamp/movements?limit=2")).json()

    assert answer["meta"] == {"page": 1, "limit": 2, "total": 3, "pages": 2}
    released, reserved = answer["data"]["movements"]
    assert answer["data"]["count"] == 2
    assert (released["orderId"], released["change"], released["balance"]) == ("o-1", 2, 5)
    assert (released["reason"], reserved["change"], reserved["reserved"]) == (
        "no longer wanted", -2, 2,
    )  # fmt: skip
    second = await client.data("GET", "/products/lamp/movements?limit=2&page=2")
    assert [one["kind"] for one in second["movements"]] == ["received"]
    refusal = await client.refusal("GET", "/products/lamp/movements?page=0&limit=0&sort=at")
    assert refusal["fields"].keys() == {"page", "limit", "sort"}


async def test_availability_is_told_for_each_item_and_holds_nothing(
    shop: MemoryShop, client: Client
) -> None:
    await client.add("lamp", 5)
    await client.add("desk", 1)
    await client.add("old", 3)
    await client.data("DELETE", "/products/old")
    before = len(await shop.stock.pending(100))
    wanted = [
        {"productId": "lamp", "qty": 2, "price": 29.99},
        {"productId": "lamp", "quantity": 3, "price": 29.99},
        {"productId": "desk", "qty": 1, "quantity": 1, "price": 20},
        {"productId": "old", "qty": 1},
        {"productId": "rug", "qty": 1},
    ]

    data = await client.data("POST", "/products/availability", {"items": wanted}, as_=USER)

    told = [(x["productId"], x["qty"], x["available"], x.get("reason"), x["stock"], x.get("price"))
            for x in data["items"]]  # fmt: skip
    assert told == [
        ("lamp", 5, True, None, 5, None),
        ("desk", 1, False, "price_changed", 1, 29.99),
        ("old", 1, False, "inactive_product", 0, None),
        ("rug", 1, False, "unknown_product", 0, None),
    ]
    assert data["available"] is False
    assert len(await shop.stock.pending(100)) == before
    all_of_it = {"items": items(lamp=5, desk=1)}
    assert (await client.data("POST", "/products/availability", all_of_it))["available"] is True


BAD_ITEMS: dict[str, tuple[object, set[str]]] = {
    "none": ({}, {"items"}),
    "no list": ({"items": {}}, {"items"}),
    "no objects": ({"items": [1, None]}, {"items[0]", "items[1]"}),
    "101 items": ({"items": items(**{f"p{x}": 1 for x in range(101)})}, {"items"}),
    "no fields": ({"items": [{}]}, {"items[0].productId", "items[0].qty"}),
    "bad fields": (
        {"items": [{"productId": "a b", "qty": 0, "price": -1, "x": 1},
                   {"productId": 7, "qty": 1e9}]},
        {"items[0].productId", "items[0].qty", "items[0].price", "items[0].x",
         "items[1].productId", "items[1].qty"},
    ),
    "fractions": ({"items": [{"productId": "a", "qty": 1.5}]}, {"items[0].qty"}),
    "texts": ({"items": [{"productId": "a", "qty": "2"}]}, {"items[0].qty"}),
    "flags": ({"items": [{"productId": "a", "qty": True}]}, {"items[0].qty"}),
    "negative": ({"items": [{"productId": "a", "quantity": -1}]}, {"items[0].quantity"}),
    "two prices": (
        {"items": [{"productId": "a", "qty": 1, "price": 1}, {"productId": "a", "qty": 1}]},
        {"items[1].price"},
    ),
    "too many in all": (
        {"items": [{"productId": "a", "qty": 600_000}, {"productId": "a", "qty": 600_000}]},
        {"items[1].qty"},
    ),
    "unknown": ({"items": items(a=1), "colour": "red"}, {"colour"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_ITEMS)
async def test_every_fault_of_items_is_named(client: Client, kind: str) -> None:
    body, faulty = BAD_ITEMS[kind]
    assert isinstance(body, dict)

    asked = await client.refusal("POST", "/products/availability", body)
    reserved = await client.refusal("POST", "/reservations", {**body, "orderId": "o"})

    assert (asked["statusCode"], set(asked["fields"])) == (400, faulty)
    assert (reserved["statusCode"], set(reserved["fields"])) == (400, faulty)
    assert (await client.refusal("GET", "/reservations/o"))["statusCode"] == 404


async def test_an_empty_list_of_items_is_refused_by_rule(client: Client) -> None:
    for path, more in (("/products/availability", {}), ("/reservations", {"orderId": "o"})):
        refusal = await client.refusal("POST", path, {"items": [], **more})
        assert (refusal["statusCode"], refusal["code"]) == (422, "empty_order")


# --- reservations -------------------------------------------------------------------------------


async def test_a_reservation_takes_all_its_lines_and_the_same_again_takes_nothing(
    shop: MemoryShop, client: Client
) -> None:
    await client.add("lamp", 5)
    await client.add("desk", 3)
    body = {"orderId": "o-1", "orderNumber": "ORD-1", "items": items(lamp=2, desk=1)}

    first = await client.call("POST", "/reservations", body, as_=SERVICE)
    second = await client.call("POST", "/reservations", body, as_=SERVICE)

    assert (first.status_code, second.status_code) == (201, 200)
    reservation = first.json()["data"]["reservation"]
    assert second.json()["data"]["reservation"] == reservation
    assert (reservation["state"], reservation["orderNumber"]) == ("reserved", "ORD-1")
    assert {x["productId"]: (x["qty"], x["quantity"]) for x in reservation["items"]} == {
        "lamp": (2, 2), "desk": (1, 1),
    }  # fmt: skip
    read = (await client.data("GET", "/reservations/o-1", as_=SERVICE))["reservation"]
    assert read == reservation
    lamp = await client.product("lamp")
    assert (lamp["stock"], lamp["reserved"]) == (3, 2)
    assert (await shop.audit()).holds


async def test_a_refusal_names_every_short_line_and_takes_nothing(
    shop: MemoryShop, client: Client
) -> None:
    await client.add("lamp", 10)
    await client.add("desk", 2)
    body = {"orderId": "o-1", "items": items(lamp=5, desk=10, rug=1)}

    refusal = await client.refusal("POST", "/reservations", body)

    assert (refusal["statusCode"], refusal["code"]) == (409, "insufficient_stock")
    told = {x["productId"]: (x["wanted"], x["available"], x["reason"]) for x in refusal["lines"]}
    assert told == {
        "desk": (10, 2, "insufficient_stock"), "rug": (1, 0, "unknown_product"),
    }  # fmt: skip
    assert (await client.product("lamp"))["stock"] == 10
    read = (await client.data("GET", "/reservations/o-1"))["reservation"]
    assert (read["state"], len(read["reasons"])) == ("rejected", 2)

    await client.data("POST", "/products/desk/restock", {"qty": 8})
    await client.add("rug", 1)
    assert (await client.call("POST", "/reservations", body)).status_code == 201
    assert (await shop.audit()).holds


async def test_a_changed_price_is_refused_with_the_price_as_it_is(client: Client) -> None:
    await client.add("lamp", 5, price=29.99)
    line = {"productId": "lamp", "qty": 1, "price": 20}

    refusal = await client.refusal("POST", "/reservations", {"orderId": "o-1", "items": [line]})

    assert (refusal["statusCode"], refusal["code"]) == (409, "price_changed")
    assert refusal["lines"][0]["price"] == 29.99


async def test_prices_are_not_checked_where_the_shop_says_so(shop: MemoryShop) -> None:
    async with client_of(app_of(shop, prices=False)) as client:
        await client.add("lamp", 5, price=29.99)
        line = {"productId": "lamp", "qty": 1, "price": 20}
        await client.data("POST", "/reservations", {"orderId": "o-1", "items": [line]})


async def test_an_order_that_holds_other_items_is_refused(client: Client) -> None:
    await client.add("lamp", 5)
    await client.data("POST", "/reservations", {"orderId": "o-1", "items": items(lamp=2)})

    refusal = await client.refusal(
        "POST", "/reservations", {"orderId": "o-1", "items": items(lamp=3)}
    )

    assert refusal["statusCode"] == 409
    assert refusal["code"] == "reservation_held_with_other_items"
    assert (await client.product("lamp"))["reserved"] == 2


async def test_a_release_gives_back_once_and_ends_the_reservation_for_good(
    shop: MemoryShop, client: Client
) -> None:
    await client.add("lamp", 5)
    body = {"orderId": "o-1", "items": items(lamp=2)}
    await client.data("POST", "/reservations", body)

    for _ in range(3):
        data = await client.data("DELETE", "/reservations/o-1", as_=SERVICE)
        assert data["reservation"]["state"] == "released"

    assert (await client.product("lamp"))["stock"] == 5
    refusal = await client.refusal("POST", "/reservations", body)
    assert (refusal["statusCode"], refusal["code"]) == (409, "reservation_ended")
    assert refusal["state"] == "released"
    assert (await shop.audit()).holds


async def test_a_release_before_its_reserve_keeps_the_order_from_taking_anything(
    client: Client,
) -> None:
    await client.add("lamp", 5)

    data = await client.data("DELETE", "/reservations/o-1")
    refusal = await client.refusal(
        "POST", "/reservations", {"orderId": "o-1", "items": items(lamp=1)}
    )

    assert data["reservation"]["state"] == "cancelled"
    assert (refusal["statusCode"], refusal["state"]) == (409, "cancelled")
    assert (await client.product("lamp"))["stock"] == 5


async def test_what_was_delivered_is_not_given_back(shop: MemoryShop, client: Client) -> None:
    await client.add("lamp", 5)
    body = {"orderId": "o-1", "items": items(lamp=2)}
    await client.data("POST", "/reservations", body)
    await shop.ledger.apply([a_consume("o-1")])

    refusal = await client.refusal("DELETE", "/reservations/o-1")
    again = await client.call("POST", "/reservations", body)

    assert (refusal["statusCode"], refusal["state"]) == (409, "consumed")
    assert (again.status_code, again.json()["data"]["reservation"]["state"]) == (200, "consumed")
    assert (await client.product("lamp"))["stock"] == 3
    assert (await shop.audit()).holds


@pytest.mark.parametrize("order_id", ["none", "%00", "a%20b", "x" * 10_000])
async def test_a_reservation_that_nobody_asked_for_is_a_404(client: Client, order_id: str) -> None:
    assert (await client.refusal("GET", f"/reservations/{order_id}"))["statusCode"] == 404
    if order_id != "none":
        assert (await client.refusal("DELETE", f"/reservations/{order_id}"))["statusCode"] == 404


@pytest.mark.parametrize("order_id", [None, "", 7, "a/b", "x" * 129, "a b"])
@pytest.mark.parametrize(
    "path", ["/reservations", "/products/lamp/reserve", "/products/lamp/release"]
)
async def test_an_order_id_that_is_none_is_refused_with_all_else(
    client: Client, path: str, order_id: object
) -> None:
    await client.add("lamp", 5)

    refusal = await client.refusal("POST", path, {"orderId": order_id, "colour": "red"})

    rest = "items" if path == "/reservations" else "qty"
    assert (refusal["statusCode"], set(refusal["fields"])) == (400, {"orderId", "colour", rest})


async def test_one_product_is_reserved_and_released_in_one_line(
    shop: MemoryShop, client: Client
) -> None:
    await client.add("lamp", 5)
    body = {"orderId": "o-1", "qty": 2}

    first = await client.call("POST", "/products/lamp/reserve", body, as_=SERVICE)
    second = await client.call("POST", "/products/lamp/reserve", body, as_=SERVICE)
    assert (first.status_code, second.status_code) == (201, 200)
    same = {"orderId": "o-1", "items": items(lamp=2)}
    assert (await client.call("POST", "/reservations", same)).status_code == 200

    for _ in range(2):
        data = await client.data("POST", "/products/lamp/release", body, as_=SERVICE)
        assert data["reservation"]["state"] == "released"
    assert (await client.product("lamp"))["stock"] == 5
    short = await client.refusal("POST", "/products/lamp/reserve", {"orderId": "o-2", "qty": 6})
    assert (short["statusCode"], short["lines"][0]["available"]) == (409, 5)
    assert (await shop.audit()).holds


async def test_one_line_does_not_release_an_order_of_others(client: Client) -> None:
    await client.add("lamp", 5)
    await client.add("desk", 5)
    await client.data("POST", "/reservations", {"orderId": "o-1", "items": items(lamp=2, desk=1)})
    await client.data("POST", "/reservations", {"orderId": "o-2", "items": items(lamp=1)})

    for order_id, quantity in (("o-1", 2), ("o-2", 2)):
        body = {"orderId": order_id, "qty": quantity}
        refusal = await client.refusal("POST", "/products/lamp/release", body)
        assert refusal["statusCode"] == 409
    assert (await client.product("lamp"))["reserved"] == 3


# --- the same by call and by message ------------------------------------------------------------


def without_time(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "occurredAt"}


@pytest.mark.parametrize("quantity", [2, 9], ids=["reserved", "rejected"])
async def test_a_call_is_told_by_the_same_events_as_a_message(quantity: int) -> None:
    trace = Trace(correlation_id="call-1", traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    by_call, by_message = MemoryShop(), MemoryShop(retry_count_max=0)
    for one in (by_call, by_message):
        await one.add_products({"lamp": 5, "desk": 5})
        await one.settle()
    lines = tuple(MessageLine(product_id=x.product_id, quantity=x.quantity)
                  for x in (a_line("desk", 1), a_line("lamp", quantity)))  # fmt: skip
    common = {"order_id": OrderId("o-1"), "order_number": "ORD-1", "trace": trace,
              "occurred_at": by_message.clock.now()}  # fmt: skip

    async with client_of(app_of(by_call)) as client:
        headers = {"X-Request-Id": "call-1", "traceparent": trace.traceparent or ""}
        body = {"orderId": "o-1", "orderNumber": "ORD-1", "items": items(desk=1, lamp=quantity)}
        await client.call("POST", "/reservations", body, headers=headers)
        await client.call("DELETE", "/reservations/o-1?reason=ORDER_CANCELLED", headers=headers)
    told_by_call = [
        record for entry in await by_call.stock.pending(100) for record in entry.records
    ]

    reserve = ReserveRequest(event_id=EventId("e-1"), lines=lines, **common)  # type: ignore[arg-type]
    release = ReleaseRequest(event_id=EventId("e-2"), reason="ORDER_CANCELLED", **common)  # type: ignore[arg-type]
    for request in (reserve, release):
        await by_message.log.publish([by_message.codec.record(request)])
        await by_message.settle()
    reservation = by_message.stock.disk.reservations[OrderId("o-1")]

    assert len(told_by_call) == 2
    topic = told_by_call[0].topic
    [first] = [
        record
        for at in by_message.broker.partitions_of(topic)
        for record in by_message.broker.read(at, 0, 100)
    ]
    pairs = [(told_by_call[0], first), (told_by_call[1], reservation.outcome)]
    for call, message in pairs:
        assert message is not None
        assert (call.topic, call.key, call.headers) == (message.topic, message.key, message.headers)
        assert without_time(json.loads(call.value or b"")) == without_time(
            json.loads(message.value or b"")
        )
        assert header(call.headers, "correlation-id") == "call-1"
    kinds = [
        [(one.kind, one.quantity, one.stock_after, one.order_id) for one in ledger.values()]
        for shop in (by_call, by_message)
        for ledger in shop.stock.disk.movements.values()
    ]
    assert kinds[:2] == kinds[2:]


async def test_an_insane_request_id_is_replaced(client: Client) -> None:
    sane = await client.call("GET", "/products", headers={"X-Request-Id": "abc-1.2_3"})
    insane = await client.call("GET", "/products", headers={"X-Request-Id": "a b\tc"})

    assert sane.headers["x-request-id"] == "abc-1.2_3"
    assert insane.headers["x-request-id"] != "a b\tc"


# --- together, and in trouble -------------------------------------------------------------------


async def test_many_at_once_get_what_there_is_and_no_more(shop: MemoryShop, client: Client) -> None:
    await client.add("lamp", 10)
    reserves = [
        client.call("POST", "/products/lamp/reserve", {"orderId": f"o-{x}", "qty": 1}, as_=SERVICE)
        for x in range(60)
    ]
    restocks = [client.call("POST", "/products/lamp/restock", {"qty": 1}) for _ in range(10)]

    answers = await asyncio.gather(*reserves[:30], *restocks, *reserves[30:])

    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 10
    lamp = await client.product("lamp")
    assert lamp["reserved"] == statuses.count(201)
    assert lamp["reserved"] + lamp["stock"] == 20
    assert statuses.count(201) + statuses.count(409) == 60
    assert statuses.count(201) >= 10
    assert (await shop.audit()).holds


async def test_two_who_edit_at_once_both_find_their_change(client: Client) -> None:
    await client.add("lamp", 1)

    await asyncio.gather(
        client.data("PUT", "/products/lamp", {"brand": "Lumen"}),
        client.data("PUT", "/products/lamp", {"sku": "L-1"}),
        client.data("POST", "/products/lamp/restock", {"qty": 4}),
    )

    lamp = await client.product("lamp")
    assert (lamp["brand"], lamp["sku"], lamp["stock"]) == ("Lumen", "L-1", 5)


async def test_while_the_store_is_away_every_call_says_so(shop: MemoryShop, client: Client) -> None:
    await client.add("lamp", 1)
    shop.stock.faults.available = False

    for method, path, body, _ in ROUTES:
        answer = await client.call(method, path, body)
        assert answer.status_code == 503, path
        assert int(answer.headers["retry-after"]) > 0
        assert "told to be away" not in answer.text


async def test_a_shop_that_is_too_busy_says_when_to_come_back(
    shop: MemoryShop, client: Client
) -> None:
    await client.add("lamp", 1)
    shop.stock.faults.fail_next("commit", StockConflict(), times=100)

    answer = await client.call("POST", "/products/lamp/restock", {"qty": 1})

    assert (answer.status_code, answer.json()["code"]) == (503, "contention")
    assert int(answer.headers["retry-after"]) > 0


async def test_readiness_names_what_is_down(shop: MemoryShop) -> None:
    app = app_of(shop, supervisor=Supervisor(shop.clock))
    async with client_of(app) as client:
        http = client.http
        assert (await http.get("http://products/health/live")).status_code == 200
        assert (await http.get("http://products/health/ready")).status_code == 200

        shop.stock.faults.available = False
        answer = await http.get("http://products/health/ready")

        assert answer.status_code == 503
        assert answer.json()["down"].keys() == {"stock store"}
        assert (await http.get("http://products/health/live")).status_code == 200


async def test_metrics_count_by_route_and_not_by_id(client: Client) -> None:
    await client.call("GET", "/products/one-of-a-kind", as_={})

    text = (await client.http.get("http://products/metrics")).text

    assert 'route="/api/v1/products/{id}"' in text
    assert "one-of-a-kind" not in text


async def test_the_schema_describes_every_route_and_refers_to_nothing_missing(
    client: Client,
) -> None:
    answer = await client.http.get("http://products/schema/openapi.json")

    document = answer.json()
    described = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, operations in document["paths"].items()
        for method in operations
    }
    for method, path, _, _ in ROUTES:
        template = (
            path.partition("?")[0].replace("/lamp", "/{id}").replace("/order-1", "/{orderId}")
        )
        assert (method, template) in described
    text = answer.text
    for name in document["components"]["schemas"]:
        text = text.replace(f'"#/components/schemas/{name}"', "")
    assert "#/components/schemas/" not in text


# --- any calls in any order ---------------------------------------------------------------------

NAMES = st.sampled_from(["lamp", "desk"])
ORDERS = st.sampled_from([f"o-{x}" for x in range(4)])
CALLS = st.one_of(
    st.tuples(st.just("POST"), st.builds("/products/{}/restock".format, NAMES),
              st.fixed_dictionaries({"qty": st.integers(-6, 6)})),
    st.tuples(st.just("POST"), st.just("/reservations"), st.fixed_dictionaries(
        {"orderId": ORDERS, "items": st.lists(st.fixed_dictionaries(
            {"productId": NAMES, "qty": st.integers(0, 5)}), max_size=3)})),
    st.tuples(st.just("POST"), st.builds("/products/{}/reserve".format, NAMES),
              st.fixed_dictionaries({"orderId": ORDERS, "qty": st.integers(1, 5)})),
    st.tuples(st.just("POST"), st.builds("/products/{}/release".format, NAMES),
              st.fixed_dictionaries({"orderId": ORDERS, "qty": st.integers(1, 5)})),
    st.tuples(st.just("DELETE"), st.builds("/reservations/{}".format, ORDERS), st.none()),
    st.tuples(st.just("DELETE"), st.builds("/products/{}".format, NAMES), st.none()),
    st.tuples(st.just("PUT"), st.builds("/products/{}".format, NAMES),
              st.fixed_dictionaries({"isActive": st.booleans()})),
)  # fmt: skip


@given(batches=st.lists(st.lists(CALLS, min_size=1, max_size=5), max_size=8))
def test_whatever_is_called_nothing_is_lost_and_nothing_oversold(
    served: Served, batches: list[list[tuple[str, str, object]]]
) -> None:
    async def story() -> None:
        shop = served.emptied()
        await shop.add_products({"lamp": 5, "desk": 5})
        async with client_of(served.app) as client:
            for batch in batches:
                answers = await asyncio.gather(*[client.call(*call) for call in batch])
                assert all(answer.status_code != 503 for answer in answers)
                report = await shop.audit()
                assert report.holds, report.differences
                assert all(product.stock >= 0 for product in report.products)

    asyncio.run(story())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(["_id", "name", "price", "stock", "tags", "imageUrl", "brand", "qty",
                          "quantity", "orderId", "items", "productId", "reason"])  # fmt: skip


@given(
    body=st.dictionaries(FIELDS, JSON) | JSON,
    place=st.sampled_from([(m, p) for m, p, body, _ in ROUTES if body is not None]),
)
def test_no_body_is_ever_an_error_of_ours(
    served: Served, body: object, place: tuple[str, str]
) -> None:
    async def send() -> None:
        shop = served.emptied()
        await shop.add_products({"lamp": 5})
        async with client_of(served.app) as client:
            answer = await client.call(*place, content=json.dumps(body))
            assert answer.status_code in (200, 201, 400, 404, 409, 422)
            assert (await shop.audit()).holds

    asyncio.run(send())
