"""What lines have in common, whatever they are lines of."""

from apps.edge.fields import Fields
from inventory_domain.codec import LINE_COUNT_MAX, QUANTITY_MAX

__all__ = ["LINE_COUNT_MAX", "QUANTITY_MAX", "read_quantity"]


def read_quantity(fields: Fields, *, low: int = 1) -> int | None:
    """Return ``qty``, or ``quantity``, which is the same by another name; None if it is bad."""
    quantity = fields.integer("qty", low=low, high=QUANTITY_MAX)
    other = fields.integer("quantity", low=low, high=QUANTITY_MAX)
    source = fields.source
    if source.get("qty") is None and source.get("quantity") is None:
        fields.refuse("qty", "is required")
    if quantity is not None and other is not None and quantity != other:
        fields.refuse("quantity", "differs from qty: send one of them")
    return other if quantity is None else quantity
