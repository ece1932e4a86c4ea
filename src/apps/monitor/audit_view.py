"""The audit as data: what the whole comes to, a page of the products, and what breaks it."""

from typing import Any, Final

import attrs

from apps.monitor.audits import Audit
from inventory_domain.audit import AuditReport, Difference, ProductSum
from inventory_domain.times import format_time

__all__ = ["AuditFilter", "audit_view", "chosen_products"]

View = dict[str, Any]

_DIFFERENCES_SHOWN_MAX: Final = 500


@attrs.frozen(kw_only=True)
class AuditFilter:
    """Which products to show: those in whose name or id *search* is found, or broken ones."""

    search: str | None = None
    broken: bool = False

    def matches(self, product: ProductSum) -> bool:
        """Tell whether *product* is to be shown."""
        text = f"{product.product_id}\n{product.name}".lower()
        return (self.search is None or self.search.lower() in text) and not (
            self.broken and product.holds
        )


def chosen_products(report: AuditReport, wanted: AuditFilter) -> list[ProductSum]:
    """Return the products that pass, broken ones first."""
    chosen = [product for product in report.products if wanted.matches(product)]
    return sorted(chosen, key=lambda one: (one.holds, one.name.lower(), one.product_id))


def audit_view(audit: Audit, products: list[ProductSum]) -> View:
    """Return the *audit* with these *products* of it."""
    report = audit.report
    return {
        "at": format_time(audit.at),
        "seconds": round(audit.seconds, 3),
        "holds": report.holds,
        "movements": report.movements,
        "ordersReserved": report.orders_reserved,
        "productCount": len(report.products),
        "differenceCount": len(report.differences),
        "sums": {
            "received": sum(one.received for one in report.products),
            "stock": sum(one.stock for one in report.products),
            "reserved": sum(one.reserved for one in report.products),
            "sold": sum(one.sold for one in report.products),
            "writtenOff": sum(one.written_off for one in report.products),
        },
        "products": [_product_view(product) for product in products],
        "differences": [_difference_view(one) for one in _first(report.differences)],
    }


def _first(differences: tuple[Difference, ...]) -> tuple[Difference, ...]:
    return differences[:_DIFFERENCES_SHOWN_MAX]


def _product_view(product: ProductSum) -> View:
    return {
        "productId": product.product_id,
        "name": product.name,
        "received": product.received,
        "stock": product.stock,
        "reserved": product.reserved,
        "sold": product.sold,
        "writtenOff": product.written_off,
        "holds": product.holds,
    }


def _difference_view(difference: Difference) -> View:
    return {
        "productId": difference.product_id,
        "orderId": difference.order_id,
        "what": difference.what,
        "expected": difference.expected,
        "found": difference.found,
        "difference": difference.found - difference.expected,
    }
