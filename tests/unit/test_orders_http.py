"""Orders over HTTP: every route of the contract, over the fakes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import product
from typing import Any

import httpx
import pytest

from inventory_domain.orders import NEXT, OrderStatus, PaymentStatus, StockState
from inventory_domain.testing.builders import NOW, an_order, an_order_line
from tests.support.orders_app import API, BODY, OrdersWorld, bearer, client_of

ANNA = bearer("anna")
ADMIN = bearer("boss", "admin")


@pytest.fixture
def world() -> OrdersWorld:
    return OrdersWorld()


@pytest.fixture
async def client(world: OrdersWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(world.app) as client:
        yield client


def order_in(answer: httpx.Response) -> dict[str, Any]:
    order: dict[str, Any] = answer.json()["data"]["order"]
    return order


class TestPlacing:
    async def test_an_order_is_stored_before_the_answer(
        self, world: OrdersWorld, client: httpx.AsyncClient
    ) -> None:
        headers = {**ANNA, "X-Request-Id": "call-1"}
        answer = await client.post(f"{API}/orders", json=BODY, headers=headers)

        assert answer.status_code == 201
        assert answer.headers["etag"] == '"1"'
        order = order_in(answer)
        assert order["userId"] == "anna"
        assert (order["status"], order["statusLabel"]) == (1, "Pending")
        assert order["stockState"] == "requested"
        assert order["totalAmount"] == 59.98
        assert order["paymentMethod"] == 1
        assert order["items"][0]["qty"] == order["items"][0]["quantity"] == 2
        assert world.stored(order["_id"]).order_number == order["orderNumber"]
        assert world.notifier.events("user:anna") == ["order:created"]
        [entry] = await world.store.pending(10)
        trace = [dict(record.headers)["correlation-id"] for record in entry.records]
        assert trace == [b"call-1", b"call-1"]

    async def test_everything_that_can_be_said_is_kept(self, client: httpx.AsyncClient) -> None:
        address = {"street": "1 Main", "city": "X", "state": "Y", "zipCode": "1", "country": "Z"}
        body = {
            **BODY,
            "totalAmount": 59.98,
            "paymentMethod": 6,
            "orderNumber": "ORD-1732095234567-K3F9",
            "shippingAddress": address,
            "userId": "anna",
        }
        order = order_in(await client.post(f"{API}/orders", json=body, headers=ANNA))

        assert order["orderNumber"] == "ORD-1732095234567-K3F9"
        assert order["shippingAddress"] == address
        assert order["paymentMethod"] == 6

    async def test_lines_of_one_product_are_added_up(self, client: httpx.AsyncClient) -> None:
        items = [
            {"productId": "LAMP", "qty": 2, "price": 1.5},
            {"productId": "DESK", "quantity": 1, "price": 9},
            {"productId": "LAMP", "quantity": 3, "qty": 3, "price": 1.50, "productName": "Lamp"},
        ]
        answer = await client.post(f"{API}/orders", json={"items": items}, headers=ANNA)

        lines = [(x["productId"], x["qty"], x["productName"]) for x in order_in(answer)["items"]]
        assert lines == [("LAMP", 5, "Lamp"), ("DESK", 1, "")]
        assert order_in(answer)["totalAmount"] == 16.5

    async def test_a_number_that_is_taken_is_refused(self, client: httpx.AsyncClient) -> None:
        body = {**BODY, "orderNumber": "ORD-1732095234567-K3F9"}
        first = await client.post(f"{API}/orders", json=body, headers=ANNA)
        second = await client.post(f"{API}/orders", json=body, headers=ANNA)

        assert [first.status_code, second.status_code] == [201, 409]
        assert second.json()["orderNumber"] == body["orderNumber"]

    async def test_only_an_admin_orders_for_somebody_else(self, client: httpx.AsyncClient) -> None:
        body = {**BODY, "userId": "anna"}
        by_admin = await client.post(f"{API}/orders", json=body, headers=ADMIN)
        by_ben = await client.post(f"{API}/orders", json=body, headers=bearer("ben"))

        assert order_in(by_admin)["userId"] == "anna"
        assert by_ben.status_code == 403

    async def test_a_store_that_is_away_is_503(
        self, world: OrdersWorld, client: httpx.AsyncClient
    ) -> None:
        world.store.faults.available = False
        answer = await client.post(f"{API}/orders", json=BODY, headers=ANNA)
        ready = await client.get("/health/ready")

        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert ready.status_code == 503
        assert "order store" in ready.json()["down"]


class TestReading:
    async def test_an_order_is_read_with_its_version(
        self, world: OrdersWorld, client: httpx.AsyncClient
    ) -> None:
        world.put(an_order("o1", version=7))
        answer = await client.get(f"{API}/orders/o1", headers=ANNA)

        assert (answer.status_code, answer.headers["etag"]) == (200, '"7"')
        assert order_in(answer)["_id"] == "o1"

    @pytest.mark.parametrize(
        "order_id", ["nobody", "a%00b", "a%2Fb", "x" * 10_000, "..", "%F0%9F%8F%A0", "a b"]
    )
    async def test_an_unknown_or_impossible_id_is_404(
        self, client: httpx.AsyncClient, order_id: str
    ) -> None:
        for path in ("", "/history"):
            answer = await client.get(f"{API}/orders/{order_id}{path}", headers=ANNA)
            assert answer.status_code == 404

    async def test_the_history_tells_who_did_what(self, client: httpx.AsyncClient) -> None:
        order_id = order_in(await client.post(f"{API}/orders", json=BODY, headers=ANNA))["_id"]
        await client.patch(
            f"{API}/orders/{order_id}/cancel", json={"reason": "too late"}, headers=ANNA
        )
        answer = await client.get(f"{API}/orders/{order_id}/history", headers=ANNA)

        data = answer.json()["data"]
        told = [(x["actor"], x["change"], x["reason"]) for x in data["history"]]
        assert told == [("anna", "placed", None), ("anna", "cancelled", "too late")]
        assert data["count"] == 2

    async def test_statuses_are_data_for_anyone(self, client: httpx.AsyncClient) -> None:
        answer = await client.get(f"{API}/order-statuses")

        statuses = answer.json()["data"]["statuses"]
        assert [x["status"] for x in statuses] == [1, 2, 3, 4, 5]
        assert [x["next"] for x in statuses] == [[2, 5], [3, 5], [4, 5], [], []]


class TestLists:
    @pytest.fixture(autouse=True)
    def orders(self, world: OrdersWorld) -> None:
        line = an_order_line("RUG", product_name='100% "wool" (a+b)')
        world.put(
            an_order("o1", created_at=NOW),
            an_order("o2", created_at=NOW + timedelta(hours=1), status=OrderStatus.SHIPPED),
            an_order("o3", created_at=NOW + timedelta(hours=2), user_id="ben", lines=(line,)),
            an_order("o4", created_at=NOW + timedelta(hours=3), stock_state=StockState.REJECTED),
        )

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, "o4 o3 o2 o1"),
            ({"sort": "createdAt"}, "o1 o2 o3 o4"),
            ({"status": "3"}, "o2"),
            ({"status": "Shipped"}, "o2"),
            ({"stockState": "rejected"}, "o4"),
            ({"userId": "ben"}, "o3"),
            ({"search": "%"}, "o3"),
            ({"search": '"wool" (a+b)'}, "o3"),
            ({"search": ".*"}, ""),
            ({"search": ""}, "o4 o3 o2 o1"),
            ({"from": "2026-01-31T13:00:00Z"}, "o4 o3 o2"),
            ({"to": "2026-01-31T13:00:00.000Z"}, "o1"),
            ({"limit": "2", "page": "2"}, "o2 o1"),
            ({"page": "9"}, ""),
        ],
    )
    async def test_filters_sort_and_pages(
        self, client: httpx.AsyncClient, query: dict[str, str], found: str
    ) -> None:
        answer = await client.get(f"{API}/orders", params=query, headers=ADMIN)

        assert answer.status_code == 200
        data = answer.json()["data"]
        assert " ".join(order["_id"] for order in data["orders"]) == found
        assert data["count"] == len(data["orders"])

    async def test_meta_counts_all_pages(self, client: httpx.AsyncClient) -> None:
        answer = await client.get(f"{API}/orders?limit=3", headers=ADMIN)

        assert answer.json()["meta"] == {"page": 1, "limit": 3, "total": 4, "pages": 2}

    async def test_owners_find_their_own_with_the_same_filters(
        self, client: httpx.AsyncClient
    ) -> None:
        answer = await client.get(f"{API}/orders/user/anna?status=1&userId=anna", headers=ANNA)

        assert [order["_id"] for order in answer.json()["data"]["orders"]] == ["o4", "o1"]

    @pytest.mark.parametrize(
        ("query", "bad"),
        [
            ("page=0", "page"),
            ("limit=1000", "limit"),
            ("limit=0", "limit"),
            ("sort=password", "sort"),
            ("status=9", "status"),
            ("status=lost", "status"),
            ("status=%FF", "status"),
            ("stockState=gone", "stockState"),
            ("from=yesterday", "from"),
            ("userId=a/b", "userId"),
            ("search=a%00b", "search"),
            ("search=" + "x" * 201, "search"),
            ("search=%FF", "search"),
            ("serach=x", "serach"),
            ("page=1&page=2", "page"),
        ],
    )
    async def test_a_bad_parameter_is_named(
        self, client: httpx.AsyncClient, query: str, bad: str
    ) -> None:
        for path, caller in (("", ADMIN), ("/user/anna", ANNA)):
            answer = await client.get(f"{API}/orders{path}?{query}", headers=caller)
            assert answer.status_code == 400
            assert list(answer.json()["fields"]) == [bad]

    async def test_two_bad_parameters_are_both_named(self, client: httpx.AsyncClient) -> None:
        answer = await client.get(f"{API}/orders?page=0&limit=1000", headers=ADMIN)

        assert set(answer.json()["fields"]) == {"page", "limit"}


@pytest.mark.parametrize(("current", "wanted"), list(product(OrderStatus, repeat=2)))
async def test_the_whole_square_of_moves(
    world: OrdersWorld, client: httpx.AsyncClient, current: OrderStatus, wanted: OrderStatus
) -> None:
    world.put(an_order("o1", status=current, stock_state=StockState.RESERVED))
    answer = await client.patch(
        f"{API}/orders/o1/status", json={"status": int(wanted)}, headers=ADMIN
    )

    if current is wanted or wanted in NEXT[current]:
        data = answer.json()["data"]
        assert answer.status_code == 200
        assert (data["oldStatus"], data["newStatus"]) == (current, wanted)
        assert (data["oldStatusLabel"], data["newStatusLabel"]) == (current.label, wanted.label)
        assert data["order"]["version"] == (1 if current is wanted else 2)
        assert len(world.notifier.pushes) == 0 or current is not wanted
    else:
        assert answer.status_code == 422
        assert answer.json()["allowed"] == [x.label for x in sorted(NEXT[current])]
        assert world.stored("o1").version == 1


class TestStatus:
    @pytest.mark.parametrize("status", [2, "processing", "PROCESSING", 2.0])
    async def test_a_status_goes_by_number_or_name(
        self, world: OrdersWorld, client: httpx.AsyncClient, status: object
    ) -> None:
        world.put(an_order("o1", stock_state=StockState.RESERVED))
        answer = await client.patch(
            f"{API}/orders/o1/status", json={"status": status}, headers=ADMIN
        )

        assert answer.status_code == 200
        assert answer.headers["etag"] == '"2"'

    async def test_work_waits_for_the_stock(
        self, world: OrdersWorld, client: httpx.AsyncClient
    ) -> None:
        world.put(an_order("o1", stock_state=StockState.REJECTED))
        answer = await client.patch(f"{API}/orders/o1/status", json={"status": 2}, headers=ADMIN)

        assert answer.status_code == 409
        assert answer.json()["stockState"] == "rejected"

    @pytest.mark.parametrize(
        "body", [{}, {"status": 9}, {"status": "lost"}, {"status": True}, {"status": "2"}]
    )
    async def test_an_unknown_status_is_refused(
        self, client: httpx.AsyncClient, body: object
    ) -> None:
        answer = await client.patch(f"{API}/orders/o1/status", json=body, headers=ADMIN)

        assert answer.status_code == 400
        assert list(answer.json()["fields"]) == ["status"]


class TestCancelling:
    @pytest.mark.parametrize("who", ["anna", "boss"])
    async def test_owner_and_admin_cancel(
        self, world: OrdersWorld, client: httpx.AsyncClient, who: str
    ) -> None:
        world.put(an_order("o1", status=OrderStatus.PROCESSING))
        headers = ANNA if who == "anna" else ADMIN
        answer = await client.patch(f"{API}/orders/o1/cancel", headers=headers)

        assert answer.status_code == 200
        assert order_in(answer)["status"] == 5
        assert "order:cancelled" in world.notifier.events("user:anna")

    async def test_owners_come_too_late_once_it_is_shipped(
        self, world: OrdersWorld, client: httpx.AsyncClient
    ) -> None:
        world.put(an_order("o1", status=OrderStatus.SHIPPED))
        by_owner = await client.patch(f"{API}/orders/o1/cancel", json={}, headers=ANNA)
        by_admin = await client.patch(f"{API}/orders/o1/cancel", json={}, headers=ADMIN)

        assert (by_owner.status_code, by_admin.status_code) == (409, 200)

    @pytest.mark.parametrize("reason", [5, "x" * 501, "a\x00b"])
    async def test_a_bad_reason_is_refused(self, client: httpx.AsyncClient, reason: object) -> None:
        answer = await client.patch(
            f"{API}/orders/o1/cancel", json={"reason": reason}, headers=ANNA
        )

        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["reason"])


class TestDetails:
    async def test_the_owner_changes_the_address_until_it_is_shipped(
        self, world: OrdersWorld, client: httpx.AsyncClient
    ) -> None:
        world.put(an_order("o1"), an_order("o2", status=OrderStatus.SHIPPED))
        body = {"shippingAddress": {"street": "2 Side", "zipCode": "9"}}
        moved = await client.put(f"{API}/orders/o1", json=body, headers=ANNA)
        late = await client.put(f"{API}/orders/o2", json=body, headers=ANNA)

        assert order_in(moved)["shippingAddress"]["street"] == "2 Side"
        assert world.notifier.events("user:anna") == ["order:updated"]
        assert late.status_code == 409
        assert late.json()["current"] == "Shipped"

    async def test_payment_and_tracking_are_for_admins(
        self, world: OrdersWorld, client: httpx.AsyncClient
    ) -> None:
        world.put(an_order("o1"))
        body = {"paymentStatus": 2, "trackingNumber": "1Z"}
        by_owner = await client.put(f"{API}/orders/o1", json=body, headers=ANNA)
        by_admin = await client.put(f"{API}/orders/o1", json=body, headers=ADMIN)

        assert by_owner.status_code == 403
        assert order_in(by_admin)["paymentStatus"] == PaymentStatus.PAID
        assert order_in(by_admin)["trackingNumber"] == "1Z"

    @pytest.mark.parametrize(
        ("body", "bad"),
        [
            ({}, {"shippingAddress"}),
            ({"items": []}, {"items"}),
            ({"totalAmount": 1, "status": 2}, {"totalAmount", "status"}),
            ({"shippingAddress": {"strret": "x"}}, {"shippingAddress.strret"}),
            ({"shippingAddress": "here"}, {"shippingAddress"}),
            ({"shippingAddress": {"city": 5, "zipCode": "x" * 21}}, None),
            ({"paymentStatus": 5}, {"paymentStatus"}),
            ({"trackingNumber": ""}, {"trackingNumber"}),
        ],
    )
    async def test_items_never_change_and_bad_fields_are_named(
        self, client: httpx.AsyncClient, body: object, bad: set[str] | None
    ) -> None:
        answer = await client.put(f"{API}/orders/o1", json=body, headers=ADMIN)

        wanted = bad or {"shippingAddress.city", "shippingAddress.zipCode"}
        assert (answer.status_code, set(answer.json()["fields"])) == (400, wanted)


class TestDemo:
    async def test_in_the_demo_anybody_gets_a_token(self) -> None:
        async with client_of(OrdersWorld(settings={"demo": True}).app) as client:
            answer = await client.post(
                f"{API}/demo/token", json={"sub": "anna", "roles": ["user", "admin"]}
            )
            token = answer.json()["data"]["token"]
            read = await client.get(f"{API}/orders", headers={"Authorization": f"Bearer {token}"})
            bad = await client.post(f"{API}/demo/token", json={"sub": "a/b", "roles": ["king"]})

        assert answer.status_code == 200
        assert read.status_code == 200
        assert set(bad.json()["fields"]) == {"sub", "roles[0]"}

    async def test_elsewhere_there_is_no_such_path(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(f"{API}/demo/token", json={"sub": "anna"})

        assert answer.status_code == 404

    @pytest.mark.parametrize(
        "headers",
        [
            {"Host": "orders.shop.example"},
            {"Host": "evil.example:3004"},
            {"Host": "127.0.0.1.evil.example"},
            {"Host": ""},
            {"Host": "[::2]:3004"},
            {"X-Forwarded-For": "192.0.2.7"},
            {"X-Forwarded-Host": "orders.shop.example"},
            {"Forwarded": "for=192.0.2.7"},
        ],
    )
    async def test_nobody_gets_a_token_through_a_proxy_or_under_another_name(
        self, headers: dict[str, str]
    ) -> None:
        async with client_of(OrdersWorld(settings={"demo": True}).app) as client:
            answer = await client.post(f"{API}/demo/token", json={"sub": "a"}, headers=headers)

        assert answer.status_code == 404
        assert answer.json()["success"] is False

    @pytest.mark.parametrize("host", ["localhost:3004", "127.0.0.1", "127.0.0.2:1", "[::1]:3004"])
    async def test_this_machine_has_several_names(self, host: str) -> None:
        async with client_of(OrdersWorld(settings={"demo": True}).app) as client:
            answer = await client.post(
                f"{API}/demo/token", json={"sub": "a"}, headers={"Host": host}
            )

        assert answer.status_code == 200

    async def test_tokens_are_not_given_without_end(self) -> None:
        async with client_of(OrdersWorld(settings={"demo": True}).app) as client:
            statuses = [
                (await client.post(f"{API}/demo/token", json={"sub": "anna"})).status_code
                for _ in range(400)
            ]

        assert statuses[0] == 200
        assert 429 in statuses


def test_an_app_without_a_secret_is_not_made() -> None:
    with pytest.raises(ValueError, match="ACCESS_TOKEN_SECRET"):
        OrdersWorld(settings={"access_token_secret": None})
