"""Shapes in JSON Schema that the bodies and answers of several apps are made of."""

from typing import Final

from apps.edge.describe import JsonSchema, query
from apps.edge.lines import QUANTITY_MAX
from apps.edge.query import PAGE_MAX, SEARCH_LENGTH_MAX
from inventory_domain.ids import ID_LENGTH_MAX
from inventory_domain.money import MONEY_MAX
from inventory_domain.queries import PAGE_LIMIT_MAX

__all__ = [
    "AMOUNT",
    "COUNT",
    "FLAG",
    "ID",
    "LIMIT",
    "MAYBE_TEXT",
    "MONEY",
    "NOT_BLANK",
    "PAGE",
    "PRINTABLE",
    "QUANTITY",
    "SEARCH",
    "TIME",
]

_NO_CONTROL: Final = r"[^\u0000-\u0008\u000B\u000C\u000E-\u001F]*"
PRINTABLE: Final = f"^{_NO_CONTROL}$"
NOT_BLANK: Final = rf"^{_NO_CONTROL}\S{_NO_CONTROL}$"

ID: Final[JsonSchema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": ID_LENGTH_MAX,
    "pattern": r"^[A-Za-z0-9][A-Za-z0-9._:@|+~-]*$",
}
TIME: Final[JsonSchema] = {"type": "string", "format": "date-time"}
QUANTITY: Final[JsonSchema] = {"type": "integer", "minimum": 1, "maximum": QUANTITY_MAX}
COUNT: Final[JsonSchema] = {"type": "integer", "minimum": 0}
MAYBE_TEXT: Final[JsonSchema] = {"type": ["string", "null"]}
MONEY: Final[JsonSchema] = {
    "type": "number",
    "minimum": 0,
    "maximum": MONEY_MAX // 100,
    "multipleOf": 0.01,
}
# An answer's amounts are exact to the cent, but a checker's binary arithmetic may not be.
AMOUNT: Final[JsonSchema] = {"type": "number", "minimum": 0}

SEARCH: Final[JsonSchema] = {
    "type": "string",
    "maxLength": SEARCH_LENGTH_MAX,
    "pattern": r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFD]*$",
}
FLAG: Final[JsonSchema] = {"type": "string", "enum": ["true", "false", "1", "0"]}

PAGE: Final = query(
    "page", "Counted from 1.", {"type": "integer", "minimum": 1, "maximum": PAGE_MAX}
)
LIMIT: Final = query(
    "limit",
    "How many a page.",
    {"type": "integer", "minimum": 1, "maximum": PAGE_LIMIT_MAX, "default": 20},
)
