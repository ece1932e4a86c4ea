"""Who may connect, what they are told, and when a connection ends."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import attrs
import httpx
import pytest

from adapters.socketio import SocketIoSettings
from inventory_domain.writes import Push
from tests.support.socket_io import (
    POLLING,
    WEBSOCKET,
    connected,
    raw_websocket,
    read_to_the_end,
    serving,
    until,
)

pytestmark = pytest.mark.integration

NARROW = SocketIoSettings(sweep_seconds=0.02)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (None, "Authentication error: send a token as auth.token"),
        ("", "Authentication error: send a token as auth.token"),
        (["anna"], "Authentication error: send a token as auth.token"),
        ("forged", "Authentication error: the signature is wrong"),
        ("crash", "Authentication error: the token cannot be verified"),
    ],
)
@pytest.mark.parametrize("transports", [WEBSOCKET, POLLING])
async def test_nobody_connects_without_a_good_token(
    token: object, reason: str, transports: tuple[str, ...]
) -> None:
    async with serving() as shop, connected(shop, token, transports=transports) as client:
        assert client.refusal == {"message": reason}
        assert shop.notifier.counts().connected == 0


async def test_an_expired_token_is_refused() -> None:
    async with serving() as shop:
        shop.door.valid_for = timedelta(0)

        async with connected(shop, "anna") as client:
            assert client.refusal == {"message": "Authentication error: token expired"}


async def test_the_welcome_comes_after_the_connection_and_names_the_user() -> None:
    async with serving() as shop, connected(shop, "anna") as client:
        assert client.received == [
            ("connect", None),
            (
                "connected",
                {"userId": "anna", "message": "You are connected to the order updates."},
            ),
        ]


@pytest.mark.parametrize("transports", [WEBSOCKET, POLLING])
async def test_subscriptions_are_answered(transports: tuple[str, ...]) -> None:
    async with serving() as shop, connected(shop, "anna", transports=transports) as client:
        orders = await client.ask("subscribe:orders", "subscribed")
        products = await client.ask("subscribe:products", "subscribed")
        ended = await client.ask("unsubscribe:products", "unsubscribed")

        assert orders == {"message": "Subscribed to order updates."}
        assert products == {"message": "Subscribed to product updates."}
        assert ended == {"message": "Unsubscribed from product updates."}


async def test_only_who_asked_for_products_gets_their_news() -> None:
    async with serving() as shop, connected(shop, "anna") as client:
        await client.ask("subscribe:products", "subscribed")
        await client.ask("subscribe:products", "subscribed")
        shop.notifier.push([Push("product:stock_changed", ("products",), {"stock": 1})])
        await client.got("product:stock_changed")

        await client.ask("unsubscribe:products", "unsubscribed")
        shop.notifier.push([Push("product:stock_changed", ("products",), {"stock": 2})])
        shop.notifier.push([Push("order:updated", ("user:anna",), {})])

        await client.got("order:updated")
        assert client.payloads("product:stock_changed") == [{"stock": 1}]


async def test_rooms_come_from_the_token_whatever_a_client_says() -> None:
    async with serving() as shop, connected(shop, "anna") as client:
        for event in ("join", "subscribe:admins", "enter_room", "subscribe:orders"):
            await client.sio.emit(event, {"room": "admins", "userId": "ben", "role": "admin"})
        await client.got("subscribed")

        shop.notifier.push(
            [Push("admin:alert", ("admins",), {}), Push("order:created", ("user:ben",), {})]
        )
        shop.notifier.push([Push("order:updated", ("user:anna",), {})])

        await client.got("order:updated")
        assert [event for event, _ in client.received if ":" in event] == ["order:updated"]


async def test_an_unknown_event_changes_nothing() -> None:
    async with serving() as shop, connected(shop, "anna") as client:
        await client.sio.emit("no:such:event", [1, {"2": None}])

        assert await client.ask("subscribe:orders", "subscribed")


@pytest.mark.parametrize("transports", [WEBSOCKET, POLLING])
async def test_a_connection_ends_with_its_token_and_says_so(transports: tuple[str, ...]) -> None:
    async with serving(NARROW) as shop, connected(shop, "anna", transports=transports) as client:
        shop.clock.ahead = timedelta(minutes=59)
        assert await client.ask("subscribe:orders", "subscribed")

        shop.clock.ahead = timedelta(minutes=61)

        assert await client.got("closing") == [{"reason": "Authentication error: token expired"}]
        await client.gone()
        await until(lambda: not shop.engine.open_ids(), "the end of the connection")
        assert shop.notifier.counts().connected == 0


async def test_a_connection_on_which_nobody_signs_in_is_closed() -> None:
    async with serving(NARROW) as shop, raw_websocket(shop) as websocket:
        await asyncio.sleep(2 * NARROW.sweep_seconds)
        assert shop.engine.open_ids(), "there is time to sign in"

        shop.clock.ahead = timedelta(minutes=1)

        await read_to_the_end(websocket)
        await until(lambda: not shop.engine.open_ids(), "the end of the connection")


async def test_one_user_has_a_bounded_number_of_connections() -> None:
    settings = SocketIoSettings(connections_per_user_max=1)
    async with (
        serving(settings) as shop,
        connected(shop, "anna"),
        connected(shop, "anna") as second,
        connected(shop, "ben") as other,
    ):
        assert second.refusal["message"].startswith("Too many connections")
        assert other.refusal is None


async def test_the_place_of_a_connection_that_ended_is_free_again() -> None:
    settings = SocketIoSettings(connection_count_max=1)
    async with serving(settings) as shop:
        for _ in range(3):
            async with connected(shop, "anna") as client:
                assert client.refusal is None
            await until(lambda: shop.notifier.counts().connected == 0, "the end")


async def test_who_sends_too_much_is_disconnected() -> None:
    settings = attrs.evolve(NARROW, inbound_count_max=20)
    async with serving(settings) as shop, connected(shop, "anna") as client:
        for _ in range(21):
            await client.sio.emit("subscribe:orders")

        assert await client.got("closing") == [{"reason": "Too many messages"}]
        await client.gone()
        await until(lambda: not shop.engine.open_ids(), "the end of the connection")


@pytest.mark.parametrize(
    "packet",
    [
        '451-["subscribe:orders",{"_placeholder":true,"num":0}]',
        "42{}",
        "42[]",
        "4" + "[" * 9_000,
        "42" + "[" * 9_000,
        "49",
        b"\x00",
        "42" + json.dumps(["subscribe:orders", "x" * 20_000]),
    ],
)
async def test_who_sends_what_is_no_event_is_disconnected(packet: Any) -> None:
    async with serving(NARROW) as shop, raw_websocket(shop, "anna") as websocket:
        await websocket.send(packet)

        await read_to_the_end(websocket)
        await until(lambda: shop.notifier.counts().connected == 0, "the end of the session")


async def test_only_known_origins_connect() -> None:
    settings = SocketIoSettings(cors_origins=("https://shop.example",))
    async with serving(settings) as shop, httpx.AsyncClient(base_url=shop.url) as http:
        path = "/socket.io/?EIO=4&transport=polling"

        ours = await http.get(path, headers={"Origin": "https://shop.example"})
        theirs = await http.get(path, headers={"Origin": "https://elsewhere.example"})

        assert ours.status_code == 200
        assert ours.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert theirs.status_code == 400


async def test_everything_else_reaches_the_application_with_the_servers_life() -> None:
    async with serving() as shop, httpx.AsyncClient(base_url=shop.url) as http:
        for path in ("/", "/api/v1/orders", "/socket.iox"):
            assert (await http.get(path)).text == path

        assert shop.app.lifespan == ["lifespan.startup"]
    assert shop.app.lifespan == ["lifespan.startup", "lifespan.shutdown"]
