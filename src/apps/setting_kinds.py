"""Kinds of settings: how the text of each is read, and what it may be."""

import math
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import attrs

__all__ = [
    "Kind",
    "number",
    "one_of",
    "optional_authorities",
    "optional_origin",
    "optional_text",
    "origins",
    "port",
    "switch",
    "text",
    "whole",
]

Read = Callable[[Any], Any]

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_PORT_MAX = 65_535


@attrs.frozen
class Kind:
    """*read* turns text, or a value that is one already, into the value or raises ValueError."""

    allowed: str
    read: Read


def _read_text(value: object) -> str:
    found = str(value).strip()
    if not found:
        raise ValueError("empty")
    return found


def _read_switch(value: object) -> bool:
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(word)
    return word in _TRUE


def _read_origins(value: str | tuple[str, ...]) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    found = tuple(part.strip().rstrip("/") for part in parts if part.strip())
    for origin in found:
        scheme, separator, rest = origin.partition("://")
        if scheme not in ("http", "https") or not separator or not rest or "/" in rest:
            raise ValueError(origin)
        # Raises for a port or an address in brackets that is none.
        _ = urlsplit(origin).port
    return found


def text(allowed: str) -> Kind:
    """Any text but none at all."""
    return Kind(allowed, _read_text)


def optional_text(allowed: str) -> Kind:
    """Text, or None for none."""
    return Kind(allowed, lambda value: None if value is None else _read_text(value))


def optional_authorities() -> Kind:
    """A file with certificates of authorities, or None for those that the machine trusts."""

    def read(value: str | None) -> str | None:
        if value is not None:
            try:
                ssl.create_default_context(cafile=value)
            except OSError as error:
                raise ValueError(value) from error
        return value

    return Kind("a file of certificates in PEM format", read)


def optional_origin() -> Kind:
    """The address of a service as browsers name it, or None for none."""

    def read(value: str | None) -> str | None:
        if value is None:
            return None
        (found,) = _read_origins((value,))
        return found

    return Kind("an address such as https://orders.shop.example", read)


def one_of(*words: str) -> Kind:
    """One of a few words, whatever its case."""

    def read(value: object) -> str:
        word = str(value).strip().lower()
        if word not in words:
            raise ValueError(word)
        return word

    return Kind(" or ".join((", ".join(words[:-1]), words[-1])), read)


def whole(least: int, most: int) -> Kind:
    """A whole number within bounds."""

    def read(value: object) -> int:
        found = int(str(value).strip())
        if not least <= found <= most:
            raise ValueError(found)
        return found

    return Kind(f"a whole number from {least} to {most}", read)


def port() -> Kind:
    """A TCP port; 0 stands for a free one."""
    return Kind("a port from 1 to 65535, or 0 for a free one", whole(0, _PORT_MAX).read)


def number(least: float, most: float) -> Kind:
    """A number within bounds."""

    def read(value: object) -> float:
        found = float(str(value).strip())
        if not (math.isfinite(found) and least <= found <= most):
            raise ValueError(found)
        return found

    return Kind(f"a number from {least:g} to {most:g}", read)


def switch(*, by_default: str = "") -> Kind:
    """On or off; with *by_default* also None, which stands for what that says."""

    def read(value: object) -> bool | None:
        return None if value is None and by_default else _read_switch(value)

    return Kind("1 or 0", read)


def origins() -> Kind:
    """Origins of web pages."""
    return Kind("origins such as https://shop.example, separated by commas", _read_origins)
