"""A product's level while a batch is decided: the arithmetic of movements, and nothing else."""

from datetime import datetime

import attrs

from inventory_domain.ids import OrderId
from inventory_domain.money import Money
from inventory_domain.stock import Movement, MovementKind, Product

__all__ = ["WorkingLevel"]


class WorkingLevel:
    """The mutable numbers of one product; *before* is the product as it was loaded."""

    __slots__ = ("before", "received", "reserved", "sold", "stock", "version", "written_off")

    def __init__(self, before: Product) -> None:
        self.before = before
        self.stock = before.stock
        self.reserved = before.reserved
        self.received = before.received
        self.sold = before.sold
        self.written_off = before.written_off
        self.version = before.version

    @property
    def sellable(self) -> int:
        """How many units an order can get."""
        return self.stock if self.before.is_active else 0

    def refusal(self, quantity: int, price: Money | None) -> str | None:
        """Return the reason why *quantity* at *price* cannot be had, or None."""
        if not self.before.is_active:
            return "inactive_product"
        if price is not None and price != self.before.price:
            return "price_changed"
        return None if quantity <= self.stock else "insufficient_stock"

    def move(
        self,
        kind: MovementKind,
        quantity: int,
        *,
        at: datetime,
        order_id: OrderId | None = None,
        reason: str = "",
        actor: str = "",
    ) -> Movement:
        """Apply one movement of *quantity* units and return its ledger entry."""
        if kind is MovementKind.RESERVED:
            self.stock -= quantity
            self.reserved += quantity
        elif kind is MovementKind.RELEASED:
            self.stock += quantity
            self.reserved -= quantity
        elif kind is MovementKind.CONSUMED:
            self.reserved -= quantity
            self.sold += quantity
        elif kind is MovementKind.RECEIVED:
            self.stock += quantity
            self.received += quantity
        else:
            self.stock -= quantity
            self.written_off += quantity
        self.version += 1
        # Only a bug can break these; what callers can cause was refused before.
        assert self.stock >= 0, f"stock of {self.before.product_id} would be {self.stock}"
        assert self.reserved >= 0, f"reserved of {self.before.product_id} would be negative"
        return Movement(
            product_id=self.before.product_id,
            number=self.version,
            kind=kind,
            quantity=quantity,
            stock_after=self.stock,
            reserved_after=self.reserved,
            order_id=order_id,
            reason=reason,
            actor=actor,
            at=at,
        )

    def product(self, now: datetime) -> Product:
        """Return the product as it stands after the movements."""
        return attrs.evolve(
            self.before,
            stock=self.stock,
            reserved=self.reserved,
            received=self.received,
            sold=self.sold,
            written_off=self.written_off,
            version=self.version,
            updated_at=now,
        )
