"""The tables of a database file, and how an older file moves forward."""

import sqlite3

import attrs

__all__ = ["FileTooNew", "Schema", "migrate"]


class FileTooNew(Exception):
    """A file was written by a newer version of this program."""


@attrs.frozen
class Schema:
    """The steps that make the tables: step n turns a file of version n - 1 into version n."""

    name: str
    steps: tuple[tuple[str, ...], ...]

    @property
    def version(self) -> int:
        """The version of a file that has taken every step."""
        return len(self.steps)


def migrate(connection: sqlite3.Connection, schema: Schema) -> None:
    """Take the steps that the file has not taken yet, all of them or none.

    Raises:
        FileTooNew: the file's version is one that this program does not know.
    """
    if _version(connection, schema) == schema.version:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Again, now that nobody else can be moving it at the same time.
        for step in schema.steps[_version(connection, schema) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {schema.version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, schema: Schema) -> int:
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > schema.version:
        raise FileTooNew(
            f"the file of {schema.name} has version {found}, this program knows up to "
            f"{schema.version}: run the newer program that wrote it, or use another folder"
        )
    return found
