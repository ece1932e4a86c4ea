"""JSON for Socket.IO's packets, written and read with msgspec."""

from typing import Any

import msgspec

__all__ = ["PacketJson"]


class PacketJson:
    """Has the two functions that python-socketio wants of a ``json`` module.

    ``msgspec.Raw`` goes out as it is, so that a payload is encoded once and for everybody.
    """

    def __init__(self) -> None:
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder().decode

    def dumps(self, value: object, **_: object) -> str:
        """Return *value* as compact JSON, whatever layout was asked for."""
        return self._encode(value).decode()

    def loads(self, text: str | bytes, **_: object) -> Any:  # noqa: ANN401 - JSON may be anything
        """Return what *text* says; a ValueError when it is no JSON or too deep."""
        try:
            return self._decode(text)
        except RecursionError:
            raise ValueError("JSON is nested too deeply") from None
