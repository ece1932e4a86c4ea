"""Stock over HTTP: restock, write-off, the ledger, availability."""

import pytest

from inventory_domain.testing.shop import MemoryShop
from tests.unit.products.caller import USER, Client, events, items


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


async def test_the_ledger_can_be_read_for_one_order(client: Client) -> None:
    await client.add("lamp", 5)
    for order in ("o-1", "o-2"):
        await client.data("POST", "/reservations", {"orderId": order, "items": items(lamp=1)})

    found = await client.data("GET", "/products/lamp/movements?orderId=o-1")
    refusal = await client.refusal("GET", "/products/lamp/movements?orderId=%20")

    assert [one["orderId"] for one in found["movements"]] == ["o-1"]
    assert refusal["fields"].keys() == {"orderId"}


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
        ("old", 1, False, "inactive_product", 3, None),
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
