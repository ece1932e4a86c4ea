"""The Notifier on Socket.IO."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

import attrs

from adapters.socketio.callers import TokenVerifier
from adapters.socketio.engine import LIBRARY_LOG, Engine
from adapters.socketio.gate import Gate
from adapters.socketio.outlet import Outlet
from adapters.socketio.reception import Reception
from adapters.socketio.relay import RedisRelay
from adapters.socketio.sessions import Sessions
from adapters.socketio.settings import SocketIoSettings
from adapters.socketio.sweeper import Sweeper
from adapters.socketio.wires import ASGIApp
from inventory_domain.ports import Clock
from inventory_domain.writes import Push

__all__ = ["PushCounts", "SocketIoNotifier"]


@attrs.frozen(kw_only=True)
class PushCounts:
    """What became of the pushes so far, and of the clients that could not keep up."""

    emitted: int
    dropped: int
    """Pushed out of the hand-over by newer ones."""
    failed: int
    cut_off: int
    """Clients, not pushes."""
    connected: int
    """Clients that are signed in now."""


class SocketIoNotifier:
    """Pushes to the rooms of this instance's clients, and with Redis to those of the others'.

    ``start`` wants a running loop. Before it and after ``aclose`` a push reaches nobody.
    """

    def __init__(
        self,
        verifier: TokenVerifier,
        *,
        clock: Clock,
        settings: SocketIoSettings | None = None,
    ) -> None:
        self._settings = settings = settings or SocketIoSettings()
        self._engine = Engine(settings)
        self._sessions = Sessions()
        self._reception = Reception(self._engine, self._sessions, verifier, clock=clock)
        gate = Gate(self._engine, self._sessions)
        self._sweeper = Sweeper(self._engine, self._sessions, gate, clock=clock)
        self._here = Outlet(self._emit_here, count_max=settings.handover_count_max)
        self._relay = _relay(self._engine)
        self._tasks: list[asyncio.Task[None]] = []

    def asgi(self, app: ASGIApp) -> ASGIApp:
        """Return *app* with Socket.IO in front of it, to be the outermost application."""
        return self._engine.asgi(app)

    def start(self) -> None:
        """Begin to emit, and to look after the connections."""
        works = [self._here.run(), self._sweeper.run()]
        if self._relay is not None:
            works.append(self._relay.run())
        self._tasks = [asyncio.create_task(work) for work in works]

    def push(self, pushes: Sequence[Push]) -> None:
        if not self._tasks:
            return
        for push in pushes:
            # Most orders are placed while nobody looks: then nothing is encoded at all.
            if self._sessions.anybody_in(push.rooms):
                self._here.put(push)
            if self._relay is not None:
                self._relay.put(push)

    def counts(self) -> PushCounts:
        """Return what became of everything so far."""
        return PushCounts(
            emitted=self._here.emitted_count,
            dropped=self._here.dropped_count,
            failed=self._here.failed_count,
            cut_off=self._sweeper.cut_count,
            connected=len(self._sessions),
        )

    @property
    def is_cut(self) -> bool:
        """Whether :meth:`cut` was called, and :meth:`join` not since."""
        return self._engine.is_cut

    async def cut(self) -> int:
        """Break every connection off and refuse new ones; return how many there were."""
        self._engine.is_cut = True
        clients = self._engine.open_ids()
        for eio_sid in clients:
            await self._engine.cut(eio_sid)
        return len(clients)

    def join(self) -> None:
        """Let clients connect again."""
        self._engine.is_cut = False

    async def aclose(self) -> None:
        """Emit what was handed over, then close every connection, both in bounded time."""
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.close_seconds_max):
                await self._here.drained()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._engine.aclose()
        if self._relay is not None:
            await self._relay.aclose()

    async def _emit_here(self, push: Push) -> int:
        # Whoever was there when it was handed over may have left.
        if not self._sessions.anybody_in(push.rooms):
            return 0
        return await self._engine.emit(push)


def _relay(engine: Engine) -> RedisRelay | None:
    if engine.settings.redis_url is None:
        return None
    return RedisRelay(engine.settings, engine.sio.manager, logging.getLogger(LIBRARY_LOG))
