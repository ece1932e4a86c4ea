"""The proxy of the fault tests does to connections what it is told."""

import asyncio
import time

import pytest

from tests.support.proxy import Mode, Proxy
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.integration

HANG_SECONDS = 0.5
LATENCY_SECONDS = 0.2
PING, PONG = b"PING\r\n", b"+PONG\r\n"


async def ping(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(PING)
        return await reader.read(len(PONG))
    finally:
        writer.transport.abort()


async def test_the_proxy_passes_and_can_be_slow(redis_server: RedisServer) -> None:
    async with Proxy(redis_server.port) as proxy:
        assert await ping(proxy.port) == PONG

        proxy.latency_seconds = LATENCY_SECONDS
        begun = time.monotonic()
        assert await ping(proxy.port) == PONG

        assert time.monotonic() - begun >= 2 * LATENCY_SECONDS


async def test_the_proxy_hangs_old_connections_and_new_ones(redis_server: RedisServer) -> None:
    async with Proxy(redis_server.port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        await proxy.set_mode(Mode.SWALLOW)

        writer.write(PING)
        hanging = [asyncio.create_task(reader.read(1)), asyncio.create_task(ping(proxy.port))]
        done, _ = await asyncio.wait(hanging, timeout=HANG_SECONDS)
        await proxy.set_mode(Mode.PASS)
        ends = await asyncio.gather(*hanging, return_exceptions=True)

        assert not done
        assert [type(end) for end in ends] == [ConnectionResetError] * 2
        assert await ping(proxy.port) == PONG
        writer.transport.abort()


@pytest.mark.parametrize(
    ("mode", "error"),
    [(Mode.RESET, ConnectionResetError), (Mode.REFUSE, ConnectionRefusedError)],
)
async def test_the_proxy_breaks_and_refuses(
    redis_server: RedisServer, mode: Mode, error: type[OSError]
) -> None:
    async with Proxy(redis_server.port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        await proxy.set_mode(mode)

        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        with pytest.raises(error):
            await ping(proxy.port)

        await proxy.set_mode(Mode.PASS)
        assert await ping(proxy.port) == PONG
        writer.transport.abort()
