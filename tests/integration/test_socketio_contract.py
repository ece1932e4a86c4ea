"""The notifier's contract, over Socket.IO."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import attrs
import pytest

from adapters.socketio import SocketIoNotifier
from inventory_domain.pushes import ADMINS, PRODUCTS
from inventory_domain.testing.contracts.notifier import (
    ConnectClient,
    NotifierContract,
    Received,
    RoomClient,
)
from tests.support.socket_io import Client, Shop, connected, serving, until

pytestmark = pytest.mark.integration


@attrs.define
class SocketClient:
    client: Client
    shop: Shop
    seen: int = 0

    async def receive(self, count: int) -> Sequence[Received]:
        end = self.seen + count
        await until(lambda: len(self.client.received) >= end, f"{count} pushes")
        start, self.seen = self.seen, end
        return self.client.received[start:end]

    async def disconnect(self) -> None:
        sid = self.client.sio.get_sid()
        await self.client.sio.disconnect()
        await until(lambda: self.shop.engine.eio_sid(sid) is None, "the end of the connection")


class TestSocketIoNotifier(NotifierContract):
    @pytest.fixture
    async def shop(self) -> AsyncIterator[Shop]:
        async with serving() as shop:
            yield shop

    @pytest.fixture
    def notifier(self, shop: Shop) -> SocketIoNotifier:
        return shop.notifier

    @pytest.fixture
    async def connect(self, shop: Shop) -> AsyncIterator[ConnectClient]:
        async with AsyncExitStack() as stack:

            async def connect(rooms: Sequence[str]) -> RoomClient:
                user = next((r.removeprefix("user:") for r in rooms if r.startswith("user:")), "x")
                token = f"{user}:admin" if ADMINS in rooms else user
                client = await stack.enter_async_context(connected(shop, token))
                if PRODUCTS in rooms:
                    await client.ask("subscribe:products", "subscribed")
                return SocketClient(client, shop, seen=len(client.received))

            yield connect
