"""A small app behind the server the services have, and raw bytes to send it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

from apps.request_heads import BoundedHeads
from apps.serving import HttpServer, listen
from tests.support.server_process import LOOPBACK

__all__ = ["Echo", "raw", "sent", "served", "status_of"]

SECONDS_MAX = 20.0

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo:
    """Tells how long the body was, and echoes on websockets; ``/slow`` waits to be let go."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.go_on = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            if scope["path"] == "/slow":
                await self.go_on.wait()
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": message["text"]})
        elif scope["type"] == "http":
            body, more = bytearray(), True
            while more:
                message = await receive()
                more = message.get("more_body", False)
                body += message.get("body", b"")
            self.bodies.append(bytes(body))
            if scope["path"] == "/slow":
                await self.go_on.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"%d" % len(body)})


@asynccontextmanager
async def served(
    protocol: type[BoundedHeads] = BoundedHeads, app: Echo | None = None
) -> AsyncIterator[int]:
    """Serve an echo behind *protocol*; return its port."""
    bound = listen(LOOPBACK, 0, setting="PORT")
    server = HttpServer("echo", app or Echo(), bound, protocol=protocol)
    await server.start()
    try:
        yield bound.getsockname()[1]
    finally:
        await server.aclose()


@asynccontextmanager
async def raw(port: int) -> AsyncIterator[Ends]:
    """Connect, and close at the end."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def sent(ends: Ends, pieces: Iterable[bytes]) -> bytes:
    """Send *pieces* for as long as they are taken; return all that comes until the close."""
    reader, writer = ends
    found = b""
    async with asyncio.timeout(SECONDS_MAX):
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
        with suppress(ConnectionError):
            while more := await reader.read(65536):
                found += more
    return found


def status_of(answer: bytes) -> int:
    """Return the status of the first answer."""
    return int(answer.split(maxsplit=2)[1])
