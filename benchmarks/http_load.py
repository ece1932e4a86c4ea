"""A load of POSTs over a few kept connections, as cheap as Python can make it."""

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlsplit

__all__ = ["post_many", "post_request"]

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


def post_request(address: str, path: str, body: bytes, token: str) -> bytes:
    """Return the bytes of one POST."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def post_many(
    address: str,
    request: Callable[[], bytes],
    *,
    count: int,
    connections: int,
    per_second: float | None = None,
    answered: Callable[[bytes, float], None] = lambda _body, _at: None,
) -> tuple[float, list[float]]:
    """Send *count* POSTs over *connections* and return the seconds and every latency.

    With *per_second* they begin at that rate. *answered* gets each body and when it came.

    Raises:
        RuntimeError: an answer is no 2xx.
    """
    parts = urlsplit(address)
    remaining = count
    latencies: list[float] = []
    begin = time.perf_counter()

    async def one_connection() -> None:
        nonlocal remaining
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            while remaining > 0:
                turn = count - remaining
                remaining -= 1
                if per_second is not None:
                    await asyncio.sleep(max(0.0, begin + turn / per_second - time.perf_counter()))
                start = time.perf_counter()
                writer.write(request())
                body = await _answer(reader)
                now = time.perf_counter()
                latencies.append(now - start)
                answered(body, now)
        finally:
            writer.close()

    await asyncio.gather(*(one_connection() for _ in range(connections)))
    return time.perf_counter() - begin, latencies


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(_END)).lower()
    if not head.startswith((b"http/1.1 200", b"http/1.1 201")):
        raise RuntimeError(head.decode("latin-1"))
    start = head.index(_LENGTH) + len(_LENGTH)
    return await reader.readexactly(int(head[start : head.index(b"\r\n", start)]))
