"""Many at once: one order a key, one winner a change, and versions that callers name."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from inventory_domain.orders import StockState
from inventory_domain.testing.builders import an_order
from inventory_domain.testing.fakes.order_store import MemoryOrderStore
from inventory_domain.writes import OrderWrite, SaveResult
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


def keyed(key: str, subject: str = "anna") -> dict[str, str]:
    return {**bearer(subject), "Idempotency-Key": key}


class TestIdempotency:
    async def test_twenty_at_once_give_one_order_and_equal_bodies(
        self, world: OrdersWorld, client: httpx.AsyncClient
    ) -> None:
        headers = keyed("k1")
        answers = await asyncio.gather(
            *[client.post(f"{API}/orders", json=BODY, headers=headers) for _ in range(20)]
        )

        assert len(world.disk.orders) == 1
        assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
        assert len({answer.content for answer in answers}) == 1
        assert len({answer.headers["etag"] for answer in answers}) == 1
        assert world.notifier.events("user:anna") == ["order:created"]

    async def test_the_answer_stays_the_first_whatever_became_of_the_order(
        self, client: httpx.AsyncClient
    ) -> None:
        first = await client.post(f"{API}/orders", json=BODY, headers=keyed("k1"))
        order_id = first.json()["data"]["order"]["_id"]
        await client.patch(f"{API}/orders/{order_id}/cancel", json={}, headers=ANNA)
        again = await client.post(f"{API}/orders", json=BODY, headers=keyed("k1"))

        assert again.status_code == 200
        assert again.content == first.content

    async def test_the_same_key_with_another_body_is_refused(
        self, world: OrdersWorld, client: httpx.AsyncClient
    ) -> None:
        await client.post(f"{API}/orders", json=BODY, headers=keyed("k1"))
        other = {**BODY, "paymentMethod": 2}
        answer = await client.post(f"{API}/orders", json=other, headers=keyed("k1"))

        assert answer.status_code == 422
        assert len(world.disk.orders) == 1

    async def test_white_space_and_the_order_of_fields_make_no_other_body(
        self, client: httpx.AsyncClient
    ) -> None:
        one = b'{"items":[{"productId":"LAMP","qty":2,"price":29.90}],"paymentMethod":1}'
        two = b'{ "paymentMethod": 1, "items": [{"price": 29.9, "qty": 2, "productId": "LAMP"}] }'
        answers = [
            await client.post(f"{API}/orders", content=body, headers=keyed("k1"))
            for body in (one, two)
        ]

        assert [answer.status_code for answer in answers] == [201, 200]

    async def test_a_key_belongs_to_its_subject(
        self, world: OrdersWorld, client: httpx.AsyncClient
    ) -> None:
        for subject in ("anna", "ben"):
            answer = await client.post(f"{API}/orders", json=BODY, headers=keyed("k1", subject))
            assert answer.status_code == 201

        assert len(world.disk.orders) == 2

    async def test_a_key_outlives_the_process(self, world: OrdersWorld) -> None:
        async with client_of(world.app) as client:
            first = await client.post(f"{API}/orders", json=BODY, headers=keyed("k1"))
        reopened = OrdersWorld(store=MemoryOrderStore(world.disk))
        async with client_of(reopened.app) as client:
            again = await client.post(f"{API}/orders", json=BODY, headers=keyed("k1"))

        assert again.content == first.content


class MeetingStore(MemoryOrderStore):
    """Lets nobody save before *count* have read, so that all of them decide on one version."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.barrier = asyncio.Barrier(count)
        self.meetings = 0

    async def save(self, writes: Sequence[OrderWrite]) -> Sequence[SaveResult]:
        if self.meetings < self.barrier.parties:
            self.meetings += 1
            await self.barrier.wait()
        return await super().save(writes)


class TestRaces:
    async def race(self, **headers: str) -> tuple[list[httpx.Response], OrdersWorld]:
        world = OrdersWorld(store=MeetingStore(2))
        world.put(an_order("o1", stock_state=StockState.RESERVED))
        async with client_of(world.app) as client:
            answers = await asyncio.gather(
                *[
                    client.patch(
                        f"{API}/orders/o1/status",
                        json={"status": status},
                        headers={**ADMIN, **headers},
                    )
                    for status in (2, 5)
                ]
            )
        return list(answers), world

    async def test_of_two_changes_one_wins_and_the_other_is_told(self) -> None:
        answers, world = await self.race()

        won, lost = sorted(answers, key=lambda answer: answer.status_code)
        assert (won.status_code, lost.status_code) == (200, 409)
        assert lost.json()["status"] == won.json()["data"]["newStatusLabel"]
        assert lost.json()["version"] == world.stored("o1").version == 2
        assert won.json()["data"]["newStatus"] == world.stored("o1").status

    async def test_with_if_match_the_loser_of_a_race_is_told_too(self) -> None:
        answers, world = await self.race(**{"If-Match": '"1"'})

        won, lost = sorted(answers, key=lambda answer: answer.status_code)
        assert (won.status_code, lost.status_code) == (200, 412)
        assert lost.json()["version"] == world.stored("o1").version == 2


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"3"', 200),
        ('W/"3"', 200),
        ("3", 200),
        ("*", 200),
        ('"2"', 412),
        ('W/"4"', 412),
        ('"abc"', 412),
        ("nonsense", 412),
        ('"3", "4"', 400),
    ],
)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/status", {"status": 2}),
        ("PATCH", "/cancel", {}),
        ("PUT", "", {"shippingAddress": {"city": "X"}}),
    ],
)
async def test_a_change_is_made_to_the_version_that_the_caller_saw(
    world: OrdersWorld,
    client: httpx.AsyncClient,
    *,
    method: str,
    path: str,
    body: object,
    tag: str,
    status: int,
) -> None:
    world.put(an_order("o1", version=3, stock_state=StockState.RESERVED))
    answer = await client.request(
        method, f"{API}/orders/o1{path}", json=body, headers={**ADMIN, "If-Match": tag}
    )

    assert answer.status_code == status
    assert world.stored("o1").version == (4 if status == 200 else 3)
