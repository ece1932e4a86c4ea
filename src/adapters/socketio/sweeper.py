"""Ends connections that must not go on: expired, overflowed, or never signed in."""

import logging
from collections.abc import Awaitable
from datetime import datetime, timedelta

from adapters.socketio.engine import Engine
from adapters.socketio.gate import Gate
from adapters.socketio.reception import TOKEN_EXPIRED
from adapters.socketio.sessions import Session, Sessions
from inventory_domain.ports import Clock

__all__ = ["Sweeper"]

_log = logging.getLogger(__name__)


class Sweeper:
    """Looks at every connection now and then, and at once when a queue went over its bound."""

    def __init__(self, engine: Engine, sessions: Sessions, gate: Gate, *, clock: Clock) -> None:
        self._engine = engine
        self._sessions = sessions
        self._gate = gate
        self._clock = clock
        self._strangers: dict[str, datetime] = {}
        self.cut_count = 0

    async def run(self) -> None:
        """Sweep until cancelled."""
        overflow = self._engine.overflow
        while True:
            await self._clock.wait(overflow, self._engine.settings.sweep_seconds)
            overflow.clear()
            # Nobody would notice the end of this task: tokens would just never expire again.
            await _survived(self.sweep())

    async def sweep(self) -> None:
        """End everything that is due now."""
        now = self._clock.now()
        for eio_sid in self._engine.overflowed_ids():
            self.cut_count += 1
            await _survived(self._engine.cut(eio_sid))
        for session in self._sessions.expired(now):
            await _survived(self._end_expired(session))
        for eio_sid in self._overdue_strangers(now):
            await _survived(self._engine.finish(eio_sid))
        self._gate.forget_closed()

    async def _end_expired(self, session: Session) -> None:
        # Socket.IO's packet for a disconnect has no room for a reason, so an event brings it.
        try:
            await self._engine.tell(session.sid, "closing", {"reason": TOKEN_EXPIRED})
            await self._engine.sio.disconnect(session.sid, ignore_queue=True)
        finally:
            self._sessions.remove(session.sid)
            await self._engine.finish(session.eio_sid)

    def _overdue_strangers(self, now: datetime) -> list[str]:
        """Return the connections on which nobody signed in for too long."""
        strangers = [
            eio_sid
            for eio_sid in self._engine.open_ids()
            if self._sessions.on_connection(eio_sid) is None
        ]
        self._strangers = {sid: self._strangers.get(sid, now) for sid in strangers}
        patience = timedelta(seconds=self._engine.settings.sign_in_seconds_max)
        return [sid for sid, since in self._strangers.items() if now - since >= patience]


async def _survived(work: Awaitable[None]) -> None:
    """Do *work*; what it trips over is logged, and keeps nobody else's connection open."""
    try:
        await work
    except Exception:  # noqa: BLE001 - whatever the library trips over
        _log.exception("A connection could not be ended")
