"""Readers of a database file: connections of their own beside the writer, in a few threads."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from adapters.embedded.bulk import value
from adapters.embedded.connection import is_outage, unavailable
from inventory_domain.errors import DependencyUnavailable

__all__ = ["Readers"]

T = TypeVar("T")


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
        """Run *work* in a reader's thread with a *connection* that the caller keeps."""
        return await self._submit_to(connection, work, *arguments)

    async def connect(self) -> sqlite3.Connection:
        """Return a connection for the caller alone, to be given back by :meth:`discard`."""
        return await self._submit_to(None, lambda connection: connection)

    async def discard(self, connection: sqlite3.Connection) -> None:
        """Close a connection that the caller had for himself."""
        if not self._closed:
            await asyncio.get_running_loop().run_in_executor(self._executor, self._drop, connection)

    async def aclose(self) -> None:
        """Interrupt what is being read and close every connection."""
        self._closed = True
        for connection in tuple(self._all):
            connection.interrupt()
        await asyncio.to_thread(self._executor.shutdown)
        for connection in tuple(self._all):
            self._drop(connection)

    async def _submit(self, work: Callable[..., T], *arguments: object) -> T:
        self._check_open()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._perform, work, arguments)

    async def _submit_to(
        self, connection: sqlite3.Connection | None, work: Callable[..., T], *arguments: object
    ) -> T:
        self._check_open()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._executor, self._attempt, connection, work, arguments
        )

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
