"""The audit at the end of a history, held against what was ordered and what admins were told."""

from typing import Protocol

from inventory_domain.audit import Auditor
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.orders import OrderStatus
from inventory_domain.stock import ReservationState
from inventory_domain.testing.simulation.checks import Checks
from inventory_domain.testing.simulation.clients import Clients
from inventory_domain.testing.simulation.parts import Durable, Parts
from inventory_domain.testing.simulation.plan import Plan
from inventory_domain.testing.simulation.witness import Witness

__all__ = ["audit_agrees"]


class Audited(Protocol):
    """What the audit looks at."""

    plan: Plan
    parts: Parts
    checks: Checks
    durable: Durable
    witness: Witness
    clients: Clients


async def audit_agrees(world: Audited) -> None:
    """Check that stock came in and went out as everybody was told."""
    auditor = Auditor()
    async for part in world.parts.stock_store(world.durable).audit_parts():
        auditor.add(part)
    report = auditor.report()
    world.checks.that("audit", report.holds, lambda: "; ".join(map(str, report.differences)))
    sold: dict[ProductId, int] = {}
    for order_id, order in world.witness.orders.orders.items():
        if order.status is OrderStatus.DELIVERED and not _is_given_back(world, order_id):
            for product_id, quantity in world.witness.orders.wanted[order_id].items():
                sold[product_id] = sold.get(product_id, 0) + quantity
    for found in report.products:
        key = found.product_id
        first = dict(world.plan.products).get(key, 0)
        told = world.clients.admins.received.get(key, [])
        doubtful = world.clients.admins.doubtful.get(key, [])
        low = first + sum(told) + sum(one for one in doubtful if one < 0)
        high = first + sum(told) + sum(one for one in doubtful if one > 0)
        net = found.received - found.written_off
        world.checks.that(
            "audit",
            low <= net <= high and found.sold == sold.get(key, 0),
            lambda: (
                f"{key}: {net} came in, the admins were told {low} to {high}; "
                f"{found.sold} are sold, delivered orders have {sold.get(key, 0)}"
            ),
        )


def _is_given_back(world: Audited, order_id: OrderId) -> bool:
    """Tell whether a service gave the order's stock back before its delivery was told."""
    if order_id not in world.clients.partners.meddled:
        return False
    return world.witness.stock.reservations[order_id].state is ReservationState.RELEASED
