"""The library's server, set up within our bounds, and the parts of it that have no public name.

``tests/integration/test_socketio_library.py`` pins every one of these parts.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any

import msgspec
import socketio
from engineio import packet as eio_packet
from engineio.exceptions import EngineIOError
from socketio import packet as sio_packet

from adapters.socketio.outbound import OutboundQueue
from adapters.socketio.packet_json import PacketJson
from adapters.socketio.relay import redis_manager
from adapters.socketio.settings import SocketIoSettings
from adapters.socketio.wires import (
    ASGIApp,
    Receive,
    Scope,
    Send,
    Wires,
    answer_poll,
    refuse,
)
from inventory_domain.writes import Push

__all__ = ["LIBRARY_LOG", "NAMESPACE", "Engine"]

NAMESPACE = "/"

# The library tells it about every packet at the level info, tokens included.
LIBRARY_LOG = "adapters.socketio.library"


class Engine:
    """python-socketio's server on its ASGI driver, with bounded queues and connections."""

    def __init__(self, settings: SocketIoSettings) -> None:
        self.settings = settings
        self.overflow = asyncio.Event()
        """Set whenever a client's queue went over its bound."""
        self.sio = _server(settings)
        self.sio.eio.create_queue = self._new_queue
        self.sio.eio.disconnect = self._turn_out
        self._wires = Wires(settings)
        self.is_cut = False
        """While it is True, everybody is refused for a while."""
        self._is_closed = False
        self._handle_disconnect = self.sio.eio.handlers["disconnect"]
        self.sio.eio.on("disconnect", self._disconnected)

    def asgi(self, app: ASGIApp) -> ASGIApp:
        """Return *app* with Socket.IO in front of it, which sees its path alone.

        Nothing is started or stopped here, so that *app* gets the server's lifespan events.
        """
        sockets = socketio.ASGIApp(self.sio, socketio_path=self.settings.path)

        async def with_sockets(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan" or not self._is_ours(scope["path"]):
                await app(scope, receive, send)
            elif self._is_closed or self.is_cut:
                await refuse(scope, receive, send)
            elif scope["type"] == "websocket":
                await self._wires.serve(sockets, scope, receive, send)
            else:
                await answer_poll(sockets, scope, receive, send)

        return with_sockets

    def open_ids(self) -> Sequence[str]:
        """Return the engine.io ids of all clients, signed in or not."""
        return tuple(self.sio.eio.sockets)

    def overflowed_ids(self) -> Sequence[str]:
        """Return the clients whose queue went over its bound."""
        return tuple(sid for sid, s in self.sio.eio.sockets.items() if s.queue.overflowed)

    def eio_sid(self, sid: str) -> str | None:
        """Return the engine.io id of a connected client."""
        found: str | None = self.sio.manager.eio_sid_from_sid(sid, NAMESPACE)
        return found

    async def tell(self, sid: str, event: str, payload: dict[str, Any]) -> None:
        """Emit to one client of this instance."""
        await self.sio.emit(event, payload, to=sid, ignore_queue=True)

    async def emit(self, push: Push) -> int:
        """Put *push* into the queue of everybody in its rooms, once each; return how many.

        The library's own emit starts a task for every client, and waits for all of them.
        """
        content = msgspec.json.encode([push.event, push.payload]).decode()
        packet = eio_packet.Packet(eio_packet.MESSAGE, f"{sio_packet.EVENT}{content}")
        clients = dict(self.sio.manager.get_participants(NAMESPACE, push.rooms))
        for eio_sid in clients.values():
            # One that is just being closed refuses, the others are still to come.
            with contextlib.suppress(EngineIOError):
                await self.sio.eio.send_packet(eio_sid, packet)
        return len(clients)

    async def finish(self, eio_sid: str) -> None:
        """Close a connection when everything that waits for it is written, or soon after."""
        socket = self.sio.eio.sockets.get(eio_sid)
        if socket is None or socket.closed:
            return
        wire = self._wires.find(eio_sid, self.sio.environ.get(eio_sid))
        # The library's own disconnect() waits until the client has read everything.
        await socket.close(wait=False)
        socket.queue.put_nowait(None)
        if wire is not None:
            wire.cut_soon()

    async def cut(self, eio_sid: str) -> None:
        """Break a connection off; the client may connect again and read the truth over HTTP."""
        socket = self.sio.eio.sockets.get(eio_sid)
        if socket is None:
            return
        wire = self._wires.find(eio_sid, self.sio.environ.get(eio_sid))
        await socket.close(wait=False, abort=True)
        self.sio.eio.sockets.pop(eio_sid, None)
        socket.queue.put_nowait(None)
        if wire is not None:
            wire.cut()

    async def aclose(self) -> None:
        """Close every connection; what does not end in bounded time is broken off.

        Clients try again at once, while the server may still be listening: they are refused.
        """
        self._is_closed = True
        for eio_sid in self.open_ids():
            await self.finish(eio_sid)
        try:
            async with asyncio.timeout(self.settings.close_seconds_max):
                await self._wires.drained()
        except TimeoutError:
            self._wires.cut_all()
        await self.sio.shutdown()

    async def _turn_out(self, eio_sid: str) -> None:
        # The library calls it for a post that is none, and answers when it returns. Its own
        # waits until the client has read everything, which one that only posts never does.
        await self.finish(eio_sid)
        self.sio.eio.sockets.pop(eio_sid, None)

    async def _disconnected(self, eio_sid: str, reason: str) -> None:
        await self._handle_disconnect(eio_sid, reason)
        socket = self.sio.eio.sockets.get(eio_sid)
        if socket is not None and reason == self.sio.reason.CLIENT_DISCONNECT:
            # The library would let the last poll of a client that has left hang.
            socket.queue.put_nowait(None)

    def _new_queue(self) -> OutboundQueue:
        return OutboundQueue(
            count_max=self.settings.queue_count_max,
            bytes_max=self.settings.queue_bytes_max,
            on_overflow=self.overflow.set,
        )

    def _is_ours(self, path: str) -> bool:
        return f"{path.strip('/')}/".startswith(f"{self.settings.path.strip('/')}/")


def _server(settings: SocketIoSettings) -> Any:  # noqa: ANN401 - the library has no types
    log = logging.getLogger(LIBRARY_LOG)
    log.setLevel(logging.ERROR)
    return socketio.AsyncServer(
        client_manager=redis_manager(settings, log) if settings.redis_url else None,
        async_mode="asgi",
        logger=log,
        engineio_logger=log,
        json=PacketJson(),
        # Handled one after the other, so that nobody starts tasks here by sending events.
        async_handlers=False,
        namespaces=[NAMESPACE],
        cors_allowed_origins=_origins(settings.cors_origins),
        cors_credentials=False,
        ping_interval=settings.ping_interval_seconds,
        ping_timeout=settings.ping_timeout_seconds,
        max_http_buffer_size=settings.inbound_bytes_max,
    )


def _origins(origins: Sequence[str]) -> str | list[str] | None:
    if "*" in origins:
        return "*"
    # None means the server's own origin; an empty list would let everybody in.
    return list(origins) or None
