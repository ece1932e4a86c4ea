"""The audit as data: what the whole comes to, a page of the products, and what breaks it."""

from collections.abc import Sequence
from typing import Any, Final

import attrs

from apps.monitor.audits import Audit
from apps.reports import SUMS, audit_facts, difference_facts, product_facts
from inventory_domain.audit import ProductSum
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


def chosen_products(audit: Audit, wanted: AuditFilter) -> Sequence[ProductSum]:
    """Return the products that pass, broken ones first."""
    if wanted == AuditFilter():
        return audit.products
    return [product for product in audit.products if wanted.matches(product)]


def audit_view(audit: Audit, products: Sequence[ProductSum]) -> View:
    """Return the *audit* with these *products* of it."""
    report = audit.report
    return {
        "at": format_time(audit.at),
        "seconds": round(audit.seconds, 3),
        **audit_facts(report),
        "productCount": len(report.products),
        "differenceCount": len(report.differences),
        "sums": {
            name: sum(getattr(one, attribute) for one in report.products)
            for name, attribute in SUMS.items()
        },
        "products": product_facts(products),
        "differences": difference_facts(report.differences[:_DIFFERENCES_SHOWN_MAX]),
    }
