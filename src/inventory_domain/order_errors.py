"""Refusals about orders."""

from typing import ClassVar

import attrs

from inventory_domain.failures import DomainError
from inventory_domain.ids import OrderId
from inventory_domain.money import Money
from inventory_domain.stock_errors import RefusedLine

__all__ = [
    "AddressFixed",
    "CancelNotAllowed",
    "EmptyOrder",
    "IdempotencyKeyReused",
    "OrderChanged",
    "OrderNotFound",
    "OrderNumberTaken",
    "StaleVersion",
    "StockNotReserved",
    "TooManyChanges",
    "TotalMismatch",
    "TransitionNotAllowed",
]


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
    """The order's stock is not reserved, so nothing of it can go out.

    If it was rejected, *lines* says for each short line why.
    """

    code: ClassVar[str] = "stock_not_reserved"
    order_id: OrderId
    stock_state: str
    lines: tuple[RefusedLine, ...] = ()

    def message(self) -> str:
        if self.stock_state == "released":
            return "The stock of this order was given back for good: cancel it, and order anew."
        reasons = ", ".join(f"{x.product_id}: {x.reason.replace('_', ' ')}" for x in self.lines)
        state = f"{self.stock_state} ({reasons})" if reasons else self.stock_state
        return f"The stock of this order is {state}; it must be reserved first."


@attrs.define(kw_only=True, str=False)
class CancelNotAllowed(DomainError):
    """The owner comes too late to cancel."""

    code: ClassVar[str] = "cancel_not_allowed"
    order_id: OrderId
    current: str

    def message(self) -> str:
        return f"The order is {self.current} already: ask the shop to cancel it."


@attrs.define(kw_only=True, str=False)
class AddressFixed(DomainError):
    """The order is on its way or has ended, so where it goes is settled."""

    code: ClassVar[str] = "address_fixed"
    order_id: OrderId
    current: str

    def message(self) -> str:
        return f"The order is {self.current} already: its address can no longer change."


@attrs.define(kw_only=True, str=False)
class OrderNotFound(DomainError):
    """No order has this id."""

    code: ClassVar[str] = "order_not_found"
    order_id: str

    def message(self) -> str:
        return "There is no order with this id: check the id."


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
class TooManyChanges(DomainError):
    """The order's history is full."""

    code: ClassVar[str] = "too_many_changes"
    order_id: OrderId
    count_max: int

    def message(self) -> str:
        return f"The order was changed {self.count_max} times: only its status can change now."


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
