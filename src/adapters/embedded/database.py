"""A database file with its writer and its readers."""

import sqlite3
from pathlib import Path
from typing import Self

from adapters.embedded.checkpoint import Checkpoints
from adapters.embedded.connection import WAL_BYTES_MAX, open_reader, open_writer
from adapters.embedded.readers import Readers
from adapters.embedded.schema import Schema, migrate
from adapters.embedded.writer import Writer

__all__ = ["Database"]


class Database:
    """One file; made by :meth:`open`, to be closed by :meth:`aclose`."""

    def __init__(
        self,
        path: Path,
        schema: Schema,
        dependency: str,
        *,
        busy_seconds: float,
        wal_bytes_max: int,
    ) -> None:
        self.path = path
        self.dependency = dependency
        self._schema = schema
        self._busy_seconds = busy_seconds
        self._wal_bytes_max = wal_bytes_max
        self.writer = Writer(
            self._connect_writer,
            dependency,
            tidy_up=Checkpoints(path, wal_bytes_max).keep_bounded,
        )
        self.readers = Readers(self._connect_reader, dependency)

    @classmethod
    async def open(
        cls,
        path: Path,
        schema: Schema,
        dependency: str,
        *,
        busy_seconds: float = 2.0,
        wal_bytes_max: int = WAL_BYTES_MAX,
    ) -> Self:
        """Open *path*, or make it, and move its tables to the present version.

        Beyond *wal_bytes_max* the write-ahead log grows only while a read does not end.

        Raises:
            FileTooNew: a newer program wrote it.
            DependencyUnavailable: it cannot be opened.
        """
        database = cls(
            path, schema, dependency, busy_seconds=busy_seconds, wal_bytes_max=wal_bytes_max
        )
        try:
            await database.writer.run(lambda _: None)
        except BaseException:
            await database.aclose()
            raise
        return database

    async def aclose(self, seconds: float = 5.0) -> None:
        """Finish the writes that were handed in and close the file, within *seconds*."""
        await self.readers.aclose()
        await self.writer.aclose(seconds)

    def _connect_writer(self) -> sqlite3.Connection:
        connection = open_writer(
            self.path, busy_seconds=self._busy_seconds, wal_bytes_max=self._wal_bytes_max
        )
        try:
            migrate(connection, self._schema)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_reader(self) -> sqlite3.Connection:
        return open_reader(self.path, busy_seconds=self._busy_seconds)
