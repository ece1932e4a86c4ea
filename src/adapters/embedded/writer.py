"""The one writer of a database file: a thread that puts concurrent writes into one commit."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from adapters.embedded.connection import is_outage, unavailable
from inventory_domain.errors import DependencyUnavailable

__all__ = ["Writer"]

T = TypeVar("T")
Item = TypeVar("Item")

_JOBS_PER_COMMIT_MAX = 512
_ITEMS_PER_CALL_MAX = 5_000
_COMMITS_BETWEEN_TIDYINGS = 16


class _Job:
    """One caller's write; *items* is None if it cannot be merged with others."""

    __slots__ = ("error", "future", "items", "result", "then", "work")

    def __init__(
        self,
        work: Callable[..., Any],
        items: Sequence[Any] | None,
        future: "asyncio.Future[Any]",
        then: Callable[[Any], None] | None = None,
    ) -> None:
        self.work = work
        self.items = items
        self.future = future
        self.then = then
        self.result: Any = None
        self.error: BaseException | None = None

    def resolve(self) -> None:
        if self.error is None and self.then is not None:
            self.then(self.result)
        if self.future.done():
            return  # its caller was cancelled
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """Runs writes one after the other; those that gather meanwhile share the next commit.

    A write is durable when its call returns. One that raises is undone by itself. When the
    file is away every write of that commit fails with ``DependencyUnavailable``, and the next
    one tries anew. Now and then *tidy_up* is called between two commits.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        dependency: str,
        *,
        waiting_count_max: int = 10_000,
        tidy_up: Callable[[sqlite3.Connection], None] = lambda _: None,
    ) -> None:
        self.commits = 0
        self._tidy_up = tidy_up
        self._connect = connect
        self._dependency = dependency
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._room = asyncio.Semaphore(waiting_count_max)
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._main, name=f"{dependency} writer", daemon=True)
        self._thread.start()

    async def run(
        self,
        work: Callable[[sqlite3.Connection], T],
        *,
        then: Callable[[T], None] | None = None,
    ) -> T:
        """Run *work* in a transaction and return its result when it is durable.

        *then* is called on the event loop, in the order of the commits, also if the caller
        was cancelled meanwhile.
        """
        result: T = await self._hand_in(work, None, then)
        return result

    async def run_merged(
        self,
        work: Callable[[sqlite3.Connection, list[Item]], Sequence[T]],
        items: Sequence[Item],
        *,
        then: Callable[[Sequence[T]], None] | None = None,
    ) -> Sequence[T]:
        """Run *work* on *items*, perhaps together with those of other callers.

        *work* gives one result for each item and treats each by itself; *then* as in ``run``.
        """
        results: Sequence[T] = await self._hand_in(work, items, then)
        return results

    async def aclose(self, seconds: float) -> None:
        """Do what was handed in, then close the file; give up waiting after *seconds*."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            connection = self._connection
            if connection is not None:
                connection.interrupt()

    async def _hand_in(
        self,
        work: Callable[..., Any],
        items: Sequence[Any] | None,
        then: Callable[[Any], None] | None,
    ) -> Any:  # noqa: ANN401 - run and run_merged give the types
        await self._room.acquire()
        if self._closed:
            self._room.release()
            raise DependencyUnavailable(dependency=self._dependency, reason="it is closed")
        job = _Job(work, items, self._loop.create_future(), then)
        self._queue.put(job)
        return await job.future

    # What follows runs in the writer's thread, but for _resolve and _end.

    def _main(self) -> None:
        going = True
        while going:
            jobs, going = self._gather()
            if jobs:
                self._perform(jobs)
                self._tell(self._resolve, jobs)
                if self.commits % _COMMITS_BETWEEN_TIDYINGS == 0:
                    self._tidy()
        self._disconnect()
        self._tell(self._ended.set)

    def _gather(self) -> tuple[list[_Job], bool]:
        """Wait for a job and take all that wait with it; False: there will be no more."""
        jobs: list[_Job] = []
        found = self._queue.get()
        try:
            while found is not None:
                jobs.append(found)
                if len(jobs) >= _JOBS_PER_COMMIT_MAX:
                    return jobs, True
                found = self._queue.get_nowait()
        except Empty:
            return jobs, True
        return jobs, False

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:
            # The event loop is gone, and with it everybody who waited.
            return

    def _resolve(self, jobs: list[_Job]) -> None:
        for job in jobs:
            self._room.release()
            job.resolve()

    def _perform(self, jobs: list[_Job]) -> None:
        parts = _merge(jobs)
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            for part in parts:
                _attempt(connection, part, alone=len(jobs) == 1)
            if connection.in_transaction:
                connection.execute("COMMIT")
                self.commits += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits to hear of it
            self._recover(error)
            for job in jobs:
                outage = is_outage(error)
                job.error = unavailable(error, self._dependency) if outage else error

    def _tidy(self) -> None:
        if self._connection is None:
            return
        try:
            self._tidy_up(self._connection)
        except Exception as error:  # noqa: BLE001 - what was committed is safe, and more will come
            self._recover(error)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _recover(self, error: Exception) -> None:
        """Undo what is open; a connection that cannot be trusted any more is opened anew."""
        connection = self._connection
        if connection is None:
            return
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._disconnect()
            return
        # The low byte is the kind of the error; for these two the connection is as good as ever.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL):
            self._disconnect()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _merge(jobs: list[_Job]) -> list[list[_Job]]:
    """Put neighbours that do the same work together."""
    parts: list[list[_Job]] = []
    count = 0
    for job in jobs:
        size = len(job.items or ())
        if parts and _can_join(parts[-1][0], job) and count + size <= _ITEMS_PER_CALL_MAX:
            parts[-1].append(job)
            count += size
        else:
            parts.append([job])
            count = size
    return parts


def _can_join(first: _Job, job: _Job) -> bool:
    return first.items is not None and job.items is not None and first.work == job.work


def _attempt(connection: sqlite3.Connection, part: list[_Job], *, alone: bool) -> None:
    """Do one part; if it raises it is undone, and the others go on unless the file is away."""
    if not alone:
        connection.execute("SAVEPOINT part")
    try:
        _run(connection, part)
    except Exception as error:
        if is_outage(error):
            raise
        connection.execute("ROLLBACK" if alone else "ROLLBACK TO part")
        if len(part) == 1:
            part[0].error = error
        else:
            # One of them is to blame: each is done by itself, so that it fails alone.
            for job in part:
                _attempt(connection, [job], alone=False)
    if not alone:
        connection.execute("RELEASE part")


def _run(connection: sqlite3.Connection, part: list[_Job]) -> None:
    first = part[0]
    if first.items is None:
        first.result = first.work(connection)
        return
    results = first.work(connection, [item for job in part for item in job.items or ()])
    start = 0
    for job in part:
        count = len(job.items or ())
        job.result = results[start : start + count]
        start += count
