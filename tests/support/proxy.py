"""A TCP proxy that can be told to hang, break, refuse and dawdle."""

import asyncio
import contextlib
import enum
import socket
import struct
from types import TracebackType
from typing import Self

from tests.support.server_process import LOOPBACK

CHUNK_BYTES = 65_536
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Mode(enum.Enum):
    """What happens to connections, old and new."""

    PASS = "pass"
    """Bytes go both ways."""
    SWALLOW = "swallow"
    """Connections stay open, every byte disappears: the other side seems to hang."""
    RESET = "reset"
    """Connections are taken and broken at once with a TCP reset."""
    REFUSE = "refuse"
    """Nobody listens."""


class Proxy:
    """Stands before the server at *target_port*; ``async with`` opens and closes it.

    A MongoDB client must come with directConnection=true, else it learns the server's own
    address and goes past the proxy. Kafka clients: see KafkaServer.proxy_port.
    """

    def __init__(self, target_port: int, port: int = 0) -> None:
        self.port = port
        self.mode = Mode.PASS
        self.latency_seconds = 0.0
        self.connection_count = 0
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stop_listening()
        await self._break_connections()

    async def set_mode(self, mode: Mode) -> None:
        """Switch; connections that would go on with bytes missing are reset."""
        was, self.mode = self.mode, mode
        if mode is Mode.REFUSE:
            await self._stop_listening()
        elif self._server is None:
            await self._listen()
        if was is Mode.SWALLOW or mode in {Mode.RESET, Mode.REFUSE}:
            await self._break_connections()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _break_connections(self) -> None:
        connections, self._connections = self._connections, {}
        for task, writers in connections.items():
            task.cancel()
            for writer in writers:
                _reset(writer)
        await asyncio.gather(*connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connection_count += 1
        if self.mode is Mode.RESET:
            _reset(writer)
            return
        writers = [writer]
        task = asyncio.create_task(self._serve(reader, writers))
        self._connections[task] = writers
        task.add_done_callback(lambda done: self._connections.pop(done, None))

    async def _serve(
        self, reader: asyncio.StreamReader, writers: list[asyncio.StreamWriter]
    ) -> None:
        finish = _reset
        try:
            if self.mode is Mode.SWALLOW:
                await self._carry(reader, None)
            else:
                back, forth = await asyncio.open_connection(LOOPBACK, self._target_port)
                writers.append(forth)
                await self._carry_both_ways(reader, forth, back, writers[0])
            finish = _close
        except* OSError:
            pass  # one side broke; the other learns it by the reset
        finally:
            for writer in writers:
                finish(writer)

    async def _carry_both_ways(
        self,
        reader: asyncio.StreamReader,
        forth: asyncio.StreamWriter,
        back: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        ways = (self._carry(reader, forth), self._carry(back, writer))
        async with asyncio.TaskGroup() as group:
            for way in ways:
                group.create_task(way)

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter | None
    ) -> None:
        while chunk := await source.read(CHUNK_BYTES):
            if self.latency_seconds:
                await asyncio.sleep(self.latency_seconds)
            if target is not None and self.mode is not Mode.SWALLOW:
                target.write(chunk)
                await target.drain()
        if target is not None and target.can_write_eof():
            target.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()


def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
