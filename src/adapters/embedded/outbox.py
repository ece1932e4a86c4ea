"""The outbox table, which lies in the same file as the state that its records tell of."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from adapters.embedded.bulk import encode, execute_rows
from adapters.embedded.database import Database
from adapters.embedded.packing import pack_outgoing, unpack_outgoing
from inventory_domain.records import OutgoingRecord
from inventory_domain.times import to_milliseconds
from inventory_domain.writes import OutboxEntry

__all__ = ["OUTBOX_TABLES", "SqliteOutbox", "store_outbox"]

OUTBOX_TABLES = (
    # AUTOINCREMENT never gives a number again: marking an old entry cannot hit a new one.
    "CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, records BLOB NOT NULL)",
    """CREATE TABLE lease (
        name TEXT PRIMARY KEY,
        holder TEXT NOT NULL,
        until INTEGER NOT NULL
    ) WITHOUT ROWID""",
)

_RECORDS_PER_ENTRY_MAX = 500
_BYTES_MAX = 16 * 1024 * 1024


def store_outbox(connection: sqlite3.Connection, records: Sequence[OutgoingRecord]) -> None:
    """Append *records*, in their order, as few entries."""
    rows = [
        (pack_outgoing(records[start : start + _RECORDS_PER_ENTRY_MAX]),)
        for start in range(0, len(records), _RECORDS_PER_ENTRY_MAX)
    ]
    execute_rows(connection, "INSERT INTO outbox (records)", rows)


class SqliteOutbox:
    """The outbox of one database file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pending(self, count_max: int) -> Sequence[OutboxEntry]:
        rows = await self._database.readers.run(partial(_read_entries, count_max=count_max))
        return [OutboxEntry(str(number), unpack_outgoing(packed)) for number, packed in rows]

    async def mark_published(self, entry_ids: Sequence[str]) -> None:
        numbers = encode([int(entry_id) for entry_id in entry_ids if entry_id.isdecimal()])
        if entry_ids:
            await self._database.writer.run(
                lambda connection: connection.execute(
                    "DELETE FROM outbox WHERE number IN (SELECT value FROM json_each(?))",
                    (numbers,),
                )
            )

    async def acquire_relay(self, holder: str, *, now: datetime, until: datetime) -> bool:
        row = (holder, to_milliseconds(until), holder, to_milliseconds(now))

        def take(connection: sqlite3.Connection) -> bool:
            cursor = connection.execute(
                "INSERT INTO lease (name, holder, until) VALUES ('relay', ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
                " WHERE holder = ? OR until <= ?",
                row,
            )
            return cursor.rowcount == 1

        return await self._database.writer.run(take)


def _read_entries(connection: sqlite3.Connection, *, count_max: int) -> list[tuple[int, bytes]]:
    # After an outage the entries may be many and large: what is in memory at once is bounded.
    rows: list[tuple[int, bytes]] = []
    size = 0
    cursor = connection.execute(
        "SELECT number, records FROM outbox ORDER BY number LIMIT ?", (count_max,)
    )
    for number, packed in cursor:
        rows.append((number, packed))
        size += len(packed)
        if size >= _BYTES_MAX:
            break
    cursor.close()
    return rows
