"""Refusals about products and their stock."""

from typing import ClassVar

import attrs

from inventory_domain.failures import DomainError
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.money import Money

__all__ = [
    "PriceChanged",
    "ProductExists",
    "ProductNotFound",
    "RefusedLine",
    "ReservationEnded",
    "ReservationHeld",
    "ReservationNotFound",
    "Shortage",
    "StockBelowZero",
]


@attrs.define(kw_only=True, str=False)
class ProductNotFound(DomainError):
    """No product has this id."""

    code: ClassVar[str] = "product_not_found"
    product_id: str

    def message(self) -> str:
        return "There is no product with this id: check the id."


@attrs.define(kw_only=True, str=False)
class ReservationNotFound(DomainError):
    """No reservation was ever asked for under this order id."""

    code: ClassVar[str] = "reservation_not_found"
    order_id: str

    def message(self) -> str:
        return "There is no reservation for this order: check the order id."


@attrs.frozen(kw_only=True)
class RefusedLine:
    """Why one line of a reservation is refused.

    ``reason`` is ``insufficient_stock``, ``unknown_product``, ``inactive_product`` or
    ``price_changed``; *price* is the product's price where that is the reason. *stock* is more
    than what is *available* where none of it can be sold.
    """

    product_id: ProductId
    wanted: int
    available: int
    reason: str
    price: Money | None = None
    stock: int = attrs.field(default=attrs.Factory(lambda self: self.available, takes_self=True))


@attrs.define(kw_only=True, str=False)
class Shortage(DomainError):
    """At least one line cannot be reserved; every short line is named, nothing was taken."""

    code: ClassVar[str] = "insufficient_stock"
    order_id: OrderId
    lines: tuple[RefusedLine, ...]

    def message(self) -> str:
        parts = (f"{x.product_id} (wanted {x.wanted}, available {x.available})" for x in self.lines)
        return "Not enough can be sold of " + ", ".join(parts) + "."


@attrs.define(kw_only=True, str=False)
class PriceChanged(DomainError):
    """A line names a price that is not the product's; nothing was taken."""

    code: ClassVar[str] = "price_changed"
    order_id: OrderId
    lines: tuple[RefusedLine, ...]

    def message(self) -> str:
        changed = (x for x in self.lines if x.price is not None)
        parts = (f"{x.product_id} is {(x.price or 0) / 100:.2f} now" for x in changed)
        return "A price has changed: " + ", ".join(parts) + "."


@attrs.define(kw_only=True, str=False)
class ReservationHeld(DomainError):
    """The order holds stock already, for other items."""

    code: ClassVar[str] = "reservation_held_with_other_items"
    order_id: OrderId

    def message(self) -> str:
        return "This order has a reservation with other items: release it or use another order id."


@attrs.define(kw_only=True, str=False)
class ReservationEnded(DomainError):
    """The reservation was released, cancelled or consumed; it is never opened again."""

    code: ClassVar[str] = "reservation_ended"
    order_id: OrderId
    state: str

    def message(self) -> str:
        return f"The reservation of this order is {self.state} for good: use another order id."


@attrs.define(kw_only=True, str=False)
class StockBelowZero(DomainError):
    """A write-off of more than there is."""

    code: ClassVar[str] = "stock_below_zero"
    product_id: ProductId
    stock: int
    change: int

    def message(self) -> str:
        return f"There are {self.stock} in stock: a write-off can be {self.stock} at most."


@attrs.define(kw_only=True, str=False)
class ProductExists(DomainError):
    """A product with this id is there already."""

    code: ClassVar[str] = "product_exists"
    product_id: ProductId

    def message(self) -> str:
        return f"There is a product {self.product_id} already: change it by PUT, or use another id."
