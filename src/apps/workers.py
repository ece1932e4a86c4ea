"""Background work, supervised: what dies is restarted, and readiness shows it meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import attrs
import structlog

from inventory_domain.ports import Clock

__all__ = ["OpenWork", "Supervisor", "Work", "WorkerState", "supervised"]

_log = structlog.get_logger(__name__)

_RESTART_PAUSE_SECONDS = 0.5
_RESTART_PAUSE_SECONDS_MAX = 30.0
_STOP_SECONDS_MAX = 3.0


class Work(Protocol):
    """Something that runs until it is stopped."""

    @property
    def outage(self) -> Exception | None:
        """What it waits for the end of, or None."""

    async def run(self) -> None:
        """Work until :meth:`stop`."""

    def stop(self) -> None:
        """Let :meth:`run` return after the batch that is under way."""


OpenWork = Callable[[], Awaitable[Work]]


@attrs.frozen
class WorkerState:
    """How a worker is: *fault* says why it is not well, None: it is."""

    name: str
    fault: str | None = None
    restarts: int = 0


@attrs.define
class _Worker:
    """One piece of work that is kept running."""

    name: str
    open_work: OpenWork
    stop_turn: int
    work: Work | None = None
    fault: str | None = "it is starting"
    restarts: int = 0
    task: asyncio.Task[None] | None = None
    wanted: asyncio.Event = attrs.field(factory=asyncio.Event)
    """Clear while it is paused."""

    def state(self) -> WorkerState:
        outage = None if self.work is None else self.work.outage
        return WorkerState(self.name, self.fault if outage is None else str(outage), self.restarts)


class Supervisor:
    """Keeps named workers running until it is stopped.

    One that dies, or ends before it was asked to, is restarted after a pause that doubles with
    every death in a row.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._workers: list[_Worker] = []
        self._stopping = False
        self._changed = asyncio.Event()

    def states(self) -> Sequence[WorkerState]:
        """Return how every worker is now, outages included."""
        return tuple(worker.state() for worker in self._workers)

    def start(self, name: str, open_work: OpenWork, *, stop_turn: int = 0) -> None:
        """Begin to keep a worker running; *open_work* makes it anew at each start.

        Workers are stopped in the order of *stop_turn*, those of one turn at the same time.
        """
        worker = _Worker(name, open_work, stop_turn)
        worker.wanted.set()
        worker.task = asyncio.create_task(self._keep(worker), name=name)
        self._workers.append(worker)

    def pause(self, name: str) -> None:
        """Let the worker *name* finish its batch and rest, which shows as a fault."""
        worker = self._named(name)
        worker.wanted.clear()
        if worker.work is not None:
            worker.work.stop()

    def resume(self, name: str) -> None:
        """Let the worker *name* be opened anew."""
        self._named(name).wanted.set()

    def is_paused(self, name: str) -> bool:
        """Tell whether the worker *name* was told to rest."""
        return not self._named(name).wanted.is_set()

    async def until_up(self) -> None:
        """Return as soon as every worker has started and none has a fault that it knows of."""
        while any(worker.fault is not None for worker in self._workers):
            self._changed.clear()
            await self._changed.wait()

    async def stop(self, seconds_max: float = _STOP_SECONDS_MAX) -> None:
        """Let the workers of each turn finish their batch, at most so long, then end them."""
        self._stopping = True
        for turn in sorted({worker.stop_turn for worker in self._workers}):
            await _stop(
                [worker for worker in self._workers if worker.stop_turn == turn], seconds_max
            )

    async def _keep(self, worker: _Worker) -> None:
        deaths = 0
        while not self._stopping:
            await self._until_wanted(worker)
            started = self._clock.now()
            try:
                worker.work = await worker.open_work()
                self._note(worker, None)
                if self._stopping or not worker.wanted.is_set():
                    worker.work.stop()
                await worker.work.run()
                fault = "it ended by itself"
            except (Exception, asyncio.CancelledError) as error:
                if _is_asked_to_end():
                    raise
                # Whatever else killed it, also a cancelled call of a library that it waited for.
                fault = f"{type(error).__name__}: {error}"
                _log.exception("worker_died", worker=worker.name, restarts=worker.restarts)
            if self._stopping:
                return
            worker.work = None
            if not worker.wanted.is_set():
                continue
            worker.restarts += 1
            self._note(worker, fault)
            lived = (self._clock.now() - started).total_seconds()
            deaths = 1 if lived > _RESTART_PAUSE_SECONDS_MAX else deaths + 1
            await self._clock.sleep(_pause_seconds(deaths))

    async def _until_wanted(self, worker: _Worker) -> None:
        if not worker.wanted.is_set():
            self._note(worker, "it is paused")
            await worker.wanted.wait()

    def _named(self, name: str) -> _Worker:
        return next(worker for worker in self._workers if worker.name == name)

    def _note(self, worker: _Worker, fault: str | None) -> None:
        worker.fault = fault
        self._changed.set()


def _is_asked_to_end() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _pause_seconds(deaths: int) -> float:
    # Past so many the pause has long reached its bound; two to the power of a year's is huge.
    doublings = min(deaths - 1, 16)
    return min(_RESTART_PAUSE_SECONDS * 2.0**doublings, _RESTART_PAUSE_SECONDS_MAX)


async def _stop(workers: Sequence[_Worker], seconds_max: float) -> None:
    for worker in workers:
        if worker.work is not None:
            worker.work.stop()
        elif worker.task is not None:
            worker.task.cancel()  # it is being opened, or pauses after a death
    tasks = [worker.task for worker in workers if worker.task is not None]
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=seconds_max)
    for task in late:
        _log.warning("worker_cut_off", worker=task.get_name(), seconds=seconds_max)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def supervised(supervisor: Supervisor) -> AsyncIterator[Supervisor]:
    """Stop *supervisor* on the way out."""
    try:
        yield supervisor
    finally:
        await supervisor.stop()
