"""Identifiers: plain strings with a name of their own, checked once at the edge."""

import re
from typing import NewType

__all__ = [
    "ID_LENGTH_MAX",
    "EventId",
    "OrderId",
    "ProductId",
    "UserId",
    "id_fault",
    "is_id",
    "is_order_number",
]

OrderId = NewType("OrderId", str)
ProductId = NewType("ProductId", str)
UserId = NewType("UserId", str)
EventId = NewType("EventId", str)

ID_LENGTH_MAX = 128

# No slash, no white space, no control character: an id must survive a URL, a header and a file.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@|+~-]{0,127}")
_ORDER_NUMBER = re.compile(r"ORD-[0-9]{13}-[A-Z0-9]{4}")


def is_id(value: object) -> bool:
    """Tell whether *value* can serve as an order, product, user or event id."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def id_fault(value: object) -> str | None:
    """Return what is wrong with *value* as an id, as a sentence for its sender, or None."""
    if not isinstance(value, str):
        return "must be a string"
    if not value:
        return "must not be empty"
    if len(value) > ID_LENGTH_MAX:
        return f"must have at most {ID_LENGTH_MAX} characters"
    if not is_id(value):
        return "must begin with a letter or digit and hold only letters, digits and . _ : @ | + ~ -"
    return None


def is_order_number(value: object) -> bool:
    """Tell whether *value* has the form ``ORD-<13 digits of milliseconds>-<4 of A-Z, 0-9>``."""
    return isinstance(value, str) and _ORDER_NUMBER.fullmatch(value) is not None
