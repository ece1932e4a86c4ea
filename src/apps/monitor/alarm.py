"""The admins hear of an invariant that broke, and again while nobody mends it."""

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Final

from apps.monitor.audits import Audit
from inventory_domain.audit import Difference
from inventory_domain.ports import Clock, Notifier
from inventory_domain.pushes import alert_push

__all__ = ["Alarm"]


# Longer than anybody works on it, and a push may have met nobody.
_AGAIN_AFTER: Final = timedelta(hours=1)


class Alarm:
    """Pushes an alert when an audit finds what the one before did not, and each hour after it."""

    def __init__(self, notifier: Notifier, clock: Clock) -> None:
        self._notifier = notifier
        self._clock = clock
        self._known: frozenset[Hashable] = frozenset()
        self._told_at: datetime | None = None

    def look(self, audit: Audit) -> None:
        """Tell what is new in *audit*; what was told already is told again once it was right."""
        now = self._clock.now()
        if self._told_at is not None and now - self._told_at >= _AGAIN_AFTER:
            self._known = frozenset()
        broken = {_mark(one): one for one in audit.report.differences}
        new = [one for mark, one in broken.items() if mark not in self._known]
        self._known = frozenset(broken)
        if not new:
            return
        self._told_at = now
        first = new[0]
        more = f", and {len(new) - 1} more" if len(new) > 1 else ""
        alert = alert_push(
            "broken_invariant",
            "conservation",
            f"The audit does not hold: {first}{more}.",
            now=now,
            order_id=first.order_id,
        )
        self._notifier.push([alert])


def _mark(one: Difference) -> Hashable:
    return (one.product_id, one.what, one.order_id)
