"""What people and services do in a history, each as one story that can be left out."""

import attrs

from inventory_domain.ids import ProductId
from inventory_domain.money import Money

__all__ = [
    "PLENTY",
    "PRICE",
    "CallStory",
    "OrderStory",
    "RedriveStory",
    "StockStory",
    "Story",
]

PLENTY = ProductId("PLENTY")
"""A product that is never short and never changed."""

PRICE = Money(1000)
"""What each product costs at first."""


@attrs.frozen(kw_only=True)
class OrderStory:
    """An order: its lines, and what becomes of it. Times are seconds from the start."""

    number: int
    at: float
    user: str
    lines: tuple[tuple[ProductId, int], ...]
    cancel_after: float | None
    is_delivered: bool
    pauses: tuple[float, ...]

    def __str__(self) -> str:
        lines = ", ".join(f"{quantity} {product}" for product, quantity in self.lines)
        ends = " and is delivered" if self.is_delivered else ""
        if self.cancel_after is not None:
            ends += f", cancelled {self.cancel_after:.2f} s later"
        return f"at {self.at:.2f} s {self.user} orders {lines}{ends}"


@attrs.frozen(kw_only=True)
class StockStory:
    """An admin changes a product: receives, writes off, edits its price or takes it off sale."""

    at: float
    product_id: ProductId
    kind: str
    quantity: int

    def __str__(self) -> str:
        return f"at {self.at:.2f} s an admin: {self.kind} {self.quantity} of {self.product_id}"


@attrs.frozen(kw_only=True)
class RedriveStory:
    """An admin sends the dead letters back."""

    at: float

    def __str__(self) -> str:
        return f"at {self.at:.2f} s an admin sends the dead letters back"


@attrs.frozen(kw_only=True)
class CallStory:
    """Another service calls about stock: for an order of its own, or for the shop's *number*.

    Its own it reserves, and gives back after a while, or never. What the shop's order holds it
    gives back.
    """

    at: float
    name: str
    lines: tuple[tuple[ProductId, int], ...]
    number: int | None
    release_after: float | None

    def __str__(self) -> str:
        if self.number is not None:
            return f"at {self.at:.2f} s a service gives back the stock of order {self.number}"
        lines = ", ".join(f"{quantity} {product}" for product, quantity in self.lines)
        after = self.release_after
        ends = "" if after is None else f", and gives them back {after:.2f} s later"
        return f"at {self.at:.2f} s a service reserves {lines} for {self.name}{ends}"


Story = OrderStory | StockStory | RedriveStory | CallStory
