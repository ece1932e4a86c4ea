"""Redrives in the background: begun, followed, and ended with the app."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import attrs
import structlog

from inventory_domain.errors import DomainError
from inventory_domain.ports import Clock, IdSource
from inventory_domain.use_cases.redrive import Plan, Redrive

__all__ = ["RedriveRun", "Redrives"]

_log = structlog.get_logger(__name__)

_KEPT_COUNT_MAX: Final = 50


@attrs.define(kw_only=True)
class RedriveRun:
    """One redrive and how far it is; *state* is running, done or failed."""

    run_id: str
    total: int
    per_second: float
    started_at: datetime
    state: str = "running"
    done: int = 0
    sent: int = 0
    fault: str | None = None
    finished_at: datetime | None = None

    def note(self, plan: Plan) -> None:
        """Count one dead letter as dealt with."""
        self.done += 1
        self.sent += plan.is_sent


class Redrives:
    """Runs redrives and remembers the latest of them."""

    def __init__(self, redrive: Redrive, *, clock: Clock, ids: IdSource) -> None:
        self._redrive = redrive
        self._clock = clock
        self._ids = ids
        self._runs: dict[str, RedriveRun] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, plans: Sequence[Plan], *, per_second: float) -> RedriveRun:
        """Begin to send back what *plans* do not leave out."""
        run = RedriveRun(
            run_id=self._ids.new_id(),
            total=len(plans),
            per_second=per_second,
            started_at=self._clock.now(),
        )
        self._runs[run.run_id] = run
        if len(self._runs) > _KEPT_COUNT_MAX:
            del self._runs[next(iter(self._runs))]
        task = asyncio.create_task(self._follow(run, plans), name=f"redrive {run.run_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    def get(self, run_id: str) -> RedriveRun | None:
        """Return a redrive that was begun not too long ago."""
        return self._runs.get(run_id)

    async def aclose(self) -> None:
        """End what is under way; what was not sent is a dead letter still."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, run: RedriveRun, plans: Sequence[Plan]) -> None:
        try:
            await self._redrive.run(plans, per_second=run.per_second, progress=run.note)
            run.state = "done"
        except DomainError as fault:
            run.state, run.fault = "failed", fault.message()
        except Exception as fault:  # noqa: BLE001 - it is told where people look for it
            run.state, run.fault = "failed", "It broke off: see the monitor's log."
            _log.exception("redrive_failed", run=run.run_id, fault=str(fault))
        run.finished_at = self._clock.now()
