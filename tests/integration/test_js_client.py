"""The official JavaScript client against our server."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from adapters.socketio import SocketIoSettings
from inventory_domain.writes import Push
from tests.support.socket_io import SECONDS_MAX, Shop, serving, until

FOLDER = Path(__file__).parent / "js"
DEFAULT = ["polling", "websocket"]


def missing() -> str | None:
    """Say what the JavaScript client lacks on this machine."""
    if shutil.which("node") is None:
        return "node is not on PATH, the JavaScript client cannot run"
    if not (FOLDER / "node_modules" / "socket.io-client").is_dir():
        return "the JavaScript client is not installed: `make js` does it, where npm is"
    return None


pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]


@attrs.define
class JsClient:
    process: asyncio.subprocess.Process
    said: list[dict[str, Any]] = attrs.field(factory=list)

    async def says(self, kind: str, **detail: Any) -> dict[str, Any]:
        """Read on until the client says so, and return it."""
        try:
            async with asyncio.timeout(SECONDS_MAX):
                while True:
                    line = await self._line()
                    if line["kind"] == kind and detail.items() <= line.items():
                        return line
        except TimeoutError:
            raise AssertionError(f"no {kind} {detail} in {self.said[-10:]}") from None

    async def event(self, name: str) -> Any:
        return (await self.says("event", event=name)).get("payload")

    def emit(self, *arguments: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(arguments).encode() + b"\n")

    async def _line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line, f"the client ended after {self.said[-10:]}"
        self.said.append(json.loads(line))
        return self.said[-1]


@asynccontextmanager
async def js_client(
    shop: Shop, token: str | None, *, transports: Iterable[str] = DEFAULT
) -> AsyncIterator[JsClient]:
    options: dict[str, Any] = {"transports": list(transports), "reconnectionDelay": 50}
    if token is not None:
        options["auth"] = {"token": token}
    process = await asyncio.create_subprocess_exec(
        "node",
        str(FOLDER / "client.mjs"),
        shop.url,
        json.dumps(options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield JsClient(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("transports", [DEFAULT, ["websocket"], ["polling"]])
async def test_with_a_token_it_gets_the_welcome_and_the_events(transports: list[str]) -> None:
    async with serving() as shop, js_client(shop, "anna", transports=transports) as client:
        assert (await client.event("connected"))["userId"] == "anna"
        client.emit("subscribe:orders")
        client.emit("subscribe:products")
        assert "order" in (await client.event("subscribed"))["message"]
        assert "product" in (await client.event("subscribed"))["message"]

        shop.notifier.push([Push("order:created", ("user:anna", "admins"), {"order": {"n": 1}})])
        shop.notifier.push([Push("product:stock_changed", ("products",), {"stock": 0})])

        assert await client.event("order:created") == {"order": {"n": 1}}
        assert await client.event("product:stock_changed") == {"stock": 0}


async def test_by_default_it_begins_with_polling_and_changes_to_a_websocket() -> None:
    async with serving() as shop, js_client(shop, "anna") as client:
        assert (await client.says("upgrade"))["transport"] == "websocket"


@pytest.mark.parametrize("transports", [DEFAULT, ["polling"]])
async def test_a_thousand_events_come_in_their_order(transports: list[str]) -> None:
    async with serving() as shop, js_client(shop, "anna", transports=transports) as client:
        await client.event("connected")

        shop.notifier.push([Push("order:updated", ("user:anna",), {"n": n}) for n in range(1000)])

        assert [(await client.event("order:updated"))["n"] for _ in range(1000)] == [*range(1000)]


@pytest.mark.parametrize("token", [None, "forged"])
async def test_without_a_good_token_it_gets_the_reason(token: str | None) -> None:
    async with serving() as shop, js_client(shop, token) as client:
        refusal = await client.says("connect_error")

        assert refusal["message"].startswith("Authentication error: ")
        assert not refusal["active"], "it does not try again with the same token"


async def test_when_its_token_expires_it_is_told_and_stays_away() -> None:
    settings = SocketIoSettings(sweep_seconds=0.02)
    async with serving(settings) as shop, js_client(shop, "anna") as client:
        await client.event("connected")

        shop.clock.ahead = timedelta(hours=2)

        assert await client.event("closing") == {"reason": "Authentication error: token expired"}
        end = await client.says("disconnect")
        assert (end["reason"], end["active"]) == ("io server disconnect", False)


@pytest.mark.parametrize("transports", [DEFAULT, ["polling"]])
async def test_it_comes_back_by_itself_when_the_server_does(transports: list[str]) -> None:
    async with serving() as before, js_client(before, "anna", transports=transports) as client:
        await client.event("connected")
        port = before.port
        await before.notifier.aclose()
        await before.stop()

        async with serving(port=port) as after:
            assert (await client.says("disconnect"))["active"]
            await client.event("connected")
            after.notifier.push([Push("order:updated", ("user:anna",), {})])

            await client.event("order:updated")


async def test_it_comes_back_by_itself_after_it_was_cut_off() -> None:
    async with serving() as shop, js_client(shop, "anna") as client:
        await client.says("upgrade")
        await until(shop.engine.open_ids, "the connection")
        (eio_sid,) = shop.engine.open_ids()

        await shop.engine.cut(eio_sid)

        assert (await client.says("disconnect"))["active"]
        await client.event("connected")
