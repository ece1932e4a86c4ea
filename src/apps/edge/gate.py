"""The gate: the outermost layer of every app, around routing, CORS and the error envelope.

It gives each call its id, finds out who calls, and counts the call when it is over, whatever
became of it: also a path that nobody serves gets an ``X-Request-Id``.
"""

import re
import secrets
import time
from contextvars import ContextVar
from typing import Any, Final, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import STRUCTLOG_KEY_PREFIX

from apps.edge.auth import Caller, NoToken, TokenVerifier, Unauthenticated
from apps.edge.calls import Call
from apps.edge.errors import unexpected_failure
from apps.edge.metrics import HttpMetrics

__all__ = ["Gate", "request_id_of"]

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_WANTED: Final = frozenset(
    {
        b"authorization",
        b"content-length",
        b"idempotency-key",
        b"if-match",
        b"traceparent",
        b"x-request-id",
    }
)
_LENGTH_DIGITS_MAX: Final = 18
_UNMATCHED: Final = "unmatched"

# On every log line of the call. What binds it by structlog's own function costs far more, and
# the server gives each call a context of its own, so that nothing has to be taken back.
_CORRELATION_ID: Final[ContextVar[str]] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}correlation_id")


class Gate:
    """Wraps an app's ASGI handler."""

    def __init__(self, app: ASGIApp, verifier: TokenVerifier, metrics: HttpMetrics) -> None:
        self._app = app
        self._verifier = verifier
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one call through."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        method: str = scope["method"]
        if method == "HEAD":
            # Answered as GET is; the server leaves the body out.
            scope = cast("Scope", {**scope, "method": "GET"})
        call = self._open(scope)
        scope["state"]["call"] = call
        _CORRELATION_ID.set(call.request_id)
        request_id = (b"x-request-id", call.request_id.encode())
        began = time.perf_counter()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], request_id]
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except Exception as fault:
            answer = unexpected_failure(fault, call.request_id, scope["path"])
            if status:
                # The answer has begun; to end the connection is all that is left to say.
                raise
            await answer(scope, receive, send_on)
        finally:
            route = scope.get("path_template") or _UNMATCHED
            self._metrics.observe(method, route, status or 499, time.perf_counter() - began)

    def _open(self, scope: Any) -> Call:  # noqa: ANN401 - a scope, whose types depend on its kind
        found = {name: value for name, value in scope["headers"] if name in _WANTED}
        client = scope.get("client")
        return Call(
            request_id=_request_id(found.get(b"x-request-id")),
            address=client[0] if client else "unknown",
            traceparent=_traceparent(found.get(b"traceparent")),
            identity=self._identify(found.get(b"authorization")),
            idempotency_key=_text(found.get(b"idempotency-key")),
            if_match=_text(found.get(b"if-match")),
            content_length=_length(found.get(b"content-length")),
        )

    def _identify(self, header: bytes | None) -> Caller | Unauthenticated:
        if header is None:
            return NoToken()
        scheme, _, token = header.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return Unauthenticated(reason="Send the token as Authorization: Bearer <token>.")
        try:
            return self._verifier.verify(token.strip())
        except Unauthenticated as refusal:
            return refusal


def request_id_of(scope: Any) -> str:  # noqa: ANN401 - as above
    """Return the id of a call: the caller's, if it is a sane one."""
    return _request_id(dict(scope["headers"]).get(b"x-request-id"))


def _request_id(header: bytes | None) -> str:
    sent = _text(header)
    return sent if sent is not None and _REQUEST_ID.fullmatch(sent) else secrets.token_hex(16)


def _traceparent(header: bytes | None) -> str | None:
    sent = _text(header)
    return sent if sent is not None and _TRACEPARENT.fullmatch(sent) else None


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")


def _length(header: bytes | None) -> int:
    # A length of so many digits is refused by every bound, and int() refuses thousands of them.
    return int(header[:_LENGTH_DIGITS_MAX]) if header is not None and header.isdigit() else 0
