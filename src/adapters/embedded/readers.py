"""Readers of a database file: connections of their own beside the writer, in a few threads."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from adapters.embedded.bulk import value
from adapters.embedded.connection import is_outage, unavailable
from inventory_domain.errors import DependencyUnavailable

__all__ = ["Readers"]

T = TypeVar("T")

_INTERRUPT_AGAIN_SECONDS = 0.05


class Readers:
    """Reads that see one moment each, whatever is written meanwhile."""

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        dependency: str,
        *,
        thread_count: int = 2,
    ) -> None:
        self._connect = connect
        self._dependency = dependency
        self._executor = ThreadPoolExecutor(thread_count, thread_name_prefix=f"{dependency} reader")
        self._idle: deque[sqlite3.Connection] = deque()
        self._all: set[sqlite3.Connection] = set()
        self._closed = False

    async def run(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Return what *read* gives; all its statements see the same moment."""
        return await self._submit(_in_one_moment, read)

    async def value(self, statement: str, parameters: Iterable[Any] = ()) -> Any:  # noqa: ANN401 - SQL has no types to promise
        """Return the one value that *statement* gives, or None."""
        return await self._submit(value, statement, parameters)

    async def call(
        self, work: Callable[..., T], connection: sqlite3.Connection, *arguments: object
    ) -> T:
        """Run *work* in a reader's thread with a *connection* that the caller keeps.

        A caller that is cancelled hears of it when no thread uses the connection any more.
        """
        running = self._start(connection, work, *arguments)
        return await _ended(running, lambda: _interrupt(connection))

    async def connect(self) -> sqlite3.Connection:
        """Return a connection for the caller alone, to be given back by :meth:`discard`."""
        running = self._start(None, lambda connection: connection)
        try:
            return await _ended(running, lambda: None)
        except asyncio.CancelledError:
            if not running.cancelled() and running.exception() is None:
                await self.discard(running.result())
            raise

    async def discard(self, connection: sqlite3.Connection) -> None:
        """Close a connection that the caller had for himself."""
        if not self._closed:
            # It is closed also if the caller is cancelled meanwhile: only the wait ends then.
            await asyncio.wait([asyncio.wrap_future(self._executor.submit(self._drop, connection))])

    async def aclose(self) -> None:
        """Interrupt what is being read and close every connection."""
        self._closed = True
        for connection in tuple(self._all):
            _interrupt(connection)
        await asyncio.to_thread(self._executor.shutdown)
        for connection in tuple(self._all):
            self._drop(connection)

    async def _submit(self, work: Callable[..., T], *arguments: object) -> T:
        self._check_open()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._perform, work, arguments)

    def _start(
        self, connection: sqlite3.Connection | None, work: Callable[..., T], *arguments: object
    ) -> "Future[T]":
        self._check_open()
        return self._executor.submit(self._attempt, connection, work, arguments)

    def _check_open(self) -> None:
        if self._closed:
            raise DependencyUnavailable(dependency=self._dependency, reason="it is closed")

    # What follows runs in the readers' threads.

    def _perform(self, work: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._attempt(None, lambda opened: opened, ())
        result = self._attempt(connection, work, arguments)
        self._idle.append(connection)
        return result

    def _attempt(
        self,
        connection: sqlite3.Connection | None,
        work: Callable[..., T],
        arguments: tuple[Any, ...],
    ) -> T:
        self._check_open()
        try:
            if connection is None:
                connection = self._connect()
                self._all.add(connection)
            return work(connection, *arguments)
        except Exception as error:
            if connection is not None:
                self._drop(connection)
            if is_outage(error):
                raise unavailable(error, self._dependency) from error
            raise

    def _drop(self, connection: sqlite3.Connection) -> None:
        self._all.discard(connection)
        connection.close()


def _in_one_moment(connection: sqlite3.Connection, read: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN")
    try:
        return read(connection)
    finally:
        connection.execute("COMMIT")


async def _ended(running: "Future[T]", interrupt: Callable[[], None]) -> T:
    """Return what *running* gives; a caller that is cancelled still waits for its end."""
    future = asyncio.wrap_future(running)
    try:
        await asyncio.wait([future])
    except asyncio.CancelledError:
        while not (future.done() or running.cancel()):
            # Between two statements there is nothing to interrupt, so it is done again.
            interrupt()
            with suppress(asyncio.CancelledError):
                await asyncio.wait([future], timeout=_INTERRUPT_AGAIN_SECONDS)
        if future.done() and not future.cancelled():
            future.exception()  # somebody must have looked at it
        raise
    return future.result()


def _interrupt(connection: sqlite3.Connection) -> None:
    # It may have failed and been closed just now.
    with suppress(sqlite3.ProgrammingError):
        connection.interrupt()
