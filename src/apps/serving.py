"""HTTP servers of one process: each app on its own port, all in one event loop."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from litestar.types import ASGIApp

from apps.faults import CommandFault
from apps.intake import Intake
from apps.request_heads import BoundedHeads

__all__ = ["HttpServer", "listen"]

_CLOSE_SECONDS_MAX: Final = 1
_BACKLOG: Final = 2048
_SOCKET_BYTES_MAX: Final = 64 * 1024


def listen(host: str, port: int, *, setting: str) -> socket.socket:
    """Return a socket bound to *host* and *port*; *setting* is the name of the port's setting.

    Raises:
        CommandFault: it cannot be had; the sentence names the setting.
    """
    found: socket.socket | None = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as error:
        if found is not None:
            found.close()
        raise CommandFault(_why_not(error, host, port, setting)) from None
    return found


def _why_not(error: OSError, host: str, port: int, setting: str) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"HOST={host} is no address of this machine: set HOST to one that is."
    if error.errno == errno.EADDRINUSE:
        return (
            f"{setting}={port} is taken by another program: stop it, or set {setting} to "
            "another port (0 takes a free one)."
        )
    return f"{setting}={port} cannot be listened on ({error.strerror}): set {setting} to another."


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves signals to the program and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets=sockets)
        except SystemExit as end:
            # Several servers share this process: one of them may not end it on its own.
            raise RuntimeError(f"a server could not start ({end.code})") from None
        self.up.set()


class HttpServer:
    """One app behind an intake on one socket."""

    def __init__(
        self,
        name: str,
        app: ASGIApp,
        bound: socket.socket,
        *,
        protocol: type[BoundedHeads] = BoundedHeads,
    ) -> None:
        self.name = name
        self.address = _address(bound)
        self._socket = bound
        self._intake = Intake(app)
        self._server = _Server(
            uvicorn.Config(
                self._intake,
                http=protocol,
                lifespan="auto",
                # Logging is set up once for the process.
                log_config=None,
                access_log=False,
                server_header=False,
                # Nobody but a proxy that was configured may say who the caller is.
                proxy_headers=False,
                backlog=_BACKLOG,
                # What clients send over sockets is a few words.
                ws_max_size=_SOCKET_BYTES_MAX,
                # A window of memory for every socket, and nothing sent is worth compressing.
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=_CLOSE_SECONDS_MAX,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return when calls are answered.

        Raises:
            Exception: what kept the app from starting.
        """
        self._task = asyncio.create_task(
            self._server.serve(sockets=[self._socket]), name=f"{self.name} server"
        )
        up = asyncio.create_task(self._server.up.wait())
        await asyncio.wait({self._task, up}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._task.done():
            await self._task

    async def ended(self) -> None:
        """Return when the server has ended, or raise what ended it."""
        assert self._task is not None, "a server is started before it is waited for"
        await asyncio.shield(self._task)

    async def close_intake(self, seconds_max: float) -> bool:
        """Take no more calls; tell whether those under way were answered within the time."""
        for listener in getattr(self._server, "servers", ()):
            listener.close()
        return await self._intake.close(seconds_max)

    async def aclose(self) -> None:
        """Close every connection and end; a second time does nothing."""
        if self._task is None:
            self._socket.close()
            return
        self._server.should_exit = True
        await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()


def _address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    # Whatever else reaches it, this machine does.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only read
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
