"""Why a text is no JSON, in words for whoever sent it."""

from typing import Final

__all__ = ["json_fault"]

_PREFIX: Final = "JSON is malformed: "


def json_fault(fault: Exception) -> str:
    """Return what is wrong, by what the decoder raised."""
    if isinstance(fault, RecursionError):
        return "it is nested too deep"
    if isinstance(fault, UnicodeDecodeError):
        return "a text in it is not UTF-8"
    if isinstance(fault, ArithmeticError):
        return "a number is out of range"
    found = str(fault)
    return "it is empty or ends too early" if "truncated" in found else found.removeprefix(_PREFIX)
