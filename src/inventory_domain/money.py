"""Money: whole minor units (cents), so that sums are exact.

A binary float appears in one place only, :func:`to_number`, where JSON text is about to be
written; up to ``MONEY_MAX`` the shortest text of that float is the exact two-decimal amount.
"""

from decimal import Decimal, InvalidOperation
from typing import NewType

__all__ = ["MONEY_MAX", "Money", "money_fault", "parse_money", "to_number"]

Money = NewType("Money", int)

MONEY_MAX = Money(10**13)
"""The largest amount, in minor units: a hundred billion, where floats still tell cents apart."""

_CENT = Decimal("0.01")


def money_fault(value: object) -> str | None:
    """Return what is wrong with *value* as an amount, as a sentence for its sender, or None.

    Accepted are ``int`` and ``Decimal`` (what exact JSON decoding gives), never ``float``.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return "must be a number"
    amount = Decimal(value)
    if not amount.is_finite():
        return "must be a finite number"
    if amount < 0:
        return "must not be negative"
    # Compared in major units, since a product could leave the range that Decimal has.
    if amount > MONEY_MAX // 100:
        return f"must be at most {MONEY_MAX // 100}"
    try:
        exact = amount == amount.quantize(_CENT)
    except InvalidOperation:
        exact = False
    return None if exact else "must have at most two decimals"


def parse_money(value: object) -> Money:
    """Turn an exact JSON number in major units into minor units.

    Raises:
        ValueError: *value* is no amount; the text says why (see :func:`money_fault`).
    """
    # Nearly every amount is fine; the fault is worked out for those that are not.
    if type(value) is Decimal and value.is_finite() and 0 <= value <= MONEY_MAX // 100:
        scaled = value * 100
        minor = int(scaled)
        if minor == scaled:
            return Money(minor)
    fault = money_fault(value)
    if fault is not None or not isinstance(value, int | Decimal):
        raise ValueError(fault)
    return Money(int(Decimal(value) * 100))


def to_number(amount: Money) -> float:
    """Return *amount* in major units, for the moment in which JSON text is written."""
    return amount / 100
