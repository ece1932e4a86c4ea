"""Preflights that are refused, in the envelope of every other failure.

The framework refuses them in plain text. So what it would refuse is found out before; all others
it answers itself.
"""

from typing import ClassVar, Final

import attrs
from litestar.config.cors import CORSConfig
from litestar.constants import DEFAULT_ALLOWED_CORS_HEADERS
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from apps.edge.answers import Answer
from apps.edge.errors import failure_of
from inventory_domain.errors import DomainError

__all__ = ["Preflights"]

_ECHO_LENGTH_MAX: Final = 200


@attrs.define(kw_only=True, str=False)
class PreflightRefused(DomainError):
    """A page of another origin may not call us like this."""

    code: ClassVar[str] = "preflight_refused"
    reason: str

    def message(self) -> str:
        """Return the reason."""
        return self.reason


class Preflights:
    """Wraps an app that lets other origins in as *config* says."""

    def __init__(self, app: ASGIApp, config: CORSConfig) -> None:
        self._app = app
        self._config = config
        always = {name.lower() for name in DEFAULT_ALLOWED_CORS_HEADERS}
        self._headers = always.union(config.allow_headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let everything through but what is refused."""
        if scope["type"] == ScopeType.HTTP and scope["method"] == "OPTIONS":
            reason = self._fault(Headers.from_scope(scope))
            if reason is not None:
                await _refusal(reason)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _fault(self, headers: Headers) -> str | None:
        """Return why the framework would refuse, as a sentence that says what to do."""
        origin = headers.get("origin")
        if not origin:
            return None
        if not self._config.is_origin_allowed(origin):
            return (
                f"The origin {origin[:_ECHO_LENGTH_MAX]} is not among CORS_ORIGINS: add it to that "
                "setting, or call from an origin that is."
            )
        method = headers.get("access-control-request-method")
        if method and method not in self._config.allow_methods:
            allowed = ", ".join(self._config.allow_methods)
            return f"Pages of other origins can call with {allowed}: use one of these methods."
        asked = headers.get("access-control-request-headers", "").lower().split(",")
        if not self._headers.issuperset(name.strip() for name in asked if name.strip()):
            allowed = ", ".join(sorted(self._headers))
            return f"Pages of other origins can send {allowed}: leave out every other header."
        return None


def _refusal(reason: str) -> Answer:
    found = failure_of(PreflightRefused(reason=reason))
    return Answer(found.body, found.status, [*found.headers, (b"vary", b"Origin")])
