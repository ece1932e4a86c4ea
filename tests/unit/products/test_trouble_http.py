"""Calls that come together, and a store that is away."""

import asyncio

from apps.workers import Supervisor
from inventory_domain.errors import StockConflict
from inventory_domain.testing.shop import MemoryShop
from tests.unit.products.caller import (
    SERVICE,
    Client,
    app_of,
    client_of,
)
from tests.unit.products.routes import ROUTES


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
