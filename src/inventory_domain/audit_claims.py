"""What orders claim: their reservations minus the ledger, which leaves nothing if both agree."""

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from inventory_domain.ids import OrderId, ProductId

__all__ = ["Claims", "ClaimsByOrder", "ClaimsByProduct"]

Claim = tuple[ProductId, OrderId | None, int]


class Claims(Protocol):
    """Sums up units, positive from reservations and negative from the ledger."""

    def add(self, product_id: ProductId, order_id: OrderId, quantity: int) -> None:
        """Take *quantity* units into account."""

    def left(self) -> Iterable[Claim]:
        """Yield what does not come to nothing."""


class ClaimsByOrder:
    """Names the orders; its memory grows with those that are open meanwhile."""

    def __init__(self) -> None:
        self._open: dict[tuple[ProductId, OrderId], int] = {}

    def add(self, product_id: ProductId, order_id: OrderId, quantity: int) -> None:
        """Take *quantity* units of one order into account."""
        key = (product_id, order_id)
        claim = self._open.pop(key, 0) + quantity
        if claim:
            self._open[key] = claim

    def left(self) -> Iterable[Claim]:
        """Yield each order that has units left over, or lacks some."""
        for (product_id, order_id), claim in sorted(self._open.items()):
            yield product_id, order_id, claim


class ClaimsByProduct:
    """Names the products alone, in little memory.

    Each order weighs as much as its hash says, so that what one has too much does not hide what
    another lacks.
    """

    def __init__(self) -> None:
        self._units: Counter[ProductId] = Counter()
        self._weights: Counter[ProductId] = Counter()

    def add(self, product_id: ProductId, order_id: OrderId, quantity: int) -> None:
        """Take *quantity* units of one order into account."""
        self._units[product_id] += quantity
        self._weights[product_id] += quantity * hash(order_id)

    def left(self) -> Iterable[Claim]:
        """Yield each product whose orders do not agree, with the units that are left over."""
        for product_id, weight in sorted(self._weights.items()):
            if weight or self._units[product_id]:
                yield product_id, None, self._units[product_id]
