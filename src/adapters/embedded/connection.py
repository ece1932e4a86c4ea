"""Connections to one database file, and what its errors mean."""

import sqlite3
from pathlib import Path

from inventory_domain.errors import DependencyUnavailable

__all__ = ["WAL_BYTES_MAX", "is_outage", "open_reader", "open_writer", "unavailable"]

WAL_BYTES_MAX = 64 * 1024 * 1024

_CACHED_STATEMENTS = 256


def open_writer(
    path: Path, *, busy_seconds: float, wal_bytes_max: int = WAL_BYTES_MAX
) -> sqlite3.Connection:
    """Open *path* for reading and writing; what is committed survives the loss of power.

    When the write-ahead log begins anew its file is cut to *wal_bytes_max*.
    """
    connection = sqlite3.connect(
        path,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_CACHED_STATEMENTS,
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -8000")
        # Longer than the default: a checkpoint waits for two more fsyncs.
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute(f"PRAGMA journal_size_limit = {wal_bytes_max}")
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path, *, busy_seconds: float) -> sqlite3.Connection:
    """Open *path* for reading only; it may be used by one thread after the other."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_CACHED_STATEMENTS,
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -4000")
    except BaseException:
        connection.close()
        raise
    return connection


def is_outage(error: BaseException) -> bool:
    """Tell whether *error* speaks of the file and the machine, not of a bug of ours."""
    return isinstance(error, sqlite3.OperationalError | sqlite3.InternalError) or (
        # SQLite says plain DatabaseError for a file that is damaged or not its own.
        type(error) is sqlite3.DatabaseError
    )


def unavailable(error: BaseException, dependency: str) -> DependencyUnavailable:
    """Return the domain's word for *error*."""
    failure = DependencyUnavailable(dependency=dependency, reason=str(error))
    failure.__cause__ = error
    return failure
