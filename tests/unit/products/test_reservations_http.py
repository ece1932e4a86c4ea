"""Reservations by call: all lines or none, answered at once."""

import pytest

from inventory_domain.testing.builders import a_consume
from inventory_domain.testing.shop import MemoryShop
from tests.unit.products.caller import SERVICE, Client, app_of, client_of, items


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


async def test_a_release_refuses_every_field_of_a_body(client: Client) -> None:
    await client.add("lamp", 5)
    await client.data("POST", "/reservations", {"orderId": "o-1", "items": items(lamp=2)})
    path = "/reservations/o-1"

    refusal = await client.refusal("DELETE", path, {"reason": "x", "qty": 1}, params={"why": "y"})
    reservation = (await client.data("GET", path))["reservation"]

    assert refusal["statusCode"] == 400
    assert set(refusal["fields"]) == {"reason", "qty", "why"}
    assert reservation["state"] == "reserved"
    assert (await client.refusal("DELETE", path, [1]))["statusCode"] == 400
    assert (await client.data("DELETE", path, {}))["reservation"]["state"] == "released"


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
