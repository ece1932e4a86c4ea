"""The audit and dead letters as data for programs: the monitor's answers and the commands' JSON."""

from collections.abc import Iterable
from typing import Any, Final

from inventory_domain.audit import AuditReport, Difference, ProductSum
from inventory_domain.dead_letters import DeadLetter
from inventory_domain.times import format_time

__all__ = ["SUMS", "audit_facts", "difference_facts", "letter_facts", "product_facts"]

Facts = dict[str, Any]

SUMS: Final = {
    "received": "received",
    "stock": "stock",
    "reserved": "reserved",
    "sold": "sold",
    "writtenOff": "written_off",
}
"""What a product's sum is made of: the name in JSON, and that of the attribute."""


def audit_facts(report: AuditReport) -> Facts:
    """Return what the audit comes to as a whole."""
    return {
        "holds": report.holds,
        "movements": report.movements,
        "ordersReserved": report.orders_reserved,
    }


def product_facts(products: Iterable[ProductSum]) -> list[Facts]:
    """Return the sum of each product."""
    return [
        {
            "productId": product.product_id,
            "name": product.name,
            **{name: getattr(product, attribute) for name, attribute in SUMS.items()},
            "holds": product.holds,
        }
        for product in products
    ]


def difference_facts(differences: Iterable[Difference]) -> list[Facts]:
    """Return what does not add up."""
    return [
        {
            "productId": one.product_id,
            "orderId": one.order_id,
            "what": one.what,
            "expected": one.expected,
            "found": one.found,
            "difference": one.found - one.expected,
        }
        for one in differences
    ]


def letter_facts(letter: DeadLetter) -> Facts:
    """Return why a letter was given up and where it came from, without its bytes."""
    failure = letter.failure
    return {
        "id": letter.letter_id,
        "topic": letter.origin.topic,
        "partition": letter.origin.partition,
        "offset": letter.offset,
        "orderId": letter.order_id,
        "reason": failure.error_class,
        "message": failure.message,
        "attempts": failure.attempts,
        "firstFailureAt": format_time(failure.first_at),
        "lastFailureAt": format_time(failure.last_at),
        "service": letter.service,
        "redrives": letter.redrives,
        "isOpen": letter.is_open,
    }
