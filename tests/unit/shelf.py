"""A store of dicts for decisions about stock: it applies a change if its guards hold."""

import json
from collections.abc import Mapping
from typing import Any

from inventory_domain.audit import Auditor, AuditPart
from inventory_domain.codec import Codec
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import (
    Command,
    Movement,
    Product,
    Reservation,
    StockChange,
    StockView,
)
from inventory_domain.stock_decisions import Decision, Outcome, StockPolicy, decide
from inventory_domain.testing import NOW, a_product, stocking

CODEC = Codec()


class Shelf:
    """Products, reservations and movements, changed by decisions alone."""

    def __init__(self, stock: Mapping[str, int] | None = None, *products: Product) -> None:
        self.products: dict[ProductId, Product] = {}
        self.reservations: dict[OrderId, Reservation] = {}
        self.movements: list[Movement] = []
        stocked = [a_product(name, stock=quantity) for name, quantity in (stock or {}).items()]
        self.apply(stocking(*stocked, *products))

    def send(self, *commands: Command, check_prices: bool = True) -> Decision:
        """Decide *commands* as one batch and apply what was decided."""
        view = StockView(dict(self.reservations), dict(self.products))
        policy = StockPolicy(check_prices=check_prices)
        decision = decide(commands, view, now=NOW, policy=policy, codec=CODEC)
        self.apply(decision.change)
        return decision

    def tell(self, command: Command, *, check_prices: bool = True) -> Outcome:
        """Decide one command and apply what was decided."""
        (outcome,) = self.send(command, check_prices=check_prices).outcomes
        return outcome

    def apply(self, change: StockChange) -> None:
        """Check every guard and apply *change*."""
        for write in change.products:
            stored = self.products.get(write.product.product_id)
            assert write.expected_version == (stored.version if stored else None)
            self.products[write.product.product_id] = write.product
        for guarded in change.reservations:
            held = self.reservations.get(guarded.reservation.order_id)
            assert guarded.expected_version == (held.version if held else None)
            self.reservations[guarded.reservation.order_id] = guarded.reservation
        self.movements.extend(change.movements)

    def levels(self) -> dict[str, tuple[int, int, int]]:
        """Return stock, reserved and sold of each product."""
        return {
            product.product_id: (product.stock, product.reserved, product.sold)
            for product in self.products.values()
        }

    def audit_differences(self) -> list[str]:
        """Return what the audit finds wrong."""
        auditor = Auditor()
        auditor.add(
            AuditPart(
                products=tuple(self.products.values()),
                reservations=tuple(self.reservations.values()),
                movements=tuple(self.movements),
            )
        )
        return [str(difference) for difference in auditor.report().differences]


def document(event: OutgoingRecord | None) -> dict[str, Any]:
    """Return what an outcome's record tells."""
    assert event is not None
    found: dict[str, Any] = json.loads(event.value or b"")
    return found
