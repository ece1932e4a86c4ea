"""Background work, supervised: what dies is restarted, and readiness shows it meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import attrs
import structlog

from inventory_domain.ports import Clock

__all__ = ["Supervisor", "WorkerState", "supervised"]

_log = structlog.get_logger(__name__)

_RESTART_PAUSE_SECONDS = 1.0
_STOP_SECONDS_MAX = 5.0


class Work(Protocol):
    """Something that runs until it is stopped, and knows whether the world is away."""

    async def run(self) -> None: ...


@attrs.define
class WorkerState:
    """How a worker is: *fault* says why it is not well, None: it is."""

    name: str
    fault: str | None = None
    restarts: int = 0


OpenWork = Callable[[], Awaitable[Work]]


class Supervisor:
    """Keeps named workers running until it is stopped."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._states: dict[str, WorkerState] = {}
        self._work: dict[str, Work] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def states(self) -> Sequence[WorkerState]:
        """Return how every worker is now, outages included."""
        for name, state in self._states.items():
            work = self._work.get(name)
            outage = getattr(work, "outage", None)
            if work is not None:
                state.fault = None if outage is None else str(outage)
        return tuple(self._states.values())

    def start(self, name: str, open_work: OpenWork) -> None:
        """Begin to keep a worker running; *open_work* makes it anew at each start."""
        self._states[name] = WorkerState(name)
        self._tasks[name] = asyncio.create_task(self._keep(name, open_work), name=name)

    async def stop(self) -> None:
        """Let every worker finish its batch, for a bounded time, then end it."""
        self._stopping = True
        for work in self._work.values():
            stop = getattr(work, "stop", None)
            if stop is not None:
                stop()
        tasks = list(self._tasks.values())
        stoppable = [t for n, t in self._tasks.items() if hasattr(self._work.get(n), "stop")]
        if stoppable:
            await asyncio.wait(stoppable, timeout=_STOP_SECONDS_MAX)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, name: str, open_work: OpenWork) -> None:
        state = self._states[name]
        while not self._stopping:
            try:
                work = await open_work()
                self._work[name] = work
                await work.run()
            except asyncio.CancelledError:
                raise
            except Exception as fault:  # noqa: BLE001 - whatever kills a worker, it is restarted
                self._work.pop(name, None)
                state.fault = f"{type(fault).__name__}: {fault}"
                state.restarts += 1
                _log.exception("worker_died", worker=name, restarts=state.restarts)
                await self._clock.sleep(_RESTART_PAUSE_SECONDS)


@asynccontextmanager
async def supervised(supervisor: Supervisor) -> AsyncIterator[Supervisor]:
    """Stop *supervisor* on the way out."""
    try:
        yield supervisor
    finally:
        await supervisor.stop()
