"""What people write about a product, in a request or in a file: read field by field."""

import re
from typing import Final

from apps.edge.fields import Fields
from inventory_domain.codec import QUANTITY_MAX
from inventory_domain.ids import ProductId
from inventory_domain.money import Money
from inventory_domain.use_cases.keep_catalogue import ProductDraft, ProductEdit

__all__ = [
    "BRAND_LENGTH_MAX",
    "CATEGORY_LENGTH_MAX",
    "DESCRIPTION_LENGTH_MAX",
    "IMAGE_URL_LENGTH_MAX",
    "NAME_LENGTH_MAX",
    "SKU_LENGTH_MAX",
    "TAG_COUNT_MAX",
    "TAG_LENGTH_MAX",
    "read_draft",
    "read_edit",
]

NAME_LENGTH_MAX: Final = 200
DESCRIPTION_LENGTH_MAX: Final = 5000
CATEGORY_LENGTH_MAX: Final = 100
BRAND_LENGTH_MAX: Final = 100
SKU_LENGTH_MAX: Final = 64
TAG_COUNT_MAX: Final = 20
TAG_LENGTH_MAX: Final = 50
IMAGE_URL_LENGTH_MAX: Final = 2000

# A page puts it into a picture's address: no script, and nothing that ends the attribute.
_IMAGE_URL: Final = re.compile(r"(?:/(?!/)|https?://[^/])[^\s\"'<>\\`]*")
# Words of the API stand where a product's id does.
_TAKEN_IDS: Final = frozenset({"availability", "search"})


def read_draft(fields: Fields, *, id_required: bool = False) -> ProductDraft:
    """Read a new product; what comes back counts only if *fields* found no fault."""
    return ProductDraft(
        product_id=_product_id(fields, required=id_required),
        name=_name(fields, required=True) or "",
        price=fields.money("price", required=True) or Money(0),
        description=_description(fields) or "",
        category=_category(fields) or "",
        brand=fields.text("brand", length_max=BRAND_LENGTH_MAX) or None,
        sku=fields.text("sku", length_max=SKU_LENGTH_MAX) or None,
        tags=_tags(fields) or (),
        image_url=_image_url(fields) or None,
        stock=fields.integer("stock", low=0, high=QUANTITY_MAX) or 0,
    )


def read_edit(fields: Fields) -> ProductEdit:
    """Read changes of a product; null takes an optional text away, and stock is refused."""
    if not fields.source:
        fields.refuse("name", "is required, or any other field that is to change")
    if fields.has("stock"):
        fields.take("stock")
        fields.refuse("stock", "does not change by PUT: use POST /products/{id}/restock")
    return ProductEdit(
        name=_name(fields, required=False),
        price=fields.money("price"),
        description=_description(fields),
        category=_category(fields),
        brand=_erased(fields, "brand", fields.text("brand", length_max=BRAND_LENGTH_MAX)),
        sku=_erased(fields, "sku", fields.text("sku", length_max=SKU_LENGTH_MAX)),
        tags=_tags(fields),
        image_url=_erased(fields, "imageUrl", _image_url(fields)),
        is_active=fields.flag("isActive"),
    )


def _product_id(fields: Fields, *, required: bool) -> ProductId | None:
    product_id = fields.id("_id", required=required)
    if product_id in _TAKEN_IDS:
        fields.refuse("_id", f"must not be {product_id}, a word of the API: choose another")
    return None if product_id is None else ProductId(product_id)


def _name(fields: Fields, *, required: bool) -> str | None:
    return fields.text("name", length_min=1, length_max=NAME_LENGTH_MAX, required=required)


def _description(fields: Fields) -> str | None:
    return fields.text("description", length_max=DESCRIPTION_LENGTH_MAX)


def _category(fields: Fields) -> str | None:
    return fields.text("category", length_max=CATEGORY_LENGTH_MAX)


def _tags(fields: Fields) -> tuple[str, ...] | None:
    tags = fields.texts("tags", count_max=TAG_COUNT_MAX, length_max=TAG_LENGTH_MAX)
    return None if tags is None else tuple(dict.fromkeys(tags))


def _image_url(fields: Fields) -> str | None:
    address = fields.text("imageUrl", length_max=IMAGE_URL_LENGTH_MAX)
    if address and not _IMAGE_URL.fullmatch(address):
        fields.refuse("imageUrl", "must be an address that begins with /, https:// or http://")
    return address


def _erased(fields: Fields, name: str, value: str | None) -> str | None:
    """Return an empty text for one that was sent as null."""
    return "" if fields.has(name) and fields.source[name] is None else value
