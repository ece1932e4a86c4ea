"""The conservation audit, kept for a while, since it reads the whole ledger."""

import asyncio
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from inventory_domain.audit import Auditor, AuditReport, ProductSum
from inventory_domain.ports import Clock, StockStore

__all__ = ["Audit", "Audits"]

_AGE_SECONDS_MAX: Final = 3.0
_PAUSE_SECONDS_MIN: Final = 20.0
# Up to this it is run for whoever asks; what takes longer nobody has to wait for.
_WAIT_SECONDS_MAX: Final = 1.0
# It takes at most a fiftieth of the time, by itself and for all who ask.
_PAUSE_FACTOR: Final = 50


@attrs.frozen(kw_only=True)
class Audit:
    """A report, when it was begun and how long it took; *products*: broken ones first, by name."""

    at: datetime
    seconds: float
    report: AuditReport
    products: Sequence[ProductSum] = attrs.field(init=False)

    @products.default
    def _sorted(self) -> Sequence[ProductSum]:
        # Once, and not for everybody who looks.
        products = self.report.products
        return sorted(products, key=lambda one: (one.holds, one.name.lower(), one.product_id))


@attrs.define
class Audits:
    """Runs the audit on demand, once for all who ask at the same time."""

    store: StockStore
    clock: Clock
    latest: Audit | None = None
    _running: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    async def recent(self) -> Audit:
        """Return the latest audit, or a new one if there is none or one costs little by now.

        Raises:
            DependencyUnavailable: it was run, and the stock store is away.
        """
        latest = self.latest
        if latest is None:
            return await self.run()
        has_rested = self._age_seconds(latest) >= latest.seconds * _PAUSE_FACTOR
        return await self.run() if has_rested and latest.seconds <= _WAIT_SECONDS_MAX else latest

    async def run(self, age_seconds_max: float = _AGE_SECONDS_MAX) -> Audit:
        """Return an audit that is at most so old.

        Raises:
            DependencyUnavailable: the stock store is away.
        """
        asked_at = self.clock.now()
        async with self._running:
            latest = self.latest
            oldest = asked_at - timedelta(seconds=age_seconds_max)
            if latest is None or not oldest <= latest.at <= self.clock.now():
                latest = self.latest = await self._audit()
            return latest

    def due_in_seconds(self) -> float:
        """Return how long to wait before the next one that nobody asked for."""
        if self.latest is None:
            return 0.0
        pause = max(_PAUSE_SECONDS_MIN, self.latest.seconds * _PAUSE_FACTOR)
        return pause - self._age_seconds(self.latest)

    def _age_seconds(self, audit: Audit) -> float:
        age = (self.clock.now() - audit.at).total_seconds()
        # Younger than nothing: the clock was set back, and nobody knows how old it is.
        return age if age >= 0 else math.inf

    async def _audit(self) -> Audit:
        began = self.clock.now()
        report = await self._read(Auditor(names_orders=False))
        if not report.holds:
            # Once more, now that it is worth the memory.
            report = await self._read(Auditor())
        return Audit(at=began, seconds=(self.clock.now() - began).total_seconds(), report=report)

    async def _read(self, auditor: Auditor) -> AuditReport:
        async for part in self.store.audit_parts():
            await asyncio.to_thread(auditor.add, part)
        return await asyncio.to_thread(auditor.report)
