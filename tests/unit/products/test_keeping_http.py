"""Keeping the catalogue over HTTP: adding, editing, taking off sale."""

import pytest

from tests.unit.products.caller import Client, items


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
    [line] = refusal["lines"]
    assert (line["reason"], line["available"], line["stock"]) == ("inactive_product", 0, 3)

    await client.data("DELETE", "/reservations/o-1")
    assert (await client.product("lamp"))["stock"] == 5
    await client.data("PUT", "/products/lamp", {"isActive": True})
    assert await client.listed() == ["lamp"]
