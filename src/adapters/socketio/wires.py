"""The connections below Socket.IO: writing in bounded time, and breaking off.

ASGI has no word for breaking a connection off: a close waits until everything written before
was read, which a client that stopped reading puts off for ever. So the server's own transport
is asked for, which uvicorn's connections have; with a server that hides it the bounds on
memory still hold, only such a connection lingers.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from adapters.socketio.settings import SocketIoSettings

__all__ = ["ASGIApp", "Receive", "Scope", "Send", "Wire", "Wires", "answer_poll", "refuse"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = logging.getLogger(__name__)


class Wire:
    """One websocket connection: what the application calls in place of the server's functions."""

    def __init__(self, receive: Receive, send: Send, settings: SocketIoSettings) -> None:
        self._receive = receive
        self._send = send
        self._write_seconds_max = settings.write_seconds_max
        self._close_seconds_max = settings.close_seconds_max

    async def receive(self) -> Message:
        """Return the next message; once it is the last, break off soon if nothing else ends it.

        The last one comes as well when the server stops, while the client may not be reading.
        """
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self.cut_soon()
        return message

    async def send(self, message: Message) -> None:
        """Write *message*, or break the connection off when it takes nothing in bounded time."""
        try:
            async with asyncio.timeout(self._write_seconds_max):
                await self._send(message)
        except TimeoutError:
            _log.info("A client took nothing for %s s: cut off", self._write_seconds_max)
            self.cut()
            raise

    def cut_soon(self) -> None:
        """Break off when the connection's orderly end takes too long."""
        asyncio.get_running_loop().call_later(self._close_seconds_max, self.cut)

    def cut(self) -> None:
        """Break off now; what was not read is lost. No effect on a connection that ended."""
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()


class Wires:
    """The websocket connections that are open, found by what engine.io knows of them."""

    def __init__(self, settings: SocketIoSettings) -> None:
        self._settings = settings
        self._open: set[Wire] = set()
        self._upgraded: dict[str, Wire] = {}
        self._none_open = asyncio.Event()
        self._none_open.set()

    def find(self, eio_sid: str, environ: MutableMapping[str, Any] | None) -> Wire | None:
        """Return the connection of a client; *environ* is that of the client's first request."""
        if eio_sid in self._upgraded:
            return self._upgraded[eio_sid]
        send = environ.get("asgi.send") if environ else None
        owner = getattr(send, "__self__", None)
        return owner if isinstance(owner, Wire) else None

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Run *app* on a new websocket connection, whatever its client sends."""
        wire = Wire(receive, send, self._settings)
        # A client that began with polling names its session when it comes with a websocket.
        eio_sid = parse_qs(scope["query_string"].decode("latin-1")).get("sid", [""])[0]
        self._open.add(wire)
        self._none_open.clear()
        if eio_sid:
            self._upgraded.setdefault(eio_sid, wire)
        try:
            await app(scope, wire.receive, wire.send)
        except Exception as fault:  # noqa: BLE001 - engine.io raises on packets that are none
            _log.info("A client was cut off: %s: %s", type(fault).__name__, fault)
            wire.cut()
        finally:
            self._open.discard(wire)
            if not self._open:
                self._none_open.set()
            if self._upgraded.get(eio_sid) is wire:
                del self._upgraded[eio_sid]

    async def drained(self) -> None:
        """Return when no connection is open any more."""
        await self._none_open.wait()

    def cut_all(self) -> None:
        """Break off every connection."""
        for wire in tuple(self._open):
            wire.cut()


async def answer_poll(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run *app* on a request of a client that polls, which may belong to no session any more."""
    try:
        await app(scope, receive, send)
    except (KeyError, UnboundLocalError) as fault:
        # What engine.io trips over, before it answers, when a session ends under a request.
        _log.info("A session has ended: %s: %s", type(fault).__name__, fault)
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b"The session has ended."})


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer that nobody can connect now; clients try again after a while."""
    await receive()
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})
        return
    headers = [(b"connection", b"close"), (b"retry-after", b"2")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b"The service is being stopped."})
