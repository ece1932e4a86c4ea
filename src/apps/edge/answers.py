"""Answers: the two envelopes, as JSON bytes that go straight to the server."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar.types import Receive, Scope, Send

__all__ = ["Answer", "encode", "etag", "failure", "success"]

Header = tuple[bytes, bytes]

encode = msgspec.json.Encoder().encode

_JSON: Header = (b"content-type", b"application/json")


class Answer:
    """An ASGI app that sends one finished JSON text."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, body: bytes, status: int, headers: Sequence[Header] = ()) -> None:
        self.body = body
        self.status = status
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it."""
        length = (b"content-length", b"%d" % len(self.body))
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": [_JSON, length, *self.headers],
            }
        )
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def success(
    message: str,
    data: Any,  # noqa: ANN401 - anything that JSON can hold
    *,
    status: int = 200,
    meta: Mapping[str, int] | None = None,
    headers: Sequence[Header] = (),
) -> Answer:
    """Return the answer of a call that did what it was asked to."""
    document = {"success": True, "message": message, "data": data}
    if meta is not None:
        document["meta"] = meta
    return Answer(encode(document), status, headers)


def failure(
    status: int,
    title: str,
    message: str,
    *,
    details: Mapping[str, Any] | None = None,
    headers: Sequence[Header] = (),
) -> Answer:
    """Return the answer of a call that changed nothing; *message* says what to do."""
    document = {"success": False, "error": title, "message": message, "statusCode": status}
    document.update(details or {})
    return Answer(encode(document), status, headers)


def etag(version: int) -> Header:
    """Return the header that names the version of what is answered."""
    return (b"etag", b'"%d"' % version)
