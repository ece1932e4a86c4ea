"""Reading the catalogue over HTTP: pages, filters, search."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.products.caller import (
    Client,
    Served,
    client_of,
)


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
