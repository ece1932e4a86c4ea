"""Customers who order without end and never give up; what they were told is kept."""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.support.deployment import Deployment
from tests.support.shop_caller import order_body
from tests.support.waiting import until

__all__ = ["Load"]

CUSTOMERS = 6
CALL_SECONDS_MAX = 15.0
PAUSE_SECONDS = 0.1
CANCELLED_SHARE = 0.15


class Load:
    """Orders of products that cost 10.0 each.

    Every order has an idempotency key, and whoever gets no answer, or 503, asks again with the
    same key until there is one: what is stored at the end is what was accepted, each once.
    """

    def __init__(self, system: Deployment, chance: random.Random, products: Sequence[str]) -> None:
        self.accepted: set[str] = set()
        self.cancelled: set[str] = set()
        self.answers: Counter[int] = Counter()
        self.unanswered = 0
        self._system = system
        self._chance = chance
        self._products = sorted(products)
        self._stopping = asyncio.Event()

    @asynccontextmanager
    async def running(self, customers: int = CUSTOMERS) -> AsyncIterator[None]:
        """Order until the end of the block, where everybody waits for a last answer."""
        self._stopping.clear()
        headers = {"Authorization": f"Bearer {self._system.token('load')}"}
        async with httpx.AsyncClient(headers=headers, timeout=CALL_SECONDS_MAX) as http:
            tasks = [asyncio.create_task(self._shop(http)) for _ in range(customers)]
            try:
                yield
                self._stopping.set()
                async with asyncio.timeout(120):
                    await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def more(self, count: int, *, seconds: float = 60.0) -> None:
        """Return when *count* more orders are accepted than now."""
        wanted = len(self.accepted) + count

        async def are_there() -> bool:
            return len(self.accepted) >= wanted

        await until(are_there, seconds=seconds, what=f"{count} more orders")

    async def _shop(self, http: httpx.AsyncClient) -> None:
        while not self._stopping.is_set():
            body = order_body(*self._lines())
            answer = await self._insist(
                http, "POST", "/orders", json=body, headers={"Idempotency-Key": secrets.token_hex()}
            )
            assert answer.status_code in {200, 201}, answer.text
            order_id = answer.json()["data"]["order"]["_id"]
            self.accepted.add(order_id)
            if self._chance.random() < CANCELLED_SHARE:
                answer = await self._insist(http, "PATCH", f"/orders/{order_id}/cancel", json={})
                assert answer.status_code == httpx.codes.OK, answer.text
                self.cancelled.add(order_id)

    def _lines(self) -> list[Mapping[str, Any]]:
        count = self._chance.randint(1, min(2, len(self._products)))
        return [
            {"productId": name, "qty": self._chance.randint(1, 3), "price": 10.0}
            for name in self._chance.sample(self._products, count)
        ]

    async def _insist(
        self, http: httpx.AsyncClient, method: str, path: str, **more: Any
    ) -> httpx.Response:
        while True:
            try:
                # Asked anew each time: one that comes back has another address.
                address = self._system.addresses["orders"]
                answer = await http.request(method, f"{address}/api/v1{path}", **more)
            except httpx.HTTPError:
                self.unanswered += 1
            else:
                self.answers[answer.status_code] += 1
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    return answer
            await asyncio.sleep(PAUSE_SECONDS)
