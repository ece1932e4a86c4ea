"""A connected customer or admin who writes down every push."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import socketio

__all__ = ["Listener", "listening"]


class Listener:
    """What one connection received, oldest first."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.received: list[tuple[str, dict[str, Any]]] = []
        client.on("*", self._note)

    async def _note(self, event: str, payload: dict[str, Any] | None = None) -> None:
        self.received.append((event, payload or {}))

    def events(self, order_id: str) -> list[str]:
        """Return the names of the events about one order, in their order."""
        return [name for name, payload in self.received if _order_id(payload) == order_id]

    def payloads(self, event: str, order_id: str | None) -> list[dict[str, Any]]:
        """Return what came as *event* about one order, or with None about no order."""
        return [
            payload
            for name, payload in self.received
            if name == event and _order_id(payload) == order_id
        ]

    async def wait_for(
        self, event: str, order_id: str | None, seconds: float = 20.0
    ) -> dict[str, Any]:
        """Return the first *event* about the order as soon as it is there."""
        async with asyncio.timeout(seconds):
            while not (found := self.payloads(event, order_id)):  # noqa: ASYNC110 - a plain poll
                await asyncio.sleep(0.01)
        return found[0]


def _order_id(payload: dict[str, Any]) -> str | None:
    order = payload.get("order")
    found = order["_id"] if isinstance(order, dict) else payload.get("orderId")
    return None if found is None else str(found)


@asynccontextmanager
async def listening(address: str, token: str) -> AsyncIterator[Listener]:
    """Connect, and disconnect at the end."""
    client = socketio.AsyncClient()
    listener = Listener(client)
    await client.connect(address, auth={"token": token}, transports=["websocket"])
    try:
        async with asyncio.timeout(10):
            while not listener.received:  # noqa: ASYNC110 - a plain poll
                await asyncio.sleep(0.01)
        yield listener
    finally:
        await client.disconnect()
