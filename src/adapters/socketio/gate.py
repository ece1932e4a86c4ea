"""What clients may send, and how much of it."""

import asyncio
import logging
from typing import Any

import attrs

from adapters.socketio.engine import Engine
from adapters.socketio.sessions import Sessions

__all__ = ["Gate"]

_log = logging.getLogger(__name__)

# Socket.IO's packet types of messages with attachments: no event here has any, and the library
# would gather as many of them as a client announces.
_BINARY_TYPES = ("5", "6")


@attrs.define
class _Window:
    began: float
    count: int = 0


class Gate:
    """Stands before the library's handling of messages; who breaks a bound is disconnected."""

    def __init__(self, engine: Engine, sessions: Sessions) -> None:
        self._engine = engine
        self._sessions = sessions
        self._windows: dict[str, _Window] = {}
        self._handle = engine.sio.eio.handlers["message"]
        engine.sio.eio.on("message", self._message)

    def forget_closed(self) -> None:
        """Drop what is remembered of clients that are gone."""
        open_ids = set(self._engine.open_ids())
        for eio_sid in self._windows.keys() - open_ids:
            del self._windows[eio_sid]

    async def _message(self, eio_sid: str, data: Any) -> None:  # noqa: ANN401
        if self._is_too_much(eio_sid):
            await self._turn_out(eio_sid, "Too many messages")
        elif not isinstance(data, str) or data.startswith(_BINARY_TYPES):
            await self._turn_out(eio_sid, "Only events without attachments are understood")
        else:
            try:
                await self._handle(eio_sid, data)
            except Exception as fault:  # noqa: BLE001 - whatever the library trips over
                _log.info("A client sent a broken packet: %s: %s", type(fault).__name__, fault)
                await self._turn_out(eio_sid, "A packet could not be read")

    def _is_too_much(self, eio_sid: str) -> bool:
        settings = self._engine.settings
        now = asyncio.get_running_loop().time()
        window = self._windows.get(eio_sid)
        if window is None or now - window.began >= settings.inbound_window_seconds:
            window = self._windows[eio_sid] = _Window(began=now)
        window.count += 1
        return window.count > settings.inbound_count_max

    async def _turn_out(self, eio_sid: str, reason: str) -> None:
        session = self._sessions.on_connection(eio_sid)
        if session is not None:
            await self._engine.tell(session.sid, "closing", {"reason": reason})
        await self._engine.finish(eio_sid)
