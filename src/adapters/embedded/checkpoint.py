"""Bounds of the write-ahead log of a database file."""

import sqlite3
from pathlib import Path

from adapters.embedded.bulk import value

__all__ = ["Checkpoints"]

_WAIT_MILLISECONDS = 250


class Checkpoints:
    """Lets the write-ahead log begin anew when it has grown too long.

    SQLite moves its content into the database by itself, but begins it anew only when nobody
    reads from it. While reads overlap all the time that moment does not come: new writes are
    then kept out until the reads that are behind have ended, for a bounded time.
    """

    def __init__(self, path: Path, bytes_max: int) -> None:
        self._wal = path.with_name(f"{path.name}-wal")
        self._bytes_max = bytes_max
        self._next = bytes_max

    def keep_bounded(self, connection: sqlite3.Connection) -> None:
        """Begin the log anew if it is too long and the readers allow it.

        To be called with the writer's connection, outside a transaction.
        """
        size = self._size()
        if size <= self._next:
            if size <= self._bytes_max:
                self._next = self._bytes_max
            return
        # Whoever holds it back may do so for long, and the waits must not add up: it is tried
        # again when the log is twice as long, with more patience.
        self._next = 2 * size
        if _restart(connection, _WAIT_MILLISECONDS * size // self._bytes_max):
            self._next = self._bytes_max

    def _size(self) -> int:
        try:
            return self._wal.stat().st_size
        except OSError:
            return 0


def _restart(connection: sqlite3.Connection, wait_milliseconds: int) -> bool:
    """Tell whether the next write begins the log anew."""
    busy_milliseconds: int = value(connection, "PRAGMA busy_timeout")
    # Writers of other processes wait meanwhile, and must not wait in vain.
    wait_milliseconds = min(wait_milliseconds, busy_milliseconds // 2)
    connection.execute(f"PRAGMA busy_timeout = {wait_milliseconds}")
    try:
        is_held_back: int = value(connection, "PRAGMA wal_checkpoint(RESTART)")
        return not is_held_back
    finally:
        connection.execute(f"PRAGMA busy_timeout = {busy_milliseconds}")
