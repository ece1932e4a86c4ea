"""Catalogue files: a JSON list in the shape of the HTTP API, or CSV with a header row."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from apps.catalogue.product_form import read_draft
from apps.edge.fields import Fields
from apps.edge.json_faults import json_fault
from inventory_domain.errors import InvalidRequest
from inventory_domain.use_cases.keep_catalogue import ProductDraft

__all__ = ["PRODUCT_COUNT_MAX", "load_catalogue", "read_csv", "read_json", "sample_catalogue"]

PRODUCT_COUNT_MAX: Final = 10_000
TAG_SEPARATOR: Final = "|"

_SAMPLE = Path(__file__).with_name("sample.json")
_COLUMNS: Final = frozenset(
    {"_id", "name", "description", "price", "category", "brand", "sku", "tags", "imageUrl", "stock"}
)
# What GET /products says beyond that; it follows from the ledger and the clock.
_DERIVED: Final = frozenset({"createdAt", "inStock", "reserved", "updatedAt", "version"})
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def sample_catalogue() -> tuple[ProductDraft, ...]:
    """Return the products that an empty shop begins with."""
    return load_catalogue(_SAMPLE)


def load_catalogue(path: Path) -> tuple[ProductDraft, ...]:
    """Read the products of a file: CSV if its name ends so, else JSON.

    Raises:
        InvalidRequest: with every bad field of every bad row.
        OSError: the file cannot be read.
    """
    content = path.read_bytes()
    return read_csv(content) if path.suffix.lower() == ".csv" else read_json(content)


def read_json(content: bytes) -> tuple[ProductDraft, ...]:
    """Read ``[{...}, ...]`` or ``{"products": [{...}, ...]}``.

    Raises:
        InvalidRequest: with every bad field of every bad row.
    """
    try:
        document = _decode(content)
    except (ValueError, ArithmeticError, RecursionError) as fault:
        raise _bad_file(f"must be JSON: {json_fault(fault)}") from fault
    if isinstance(document, list):
        document = {"products": document}
    if not isinstance(document, dict):
        raise _bad_file('must be a list of products, or {"products": [...]}')
    body = Fields(document)
    rows = body.objects("products", count_min=1, count_max=PRODUCT_COUNT_MAX, required=True)
    drafts = _drafts(zip(_places(document.get("products")), rows, strict=False))
    body.finish()
    return drafts


def _places(entries: object) -> Iterator[str]:
    """Yield the names of those entries that are rows at all."""
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield f"products[{place}]"


def read_csv(content: bytes) -> tuple[ProductDraft, ...]:
    """Read rows below a header row that names the fields; tags are separated by ``|``.

    An empty cell is a field that is not given.

    Raises:
        InvalidRequest: with every bad field of every bad row.
    """
    reader = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    faults: dict[str, str] = {}
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, faults)
        rows = list(_csv_rows(reader, header, faults))
    except csv.Error as fault:
        raise _bad_file(f"must be CSV, but in line {reader.line_num} is: {fault}") from fault
    if not 1 <= len(rows) <= PRODUCT_COUNT_MAX:
        faults["file"] = f"must have from 1 to {PRODUCT_COUNT_MAX} rows, not {len(rows)}"
    drafts = _drafts(rows)
    Fields({}, faults=faults).finish()
    return drafts


def _check_header(header: list[str], faults: dict[str, str]) -> None:
    known = sorted(_COLUMNS)
    for name in header:
        if name not in _COLUMNS | _DERIVED | {"isActive"}:
            faults[f"column {name[:100]}"] = f"is not known; there are {', '.join(known)}"
        elif header.count(name) > 1:
            faults[f"column {name}"] = "is there more than once"


def _csv_rows(
    reader: Any,  # noqa: ANN401 - the csv module names no type for its readers
    header: list[str],
    faults: dict[str, str],
) -> Iterator[tuple[str, Fields]]:
    begin = reader.line_num + 1
    for cells in reader:
        name, begin = f"line {begin}", reader.line_num + 1
        if not cells:
            continue
        row = dict(zip(header, cells, strict=False))
        known = {key: _value(key, cell) for key, cell in row.items() if key in _COLUMNS}
        fields = Fields(known, f"{name}.", faults)
        if len(cells) > len(header):
            fields.refuse("cells", f"has {len(cells)} cells under {len(header)} columns")
        if row.get("isActive", "").strip().lower() in {"false", "0", "no"}:
            fields.refuse("isActive", _INACTIVE)
        yield name, fields


_INACTIVE: Final = "must be true: only products on sale are loaded"


def _value(name: str, cell: str) -> object:
    """Return what JSON would have in place of a cell; what does not fit is left to be refused."""
    cell = cell.strip()
    if not cell:
        return None
    if name == "tags":
        return [tag for part in cell.split(TAG_SEPARATOR) if (tag := part.strip())]
    if name == "stock" and _WHOLE.fullmatch(cell):
        return int(cell)
    if name == "price" and _NUMBER.fullmatch(cell):
        return Decimal(cell)
    return cell


def _drafts(rows: Iterable[tuple[str, Fields]]) -> tuple[ProductDraft, ...]:
    """Read every row; faults are left in the fields."""
    drafts = []
    first_named: dict[object, str] = {}
    for name, fields in rows:
        # Without an id the same file again could not be told from new products.
        draft = read_draft(fields, id_required=True)
        before = first_named.setdefault(draft.product_id, name)
        if draft.product_id is not None and before != name:
            fields.refuse("_id", f"is the id of {before} already")
        _pass_over_derived(fields)
        drafts.append(draft)
    return tuple(drafts)


def _pass_over_derived(fields: Fields) -> None:
    for name in _DERIVED:
        fields.take(name)
    if not fields.flag("isActive", default=True):
        fields.refuse("isActive", _INACTIVE)
    fields.refuse_unknown()


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise _bad_file("must be UTF-8") from fault


def _bad_file(fault: str) -> InvalidRequest:
    return InvalidRequest(fields={"file": fault})
