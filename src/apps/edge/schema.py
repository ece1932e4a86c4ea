"""One address for the description of an app: a document for programs, a page for browsers."""

from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SCHEMA_PATH", "SchemaByAccept"]

SCHEMA_PATH: Final = "/schema"
_DOCUMENT: Final = f"{SCHEMA_PATH}/openapi.json"
_PAGE_TYPE: Final = b"text/html"
_OK: Final = 200


class SchemaByAccept:
    """Wraps an app: ``/schema`` leads to its OpenAPI document, unless a page is asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one call through, if need be to the document."""
        if scope["type"] != ScopeType.HTTP or scope["path"].rstrip("/") != SCHEMA_PATH:
            await self._app(scope, receive, send)
            return
        is_page = _asks_for_page(scope)
        if not is_page:
            scope["path"] = _DOCUMENT

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], (b"vary", b"Accept")]
                if message["status"] == _OK and not is_page:
                    headers = [one for one in headers if one[0].lower() != b"content-type"]
                    # What a caller asks for by Accept, in place of the document's own name.
                    headers.append((b"content-type", b"application/json"))
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, send_on)


def _asks_for_page(scope: Any) -> bool:  # noqa: ANN401 - a scope, whose types depend on its kind
    return any(
        name == b"accept" and _PAGE_TYPE in value.lower() for name, value in scope["headers"]
    )
