"""Several instances: what one of them pushes reaches the clients of the others through Redis.

It goes its own way beside the pushes to this instance's clients, so that a Redis that is away
or hangs costs the others' clients some pushes and this instance's none.
"""

import asyncio
import contextlib
import logging
from typing import Any

import msgspec
import socketio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from adapters.socketio.outlet import Outlet
from adapters.socketio.packet_json import PacketJson
from adapters.socketio.settings import SocketIoSettings
from inventory_domain.writes import Push

__all__ = ["RedisRelay", "redis_manager"]


def redis_manager(
    settings: SocketIoSettings, log: logging.Logger, *, write_only: bool = False
) -> Any:  # noqa: ANN401 - the library has no types
    """Return the library's link to Redis; nothing is opened before its first use."""
    return socketio.AsyncRedisManager(
        settings.redis_url,
        channel="inventory-pushes",
        write_only=write_only,
        logger=log,
        json=PacketJson(),
        # The library tries again by itself; Redis' client would try for many seconds before.
        redis_options={
            "socket_connect_timeout": settings.relay_seconds_max,
            "retry": Retry(NoBackoff(), 0),
        },
    )


class RedisRelay:
    """Hands pushes to the other instances."""

    def __init__(self, settings: SocketIoSettings, listener: Any, log: logging.Logger) -> None:  # noqa: ANN401
        self._listener = listener
        self._publisher = redis_manager(settings, log, write_only=True)
        # An instance passes over what comes from its own host: it pushed that itself.
        self._publisher.host_id = listener.host_id
        self._seconds_max = settings.relay_seconds_max
        self._outlet = Outlet(self._publish, count_max=settings.handover_count_max)

    def put(self, push: Push) -> None:
        """Take *push* over and return at once."""
        if push.rooms:
            self._outlet.put(push)

    async def run(self) -> None:
        """Publish until cancelled."""
        await self._outlet.run()

    async def aclose(self) -> None:
        """Leave Redis."""
        listening = getattr(self._listener, "thread", None)
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        for manager in (self._listener, self._publisher):
            for client in (manager.pubsub, manager.redis):
                if client is not None:
                    with contextlib.suppress(Exception):
                        await client.aclose()

    async def _publish(self, push: Push) -> int:
        payload = msgspec.Raw(msgspec.json.encode(push.payload))
        async with asyncio.timeout(self._seconds_max):
            await self._publisher.emit(push.event, payload, room=list(push.rooms))
        return 1
