"""The fields of a body, judged one by one.

A :class:`Fields` reads one JSON object. It keeps every fault with its path, so that a caller
learns of all of them at once, and it knows which names were asked for, so that the others can
be refused by name.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from inventory_domain.errors import InvalidRequest
from inventory_domain.ids import id_fault
from inventory_domain.money import Money, money_fault, parse_money

__all__ = ["FAULT_COUNT_MAX", "Fields", "text_fault", "whole_number"]

FAULT_COUNT_MAX: Final = 2_000
# The rest is for known fields, of which an order of a hundred bad lines has fewer.
_UNKNOWN_COUNT_MAX: Final = FAULT_COUNT_MAX // 2
_WHOLE_MAX: Final = 10**15


class Fields:
    """The fields of one JSON object, *path* being where it stands in the body.

    Every method returns the field's value, or *default* (None) if the field is absent or bad;
    what is bad is noted in *faults*, which nested ones share. Call :meth:`finish` at the end.
    """

    __slots__ = ("_asked", "_path", "faults", "source")

    def __init__(
        self, source: Mapping[str, Any], path: str = "", faults: dict[str, str] | None = None
    ) -> None:
        self.source = source
        self.faults: dict[str, str] = {} if faults is None else faults
        self._path = path
        self._asked: set[str] = set()

    def refuse(self, name: str, fault: str) -> None:
        """Note that the field *name* is bad."""
        if len(self.faults) < FAULT_COUNT_MAX:
            self.faults.setdefault(self._path + name, fault)

    def take(self, name: str, *, required: bool = False) -> Any:  # noqa: ANN401 - JSON
        """Return the field as it came; null is the same as absent."""
        self._asked.add(name)
        value = self.source.get(name)
        if value is None and required:
            self.refuse(name, "is required")
        return value

    def has(self, name: str) -> bool:
        """Tell whether the field was sent, if only as null."""
        return name in self.source

    def text(
        self, name: str, *, length_max: int, length_min: int = 0, required: bool = False
    ) -> str | None:
        """Return a text without control characters other than line breaks and tabs."""
        value = self.take(name, required=required)
        if value is None:
            return None
        fault = text_fault(value, length_min, length_max)
        if fault is None:
            return str(value)
        self.refuse(name, fault)
        return None

    def id(self, name: str, *, required: bool = False) -> str | None:
        """Return something that can be an id."""
        value = self.take(name, required=required)
        if value is None:
            return None
        fault = id_fault(value)
        if fault is None:
            return str(value)
        self.refuse(name, fault)
        return None

    def integer(self, name: str, *, low: int, high: int, required: bool = False) -> int | None:
        """Return a whole number from *low* to *high*; true, "2" and 1.5 are none."""
        value = self.take(name, required=required)
        if value is None:
            return None
        number = whole_number(value)
        if number is None:
            self.refuse(name, "must be a whole number")
        elif low <= number <= high:
            return number
        else:
            self.refuse(name, f"must be from {low} to {high}")
        return None

    def money(self, name: str, *, required: bool = False) -> Money | None:
        """Return an amount, not negative, with at most two decimals."""
        value = self.take(name, required=required)
        if value is None:
            return None
        fault = money_fault(value)
        if fault is None:
            return parse_money(value)
        self.refuse(name, fault)
        return None

    def flag(self, name: str, *, default: bool | None = None) -> bool | None:
        """Return true or false."""
        value = self.take(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.refuse(name, "must be true or false")
        return default

    def object(self, name: str, *, required: bool = False) -> "Fields | None":
        """Return the fields of a nested object."""
        value = self.take(name, required=required)
        if value is None:
            return None
        if isinstance(value, dict):
            return Fields(value, f"{self._path}{name}.", self.faults)
        self.refuse(name, "must be an object")
        return None

    def objects(
        self, name: str, *, count_max: int, count_min: int = 0, required: bool = False
    ) -> "list[Fields]":
        """Return the fields of each object of a list."""
        value = self.take(name, required=required)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(name, "must be a list")
            return []
        if not count_min <= len(value) <= count_max:
            self.refuse(name, f"must have {_span(count_min, count_max)} entries, not {len(value)}")
            return []
        return [
            fields
            for place, entry in enumerate(value)
            if (fields := self._entry(f"{name}[{place}]", entry)) is not None
        ]

    def _entry(self, name: str, entry: Any) -> "Fields | None":  # noqa: ANN401 - JSON
        if isinstance(entry, dict):
            return Fields(entry, f"{self._path}{name}.", self.faults)
        self.refuse(name, "must be an object")
        return None

    def texts(self, name: str, *, count_max: int, length_max: int) -> tuple[str, ...] | None:
        """Return a list of texts, none of them empty."""
        value = self.take(name)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) > count_max:
            self.refuse(name, f"must be a list of at most {count_max} texts")
            return None
        for place, entry in enumerate(value):
            fault = text_fault(entry, 1, length_max)
            if fault is not None:
                self.refuse(f"{name}[{place}]", fault)
        return tuple(map(str, value))

    def refuse_unknown(self) -> None:
        """Refuse every field that nobody asked for, by name."""
        if not self._asked.issuperset(self.source):
            room = max(_UNKNOWN_COUNT_MAX - len(self.faults), 0)
            for name in sorted(self.source.keys() - self._asked)[:room]:
                self.refuse(name[:100], "is not known here")

    def finish(self) -> None:
        """Refuse unknown fields, then the request if anything was bad, nested ones included.

        Raises:
            InvalidRequest: with every bad field and its fault.
        """
        self.refuse_unknown()
        if self.faults:
            raise InvalidRequest(fields=dict(sorted(self.faults.items())))


def _span(low: int, high: int) -> str:
    return f"from {low} to {high}" if low else f"at most {high}"


def whole_number(value: object) -> int | None:
    """Return *value* if it is a whole number in JSON; 2.0 and 2e0 are as good as 2."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    # Compared, not computed with: arithmetic fails beyond the exponents that Decimal rounds to.
    if isinstance(value, Decimal) and -_WHOLE_MAX < value < _WHOLE_MAX and value == int(value):
        return int(value)
    return None


def text_fault(value: object, length_min: int, length_max: int) -> str | None:
    """Return what is wrong with *value* as a text, as a sentence for its sender, or None."""
    if not isinstance(value, str):
        return "must be a text"
    if len(value) > length_max:
        return f"must have at most {length_max} characters"
    if length_min and len(value.strip()) < length_min:
        return "must not be empty" if length_min == 1 else f"must have {length_min} characters"
    if not value.isprintable() and any(ch < " " and ch not in "\t\r\n" for ch in value):
        return "must not hold control characters"
    return None
