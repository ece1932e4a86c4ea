"""What the owner of the log does now and then by itself."""

import asyncio
import sqlite3
from typing import Protocol

from adapters.embedded.bulk import value
from adapters.embedded.log_groups import LogGroups
from adapters.embedded.readers import Readers
from inventory_domain.errors import DependencyUnavailable

__all__ = ["LogKeeper"]

_LOOK_SECONDS = 0.25


class _Log(Protocol):
    async def look(self) -> None: ...

    async def retain(self) -> None: ...


class LogKeeper:
    """Sees what other processes append, lets silent members go, and deletes old records."""

    def __init__(
        self, log: _Log, groups: LogGroups, readers: Readers, session_seconds: float
    ) -> None:
        self._log = log
        self._groups = groups
        self._readers = readers
        self._session_seconds = session_seconds
        self._connection: sqlite3.Connection | None = None
        self._version: object = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether this process is the owner."""
        return self._task is not None

    def start(self, retention_seconds: float) -> None:
        """Begin, with retention every so many seconds."""
        self._task = asyncio.create_task(self._run(retention_seconds), name="event log keeper")

    async def stop(self) -> None:
        """End what is under way."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self, retention_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        retain_at = loop.time() + retention_seconds
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self._groups.expel_silent(self._session_seconds)
            try:
                await self._groups.save()
                await self._look()
                if loop.time() >= retain_at:
                    retain_at = loop.time() + retention_seconds
                    await self._log.retain()
            except DependencyUnavailable:
                # The file is away; it is tried again, as long as it takes.
                continue

    async def _look(self) -> None:
        """Look into the file if anybody has written to it."""
        if self._connection is None:
            self._connection = await self._readers.connect()
            self._version = None
        try:
            version = await self._readers.call(value, self._connection, "PRAGMA data_version")
        except DependencyUnavailable:
            # The readers close one that fails; any other is kept, whatever else may fail.
            self._connection = None
            raise
        if version != self._version:
            await self._log.look()
            # Only now: if the look fails there is another.
            self._version = version
