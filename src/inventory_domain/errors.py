"""Refusals and failures as typed values with stable codes.

A refusal says that a request cannot be done as asked; its ``code`` never changes, its data is
on the object, and its text tells the sender what to do. How a code looks in HTTP is decided
elsewhere, in one place.
"""

from collections.abc import Mapping
from typing import ClassVar

import attrs

from inventory_domain.ids import OrderId, ProductId
from inventory_domain.money import Money

__all__ = [
    "BrokenMessage",
    "CancelNotAllowed",
    "CommitRefused",
    "Contention",
    "DependencyUnavailable",
    "DomainError",
    "EmptyOrder",
    "Forbidden",
    "IdempotencyKeyReused",
    "InvalidRequest",
    "OrderChanged",
    "OrderNotFound",
    "OrderNumberTaken",
    "PriceChanged",
    "ProductExists",
    "ProductNotFound",
    "RefusedLine",
    "ReservationEnded",
    "ReservationHeld",
    "ReservationNotFound",
    "Shortage",
    "StaleVersion",
    "StockBelowZero",
    "StockConflict",
    "StockNotReserved",
    "TooManyChanges",
    "TotalMismatch",
    "TransitionNotAllowed",
]


@attrs.define(kw_only=True, str=False)
class DomainError(Exception):
    """The root of all refusals and failures that the domain knows."""

    code: ClassVar[str] = "domain_error"

    def message(self) -> str:
        """Return one sentence for the sender: what is wrong and what to do."""
        return self.code.replace("_", " ")

    def __str__(self) -> str:
        return self.message()


@attrs.define(kw_only=True, str=False)
class InvalidRequest(DomainError):
    """A request does not validate; *fields* names every bad field and its fault."""

    code: ClassVar[str] = "invalid_request"
    fields: Mapping[str, str]

    def message(self) -> str:
        return "Correct these fields and send again: " + ", ".join(sorted(self.fields)) + "."


@attrs.define(kw_only=True, str=False)
class EmptyOrder(DomainError):
    """An order without lines."""

    code: ClassVar[str] = "empty_order"

    def message(self) -> str:
        return "The order has no items: add at least one."


@attrs.define(kw_only=True, str=False)
class TotalMismatch(DomainError):
    """The stated total differs from the sum of the lines."""

    code: ClassVar[str] = "total_mismatch"
    stated: Money
    computed: Money

    def message(self) -> str:
        return (
            f"totalAmount is {self.stated / 100:.2f} but the items sum to "
            f"{self.computed / 100:.2f}: correct it or leave it out."
        )


@attrs.define(kw_only=True, str=False)
class TransitionNotAllowed(DomainError):
    """The transition table has no such move."""

    code: ClassVar[str] = "transition_not_allowed"
    order_id: OrderId
    current: str
    wanted: str
    allowed: tuple[str, ...]

    def message(self) -> str:
        moves = ", ".join(self.allowed) if self.allowed else "none, the status is final"
        return f"An order that is {self.current} cannot become {self.wanted}; allowed: {moves}."


@attrs.define(kw_only=True, str=False)
class StockNotReserved(DomainError):
    """The order's stock is not reserved, so work on it cannot begin."""

    code: ClassVar[str] = "stock_not_reserved"
    order_id: OrderId
    stock_state: str

    def message(self) -> str:
        return f"The stock of this order is {self.stock_state}; it must be reserved first."


@attrs.define(kw_only=True, str=False)
class CancelNotAllowed(DomainError):
    """The owner comes too late to cancel."""

    code: ClassVar[str] = "cancel_not_allowed"
    order_id: OrderId
    current: str

    def message(self) -> str:
        return f"The order is {self.current} already: ask the shop to cancel it."


@attrs.define(kw_only=True, str=False)
class OrderNotFound(DomainError):
    """No order has this id."""

    code: ClassVar[str] = "order_not_found"
    order_id: str

    def message(self) -> str:
        return "There is no order with this id: check the id."


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


@attrs.define(kw_only=True, str=False)
class OrderChanged(DomainError):
    """Somebody else changed the order in the meantime; nothing was written."""

    code: ClassVar[str] = "order_changed"
    order_id: OrderId
    status: str
    version: int

    def message(self) -> str:
        return f"The order was changed meanwhile and is {self.status} now: read it and decide anew."


@attrs.define(kw_only=True, str=False)
class StaleVersion(DomainError):
    """The version that the caller named is not the stored one."""

    code: ClassVar[str] = "stale_version"
    order_id: OrderId
    version: int

    def message(self) -> str:
        return "If-Match names an older version of the order: read it again and decide anew."


@attrs.define(kw_only=True, str=False)
class OrderNumberTaken(DomainError):
    """Another order bears this number."""

    code: ClassVar[str] = "order_number_taken"
    order_number: str

    def message(self) -> str:
        return f"{self.order_number} is taken: leave orderNumber out to be given one."


@attrs.define(kw_only=True, str=False)
class IdempotencyKeyReused(DomainError):
    """The key came before, with another body."""

    code: ClassVar[str] = "idempotency_key_reused"
    order_id: OrderId

    def message(self) -> str:
        return "This Idempotency-Key was used with another body: use a new key for a new order."


@attrs.define(kw_only=True, str=False)
class Forbidden(DomainError):
    """The caller may not do this."""

    code: ClassVar[str] = "forbidden"
    reason: str = "This is not yours: ask somebody with the right to it."

    def message(self) -> str:
        return self.reason


@attrs.frozen(kw_only=True)
class RefusedLine:
    """Why one line of a reservation is refused.

    ``reason`` is ``insufficient_stock``, ``unknown_product``, ``inactive_product`` or
    ``price_changed``; *price* is the product's price where that is the reason.
    """

    product_id: ProductId
    wanted: int
    available: int
    reason: str
    price: Money | None = None


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


@attrs.define(kw_only=True, str=False)
class TooManyChanges(DomainError):
    """The order's history is full."""

    code: ClassVar[str] = "too_many_changes"
    order_id: OrderId
    count_max: int

    def message(self) -> str:
        return f"The order was changed {self.count_max} times: only its status can change now."


@attrs.define(kw_only=True, str=False)
class BrokenMessage(DomainError):
    """A message that can never be processed."""

    code: ClassVar[str] = "broken_message"
    reason: str

    def message(self) -> str:
        return self.reason


@attrs.define(kw_only=True, str=False)
class StockConflict(DomainError):
    """A guard of a stock change no longer holds; nothing was written. Load and decide again."""

    code: ClassVar[str] = "stock_conflict"


@attrs.define(kw_only=True, str=False)
class Contention(DomainError):
    """Others won every one of a bounded number of tries; nothing was written."""

    code: ClassVar[str] = "contention"
    tries: int

    def message(self) -> str:
        return "Many are changing the same thing at this moment: try again shortly."


@attrs.define(kw_only=True, str=False)
class CommitRefused(DomainError):
    """The event log refused an offset commit: the partitions belong to another member now."""

    code: ClassVar[str] = "commit_refused"


@attrs.define(kw_only=True, str=False)
class DependencyUnavailable(DomainError):
    """A store or the broker is away or does not answer; whether a write arrived is unknown."""

    code: ClassVar[str] = "dependency_unavailable"
    dependency: str
    reason: str = ""

    def message(self) -> str:
        return f"The {self.dependency} does not answer at the moment: try again shortly."
