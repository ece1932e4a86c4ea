"""Bodies: read within a bound, and decoded exactly."""

from decimal import Decimal
from typing import Any, Final

import msgspec

from apps.edge.calls import AnyRequest, call_of
from apps.edge.errors import MalformedRequest, RequestTooLarge
from apps.edge.json_faults import json_fault

__all__ = ["BODY_BYTES_MAX", "canonical", "decode_object", "read_body", "read_object"]

BODY_BYTES_MAX: Final = 1024 * 1024

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_decode_plain = msgspec.json.Decoder().decode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


async def read_body(request: AnyRequest, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """Return the body as it was sent.

    Raises:
        RequestTooLarge: it is longer than *bytes_max*; not more than that was read.
    """
    if call_of(request).content_length > bytes_max:
        raise RequestTooLarge(bytes_max=bytes_max)
    receive = request.receive
    message: Any = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False) or message["type"] == "http.disconnect":
        if message["type"] == "http.disconnect":
            raise MalformedRequest(reason="The body ended before it was complete: send it again.")
        message = await receive()
        body += message.get("body", b"")
        if len(body) > bytes_max:
            raise RequestTooLarge(bytes_max=bytes_max)
    if len(body) > bytes_max:
        raise RequestTooLarge(bytes_max=bytes_max)
    return body


def decode_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that *body* holds; fractions come as ``Decimal``.

    Raises:
        MalformedRequest: it is not JSON, or not an object.
    """
    document = _decode_exactly(body)
    if not isinstance(document, dict):
        raise MalformedRequest(reason="The body must be a JSON object, in braces.")
    return document


def canonical(body: bytes) -> bytes:
    """Return *body* without its white space and with its fields in order.

    Raises:
        MalformedRequest: it is not JSON.
    """
    try:
        return _encode_sorted(_decode_plain(body))
    except (ValueError, RecursionError):
        # A number may only be too large for a float: which field it is in is told later.
        return _encode_sorted(_decode_exactly(body))


def _decode_exactly(body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return _decode(body)
    except (ValueError, ArithmeticError, RecursionError) as fault:
        raise MalformedRequest(reason=f"The body must be JSON: {json_fault(fault)}.") from fault


async def read_object(request: AnyRequest) -> dict[str, Any]:
    """Return the JSON object that the request carries; an empty body is an empty object.

    Raises:
        RequestTooLarge, MalformedRequest: see :func:`read_body` and :func:`decode_object`.
    """
    body = await read_body(request)
    return decode_object(body) if body else {}
