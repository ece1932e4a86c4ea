"""The intake of HTTP calls: open while the service runs, closed first when it stops."""

import asyncio
from typing import Any, Final

from litestar.types import ASGIApp, Receive, Scope, Send

from apps.edge.answers import Answer, failure
from apps.edge.gate import request_id_of

__all__ = ["Intake"]

# Who waits for an event here waits for long, and is told by the sockets' own end.
_SOCKETS_PATH: Final = "/socket.io/"

_STOPPING = failure(
    503,
    "Stopping",
    "The service is being stopped: try again shortly.",
    details={"code": "stopping"},
    headers=[(b"retry-after", b"2"), (b"connection", b"close")],
)


def _stopping(scope: Scope) -> Answer:
    request_id = (b"x-request-id", request_id_of(scope).encode())
    return Answer(_STOPPING.body, _STOPPING.status, [*_STOPPING.headers, request_id])


class Intake:
    """Lets calls into *app* and knows how many are under way; those of sockets pass uncounted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._is_open = True
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call in, or answer that the service is being stopped."""
        kind: Any = scope["type"]
        if kind != "http" or scope["path"].startswith(_SOCKETS_PATH):
            await self._app(scope, receive, send)
        elif not self._is_open:
            await _stopping(scope)(scope, receive, send)
        else:
            await self._let_in(scope, receive, send)

    async def close(self, seconds_max: float) -> bool:
        """Let nobody in any more; tell whether all that were in are done within the time."""
        self._is_open = False
        try:
            async with asyncio.timeout(seconds_max):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._running += 1
        self._idle.clear()
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()
