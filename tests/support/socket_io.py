"""A Socket.IO server on a free port in the test's own loop, and clients to drive it with."""

import asyncio
import contextlib
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, cast

import attrs
import socketio
import uvicorn
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed

from adapters.socketio import SocketIoNotifier, SocketIoSettings
from adapters.socketio.engine import Engine
from adapters.system import SystemClock
from apps.edge.request_ids import RequestIds
from inventory_domain.errors import Forbidden
from inventory_domain.ports import Clock
from tests.support.server_process import LOOPBACK

SECONDS_MAX = 20.0
WEBSOCKET = ("websocket",)
POLLING = ("polling",)


@attrs.frozen
class Somebody:
    subject: str
    roles: frozenset[str]
    expires_at: datetime


class OpenDoor:
    """Lets ``<subject>`` and ``<subject>:<role>`` in, for as long as it is told."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.valid_for = timedelta(hours=1)

    def verify(self, token: str) -> Somebody:
        if token == "forged":
            raise Forbidden(reason="the signature is wrong")
        if token == "crash":
            raise ZeroDivisionError
        subject, _, role = token.partition(":")
        return Somebody(subject, frozenset({role or "user"}), self._clock.now() + self.valid_for)


class SettableClock(SystemClock):
    """The machine's clock, which a test can set forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


class EchoApp:
    """Answers every request with its path, and notes what it hears of the server's life."""

    def __init__(self) -> None:
        self.lifespan: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while "lifespan.shutdown" not in self.lifespan:
                self.lifespan.append((await receive())["type"])
                await send({"type": f"{self.lifespan[-1]}.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})


class QuietServer(uvicorn.Server):
    """uvicorn without a hand on the test's signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@attrs.define
class Shop:
    """A running server."""

    notifier: SocketIoNotifier
    door: OpenDoor
    clock: SettableClock
    app: EchoApp
    server: QuietServer
    task: asyncio.Task[None]

    @property
    def port(self) -> int:
        port: int = self.server.servers[0].sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def engine(self) -> Engine:
        return self.notifier._engine

    async def stop(self) -> None:
        """Stop the server as a signal would."""
        self.server.should_exit = True
        await self.task


@asynccontextmanager
async def serving(settings: SocketIoSettings | None = None, **options: Any) -> AsyncIterator[Shop]:
    """Serve Socket.IO before an application that echoes; everything is closed at the end."""
    clock, app = SettableClock(), EchoApp()
    door = OpenDoor(clock)
    notifier = SocketIoNotifier(door, clock=clock, settings=settings)
    defaults = {"port": 0, "log_config": None, "lifespan": "on", "timeout_graceful_shutdown": 5}
    # As in a running system, where the breaking off of connections has to get through.
    asgi: Any = RequestIds(cast("Any", notifier.asgi(app)))
    config = uvicorn.Config(asgi, host=LOOPBACK, **{**defaults, **options})
    server = QuietServer(config)
    notifier.start()
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started or task.done(), "the server's start")
    shop = Shop(notifier, door, clock, app, server, task)
    try:
        yield shop
    finally:
        await notifier.aclose()
        await shop.stop()


class Client:
    """python-socketio's client, with everything that it received."""

    def __init__(self) -> None:
        self.sio = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self.received: list[tuple[str, Any]] = []
        self._by_event: defaultdict[str, list[Any]] = defaultdict(list)
        self.refusal: Any = None
        self.is_gone = False
        self._news = asyncio.Event()
        self.sio.on("connect", lambda: self._note("connect", None))
        self.sio.on("*", self._note)
        self.sio.on("connect_error", self._refused)
        self.sio.on("disconnect", self._disconnected)

    def payloads(self, event: str) -> list[Any]:
        """Return what came with *event* so far."""
        return list(self._by_event[event])

    async def got(self, event: str, count: int = 1) -> list[Any]:
        """Wait until *event* came *count* times; return what came with it."""
        await self._until(lambda: len(self._by_event[event]) >= count, f"{count} times {event}")
        return self.payloads(event)

    async def gone(self) -> None:
        """Wait until the server let go of the connection."""
        await self._until(lambda: self.is_gone, "the disconnect")

    async def ask(self, event: str, answer: str) -> Any:
        """Emit *event* and return what came with the next *answer*."""
        count = len(self.payloads(answer))
        await self.sio.emit(event)
        return (await self.got(answer, count + 1))[-1]

    async def _until(self, condition: Callable[[], object], what: str) -> None:
        try:
            async with asyncio.timeout(SECONDS_MAX):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{what} did not come; {self.received[-5:]}") from None

    def _note(self, event: str, payload: Any = None) -> None:
        self.received.append((event, payload))
        self._by_event[event].append(payload)
        self._news.set()

    def _refused(self, reason: Any) -> None:
        self.refusal = reason

    def _disconnected(self, *_: Any) -> None:
        self.is_gone = True
        self._news.set()


@asynccontextmanager
async def connected(
    shop: Shop, token: object, *, transports: Sequence[str] = WEBSOCKET
) -> AsyncIterator[Client]:
    """Connect with *token* and wait for the welcome, or for the refusal."""
    client = Client()
    with contextlib.suppress(socketio.exceptions.ConnectionError):
        await client.sio.connect(shop.url, auth={"token": token}, transports=list(transports))
    try:
        if client.refusal is None:
            await client.got("connected")
        yield client
    finally:
        await client.sio.shutdown()
        # A handshake that is refused leaves it open.
        if client.sio.eio.http is not None:
            await client.sio.eio.http.close()


@asynccontextmanager
async def raw_websocket(shop: Shop, token: str | None = None) -> AsyncIterator[ClientConnection]:
    """Open a websocket whose client reads only when the test does, and keeps little."""
    end = socket.socket()
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    end.setblocking(False)
    await asyncio.get_running_loop().sock_connect(end, (LOOPBACK, shop.port))
    address = f"ws://{LOOPBACK}:{shop.port}/socket.io/?EIO=4&transport=websocket"
    options: dict[str, Any] = {"ping_interval": None, "max_queue": 1, "compression": None}
    async with connect_websocket(address, sock=end, **options) as websocket:
        assert str(await websocket.recv()).startswith("0{")
        if token is not None:
            await websocket.send(f'40{{"token":"{token}"}}')
            assert str(await websocket.recv()).startswith('40{"sid"')
            assert str(await websocket.recv()).startswith('42["connected"')
        try:
            yield websocket
        finally:
            websocket.transport.abort()


async def read_to_the_end(websocket: ClientConnection) -> list[str | bytes]:
    """Return everything that comes until the server closes or breaks off."""
    messages: list[str | bytes] = []
    async with asyncio.timeout(SECONDS_MAX):
        with contextlib.suppress(ConnectionClosed):
            async for message in websocket:
                messages.append(message)  # noqa: PERF401 - those before a break count as well
    return messages


async def until(condition: Callable[[], object], what: str) -> None:
    """Return as soon as *condition* holds."""
    try:
        async with asyncio.timeout(SECONDS_MAX):
            while not condition():  # noqa: ASYNC110 - not every condition has an event
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {SECONDS_MAX} s") from None
