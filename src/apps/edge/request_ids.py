"""An ``X-Request-Id`` on the answers that no gate gives one: those of sockets before an app."""

from typing import Any, Final

from litestar.types import ASGIApp, Receive, Scope, Send

from apps.edge.gate import request_id_of

__all__ = ["RequestIds"]

_NAME: Final = b"x-request-id"
_BEGINNINGS: Final = frozenset({"http.response.start", "websocket.accept"})


class RequestIds:
    """Wraps an app: every answer that bears no id yet gets the one of its call.

    The refusal of a websocket is the server's own and bears none.
    """

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

    __slots__ = ("_scope", "_send")

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send

    @property
    def transport(self) -> Any:  # noqa: ANN401 - the server's own, which ASGI does not know
        """Return what is below the connection: sockets look here for it, to break off."""
        return getattr(getattr(self._send, "__self__", None), "transport", None)

    async def send(self, message: Any) -> None:  # noqa: ANN401 - any of ASGI's messages
        """Pass *message* on; the beginning of the answer bears the id."""
        if message["type"] in _BEGINNINGS:
            headers = list(message.get("headers", ()))
            if not any(name == _NAME for name, _ in headers):
                headers.append((_NAME, request_id_of(self._scope).encode()))
            message = {**message, "headers": headers}
        await self._send(message)
