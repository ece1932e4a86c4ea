"""The overview: the health of every part, and the few numbers that tell most."""

from typing import Any, Final

from apps.monitor.audits import Audit
from apps.monitor.desk import MonitorDesk
from apps.monitor.samples import Samples
from apps.monitor.views import part_view
from apps.monitor.vitals import Part, Status, worst
from inventory_domain.times import format_time

__all__ = ["overview"]

View = dict[str, Any]

_RECENT_SECONDS: Final = 600.0


async def overview(desk: MonitorDesk) -> View:
    """Return the state of everything; what cannot be seen is said, and nothing raised."""
    parts = await desk.vitals.parts()
    latest = desk.audits.latest
    if latest is not None and not latest.report.holds:
        parts.append(Part("audit", "audit", Status.DOWN, "The stock does not add up."))
    return {
        "status": worst(parts).value,
        "parts": [part_view(part) for part in parts],
        **_numbers(desk.samples, await desk.open_letter_count()),
        "audit": None if latest is None else _audit_view(latest),
        "hasSwitches": desk.switches is not None,
    }


def _numbers(samples: Samples, open_letters: int | None) -> View:
    latest = samples.latest
    groups = () if latest is None else latest.groups
    return {
        "at": None if latest is None else format_time(latest.at),
        "orders": 0 if latest is None else latest.orders,
        "ordersPerSecond": round(samples.rate("orders"), 2),
        "recordsPerSecond": round(samples.rate("records"), 2),
        "lag": {
            "messages": sum(group.messages for group in groups),
            "seconds": round(max((group.seconds for group in groups), default=0.0), 1),
        },
        "deadLetters": {
            "total": 0 if latest is None else latest.dead_letters,
            "open": open_letters,
            "recent": samples.growth("dead_letters", _RECENT_SECONDS),
        },
    }


def _audit_view(audit: Audit) -> View:
    report = audit.report
    return {
        "at": format_time(audit.at),
        "holds": report.holds,
        "productCount": len(report.products),
        "movements": report.movements,
        "differenceCount": len(report.differences),
    }
