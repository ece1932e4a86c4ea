"""Whether services that live elsewhere say that they are ready."""

import asyncio
import http.client
import io
import json
import socket
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import attrs

__all__ = ["Readiness"]

_ANSWER_BYTES_MAX: Final = 64 * 1024
_DEFAULT_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
_REDIRECTS: Final = range(300, 400)

_Found = list[tuple[Any, ...]]


@attrs.define
class Readiness:
    """Asks services whether they are ready.

    Whoever is tired of waiting cancels a question, and nothing of it goes on: what never ends to
    answer must not keep a thread from those who have work for it. Only the lookup of a name is a
    thread's work that cannot be cancelled, so that there is one of each name at a time.
    """

    _lookups: dict[tuple[str, int], asyncio.Future[_Found]] = attrs.field(factory=dict, init=False)

    async def ask(self, address: str) -> tuple[int, Mapping[str, Any]]:
        """Return the status that the service at *address* answers, and its document if any.

        Raises:
            OSError: nobody answers.
            HTTPException: what answers is no service; so does ValueError.
        """
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        name = parts.netloc.rpartition("@")[2]
        question = (
            f"GET /health/ready HTTP/1.1\r\nHost: {name}\r\n"
            "Accept: application/json\r\nConnection: close\r\n\r\n"
        ).encode("ascii")
        reader, writer = await self._connect(host, port, is_secret=parts.scheme == "https")
        try:
            writer.write(question)
            return _read(await _all_of(reader))
        finally:
            writer.transport.abort()

    async def _connect(
        self, host: str, port: int, *, is_secret: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        fault: OSError | None = None
        for *_, place in await self._look_up(host, port):
            try:
                return await asyncio.open_connection(
                    place[0],
                    port,
                    ssl=is_secret or None,
                    server_hostname=host if is_secret else None,
                )
            except OSError as error:
                fault = fault or error
        raise fault or OSError(f"{host} has no address")

    async def _look_up(self, host: str, port: int) -> _Found:
        key = (host, port)
        lookup = self._lookups.get(key)
        if lookup is None:
            loop = asyncio.get_running_loop()
            lookup = asyncio.ensure_future(loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            lookup.add_done_callback(lambda ended: self._forget(key, ended))
            self._lookups[key] = lookup
        return await asyncio.shield(lookup)

    def _forget(self, key: tuple[str, int], ended: asyncio.Future[_Found]) -> None:
        del self._lookups[key]
        if not ended.cancelled():
            # Asked for, lest it be told that nobody did: those who waited may have gone.
            ended.exception()


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    found = bytearray()
    while len(found) < _ANSWER_BYTES_MAX and (piece := await reader.read(_ANSWER_BYTES_MAX)):
        found += piece
    return bytes(found)


def _read(answer: bytes) -> tuple[int, Mapping[str, Any]]:
    response = http.client.HTTPResponse(_Answer(answer))  # type: ignore[arg-type]
    response.begin()
    if response.status in _REDIRECTS:
        # Ours lead nowhere else, and a browser's first question could not follow.
        raise http.client.HTTPException(f"status {response.status}")
    return response.status, _document(response.read())


class _Answer:
    """As much of a socket as is needed to read what came."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
