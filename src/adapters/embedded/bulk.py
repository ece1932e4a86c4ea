"""Many rows in few steps.

Python's sqlite3 lets go of the interpreter's lock for every step of a statement, and must win
it back from a busy event loop afterwards. A statement that takes or gives hundreds of rows in
one step pays for that once, so that a batch's time does not depend on how busy the loop is.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import attrs
import msgspec

__all__ = [
    "Stretch",
    "decode",
    "encode",
    "execute_rows",
    "page_offset",
    "page_stretch",
    "storable",
    "value",
]

Row = Sequence[Any]

# Few sizes, so that the statements stay in the connection's cache.
_CHUNK_SIZES = (1024, 256, 32, 4, 1)
_PARAMETERS_MAX = 32_766


def execute_rows(
    connection: sqlite3.Connection, statement: str, rows: Collection[Row], *, tail: str = ""
) -> int:
    """Run *statement*, then a list of VALUES, then *tail*, for all *rows*.

    Returns how many rows were changed.
    """
    changed = 0
    for chunk in _chunks(list(rows)):
        text = f"{statement} {_places(len(chunk), len(chunk[0]))} {tail}"
        changed += connection.execute(text, tuple(chain.from_iterable(chunk))).rowcount
    return changed


def _chunks(rows: list[Row]) -> Iterator[list[Row]]:
    start = 0
    while start < len(rows):
        left = len(rows) - start
        size = next(
            size for size in _CHUNK_SIZES if size <= left and size * len(rows[0]) <= _PARAMETERS_MAX
        )
        yield rows[start : start + size]
        start += size


@lru_cache(maxsize=256)
def _places(count: int, width: int) -> str:
    row = "(" + ", ".join("?" * width) + ")"
    return "VALUES " + ", ".join([row] * count)


def value(connection: sqlite3.Connection, statement: str, parameters: Iterable[Any] = ()) -> Any:  # noqa: ANN401 - SQL has no types to promise
    """Return the one value that *statement* gives, or None."""
    row = connection.execute(statement, tuple(parameters)).fetchone()
    return None if row is None else row[0]


def encode(document: object) -> str:
    """Return *document* as JSON text."""
    try:
        return msgspec.json.encode(document).decode()
    except UnicodeEncodeError:
        # Half of a surrogate pair, from somebody's JSON: kept as an escape.
        return json.dumps(document, separators=(",", ":"))


def decode(text: str | bytes) -> Any:  # noqa: ANN401 - JSON has no types to promise
    """Return the JSON data in *text*."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def storable(text: str) -> str:
    """Return *text* as SQLite can hold it: without halves of surrogate pairs."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()


@attrs.frozen
class Stretch:
    """The rows of a page: *count* of them behind *offset* others, counted from the nearer end.

    With *from_end* both the rows and their order are those of the reversed sorting.
    """

    offset: int
    count: int
    from_end: bool


def page_stretch(total: int, page: int, limit: int) -> Stretch:
    """Return where *page* of *total* rows lies, so that few rows are passed over on the way."""
    start = min((page - 1) * limit, total)
    count = min(limit, total - start)
    behind = total - start - count
    if behind < start:
        return Stretch(behind, count, from_end=True)
    return Stretch(start, count, from_end=False)


def page_offset(page: int, limit: int) -> int:
    """Return how many rows lie before *page*, within what SQLite can count."""
    return min((page - 1) * limit, 2**62)
