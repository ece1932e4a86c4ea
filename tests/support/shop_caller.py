"""Calls of anna's and an admin's to a shop that runs somewhere."""

from collections.abc import Mapping
from typing import Any

import httpx

__all__ = ["ShopCaller", "order_body"]

CALL_SECONDS_MAX = 20.0


class ShopCaller:
    """Calls services at *addresses*, which others fill in; everything here blocks."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self._client = httpx.Client(timeout=CALL_SECONDS_MAX)

    def token(self, sub: str, role: str = "user") -> str:
        """Return a token for *sub*, the same one each time."""
        key = f"{sub} {role}"
        if key not in self._tokens:
            self._tokens[key] = self.new_token(sub, role)
        return self._tokens[key]

    def new_token(self, sub: str, role: str) -> str:
        """Return a token of the demo."""
        answer = self._client.post(
            f"{self.addresses['orders']}/api/v1/demo/token", json={"sub": sub, "roles": [role]}
        )
        token: str = answer.json()["data"]["token"]
        return token

    def call(
        self, method: str, service: str, path: str, *, role: str = "user", **more: Any
    ) -> httpx.Response:
        """Call a service as anna, or as an admin."""
        token = self.token("boss" if role == "admin" else "anna", role)
        return self._client.request(
            method,
            f"{self.addresses[service]}/api/v1{path}",
            headers={"Authorization": f"Bearer {token}"},
            **more,
        )

    def add_product(self, product_id: str, stock: int, price: float = 10.0) -> str:
        """Add a product as an admin and return its id."""
        body = {"_id": product_id, "name": product_id, "price": price, "stock": stock}
        answer = self.call("POST", "products", "/products", json=body, role="admin")
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return product_id

    def order(self, product_id: str, qty: int = 1) -> dict[str, Any]:
        """Place an order as anna and return it."""
        product = self.call("GET", "products", f"/products/{product_id}").json()["data"]["product"]
        line = {
            "productId": product_id,
            "productName": product["name"],
            "qty": qty,
            "price": product["price"],
        }
        answer = self.call("POST", "orders", "/orders", json=order_body(line))
        assert answer.status_code == httpx.codes.CREATED, answer.text
        found: dict[str, Any] = answer.json()["data"]["order"]
        return found

    def count_orders(self, stock_state: str) -> int:
        """Return how many orders are in this state."""
        query = {"stockState": stock_state, "limit": 1}
        answer = self.call("GET", "orders", "/orders", role="admin", params=query)
        total: int = answer.json()["meta"]["total"]
        return total

    def stock_state(self, order_id: str) -> str:
        """Return how the stock of an order of anna's is."""
        answer = self.call("GET", "orders", f"/orders/{order_id}")
        state: str = answer.json()["data"]["order"]["stockState"]
        return state

    def all_orders(self) -> dict[str, dict[str, Any]]:
        """Return every stored order, by its id."""
        found: dict[str, dict[str, Any]] = {}
        page = 1
        while True:
            path = f"/orders?limit=100&sort=createdAt&page={page}"
            answer = self.call("GET", "orders", path, role="admin")
            orders = answer.json()["data"]["orders"]
            found.update((order["_id"], order) for order in orders)
            if len(orders) < 100:
                return found
            page += 1

    def hang_up(self) -> None:
        """Close the kept connections; the next call makes new ones."""
        self._client.close()
        self._client = httpx.Client(timeout=CALL_SECONDS_MAX)


def order_body(*lines: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of an order that is fine but for what *lines* say."""
    return {
        "items": list(lines),
        "shippingAddress": {
            "street": "1 Oak Lane",
            "city": "Springfield",
            "state": "IL",
            "zipCode": "62701",
            "country": "US",
        },
        "paymentMethod": 1,
    }
