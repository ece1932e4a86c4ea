"""The outbox table, which lies in the same file as the state that its records tell of."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from adapters.embedded.bulk import encode
from adapters.embedded.database import Database
from adapters.embedded.packing import pack_outgoing, unpack_outgoing
from inventory_domain.records import OutgoingRecord
from inventory_domain.times import to_milliseconds
from inventory_domain.writes import OutboxEntry

__all__ = ["OUTBOX_TABLES", "SqliteOutbox", "StoredEntry", "store_outbox"]

OUTBOX_TABLES = (
    # AUTOINCREMENT never gives a number again: marking an old entry cannot hit a new one.
    "CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, records BLOB NOT NULL)",
    """CREATE TABLE lease (
        name TEXT PRIMARY KEY,
        holder TEXT NOT NULL,
        until INTEGER NOT NULL
    ) WITHOUT ROWID""",
)

StoredEntry = tuple[int, tuple[OutgoingRecord, ...]]
"""The number of an entry, and its records."""

_RECORDS_PER_ENTRY_MAX = 500
_REMEMBERED_MAX = 16
_BYTES_MAX = 16 * 1024 * 1024


def store_outbox(
    connection: sqlite3.Connection, records: Sequence[OutgoingRecord]
) -> list[StoredEntry]:
    """Append *records*, in their order, as few entries, and return these."""
    entries = []
    for start in range(0, len(records), _RECORDS_PER_ENTRY_MAX):
        part = tuple(records[start : start + _RECORDS_PER_ENTRY_MAX])
        cursor = connection.execute(
            "INSERT INTO outbox (records) VALUES (?)", (pack_outgoing(part),)
        )
        assert cursor.lastrowid is not None, "an inserted row has a number"
        entries.append((cursor.lastrowid, part))
    return entries


class SqliteOutbox:
    """The outbox of one database file.

    The file says what is pending. What this process stored a moment ago is remembered, so that
    it need not be unpacked again when it is published next.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: dict[int, tuple[OutgoingRecord, ...]] = {}

    def remember(self, entries: Sequence[StoredEntry]) -> None:
        """Keep the newest of what was committed just now, and no more than a few."""
        self._remembered.update(entries)
        while len(self._remembered) > _REMEMBERED_MAX:
            del self._remembered[next(iter(self._remembered))]

    async def pending(self, count_max: int) -> Sequence[OutboxEntry]:
        rows = await self._database.readers.run(partial(_read_entries, count_max=count_max))
        return [
            OutboxEntry(str(number), self._remembered.pop(number, ()) or unpack_outgoing(packed))
            for number, packed in rows
        ]

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
        asked = {"holder": holder, "now": to_milliseconds(now), "until": to_milliseconds(until)}

        def take(connection: sqlite3.Connection) -> bool:
            cursor = connection.execute(
                "INSERT INTO lease (name, holder, until) VALUES ('relay', :holder, :until)"
                " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
                " WHERE holder = :holder OR until <= :now"
                # Of a clock that was fast, and was set back since.
                " OR (until > 2 * :until - :now AND :until > :now)",
                asked,
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
