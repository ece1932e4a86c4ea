"""An ``X-Request-Id`` on the answers that no gate gives one: those of sockets before an app."""

from typing import Any, Final

from litestar.types import ASGIApp, Receive, Scope, Send

from apps.edge.gate import request_id_of

__all__ = ["RequestIds"]

_NAME: Final = b"x-request-id"
_BEGINNINGS: Final = frozenset(
    {"http.response.start", "websocket.accept", "websocket.http.response.start"}
)
_REFUSAL_EXTENSION: Final = "websocket.http.response"
_FORBIDDEN: Final = 403


class RequestIds:
    """Wraps an app: every answer that bears no id yet gets the one of its call."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one call through."""
        kind: Any = scope["type"]
        if kind == "lifespan":
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _Sending(scope, send).send)


class _Sending:
    """What the app calls in place of the server's function."""

    __slots__ = ("_has_begun", "_scope", "_send")

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._has_begun = False

    @property
    def transport(self) -> Any:  # noqa: ANN401 - the server's own, which ASGI does not know
        """Return what is below the connection: sockets look here for it, to break off."""
        return getattr(self._server, "transport", None)

    @property
    def _server(self) -> Any:  # noqa: ANN401 - as above
        return getattr(self._send, "__self__", None)

    async def send(self, message: Any) -> None:  # noqa: ANN401 - any of ASGI's messages
        """Pass *message* on; the beginning of the answer bears the id."""
        kind = message["type"]
        if kind in _BEGINNINGS:
            self._has_begun = True
            message = {**message, "headers": self._with_id(message.get("headers", ()))}
        elif kind == "websocket.close" and not self._has_begun and self._can_refuse():
            await self._refuse()
            return
        await self._send(message)

    def _with_id(self, headers: Any) -> list[tuple[bytes, bytes]]:  # noqa: ANN401 - as above
        found = list(headers)
        if not any(name == _NAME for name, _ in found):
            found.append((_NAME, request_id_of(self._scope).encode()))
        return found

    def _can_refuse(self) -> bool:
        extensions: Any = self._scope.get("extensions") or {}
        return _REFUSAL_EXTENSION in extensions

    async def _refuse(self) -> None:
        """Answer what the server would, which puts no header on it."""
        self._has_begun = True
        refusal: Any = {
            "type": "websocket.http.response.start",
            "status": _FORBIDDEN,
            "headers": self._with_id([(b"content-length", b"0"), (b"connection", b"close")]),
        }
        end: Any = {"type": "websocket.http.response.body", "body": b"", "more_body": False}
        await self._send(refusal)
        await self._send(end)
        # uvicorn notes that the handshake is over for its own refusal alone: without the note it
        # logs an error for each of these.
        if hasattr(self._server, "handshake_complete"):
            self._server.handshake_complete = True
