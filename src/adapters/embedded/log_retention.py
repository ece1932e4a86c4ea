"""Retention: old records leave the log, but no dead letter and none that a group has to read."""

import sqlite3

import attrs

from adapters.embedded.bulk import decode, value
from adapters.embedded.log_tables import place_of, read_partitions
from inventory_domain.topics import DEAD_LETTER_SUFFIX

__all__ = ["Retention", "retain"]

_BATCHES_PER_STEP_MAX = 1_000


@attrs.frozen(kw_only=True)
class Retention:
    """How long records are kept: by age and by count a partition; looked after now and then."""

    age_seconds: float = 7 * 24 * 3600.0
    count_max: int = 1_000_000
    interval_seconds: float = 60.0


def retain(connection: sqlite3.Connection, retention: Retention, now: int) -> bool:
    """Delete some of what *retention* lets go, and tell whether there may be more to delete.

    A partition loses its oldest batches only, up to the first that must be kept. No more than
    a bounded number of batches is looked at and deleted, since whoever publishes waits.
    """
    floors = _floors(connection)
    old = now - round(retention.age_seconds * 1000)
    left = _BATCHES_PER_STEP_MAX
    for topic, partition, number, begin, end in read_partitions(connection):
        if topic.endswith(DEAD_LETTER_SUFFIX):
            # They wait for people, however long those take.
            continue
        floor = floors.get((topic, partition), end)
        if floor > begin:
            surplus = end - retention.count_max
            left -= _trim(connection, number, (floor, surplus, old), end, left)
            if not left:
                return True
    return False


def _trim(
    connection: sqlite3.Connection,
    number: int,
    limits: tuple[int, int, int],
    end: int,
    count_max: int,
) -> int:
    """Delete up to *count_max* batches of one partition and return how many they were."""
    floor, surplus, old = limits
    first, beyond = place_of(number, 0), place_of(number + 1, 0)
    # The inner rows come one by one in their order: the outer LIMIT stops at the first kept.
    kept = connection.execute(
        "SELECT place, base FROM (SELECT place, base, at FROM batches"
        " WHERE place >= ? AND place < ? ORDER BY place LIMIT ?)"
        " WHERE NOT (place < ? AND (place < ? OR at < ?)) LIMIT 1",
        (first, beyond, count_max, place_of(number, floor), first + max(surplus, 0), old),
    ).fetchone()
    if kept is None:
        kept = connection.execute(
            "SELECT place, base FROM batches WHERE place >= ? AND place < ?"
            " ORDER BY place LIMIT 1 OFFSET ?",
            (first, beyond, count_max),
        ).fetchone()
    stop, begin = kept if kept is not None else (beyond, end)
    deleted = connection.execute(
        "DELETE FROM batches WHERE place >= ? AND place < ?", (first, stop)
    ).rowcount
    if deleted:
        connection.execute(
            "UPDATE partitions SET first_offset = ? WHERE number = ?", (begin, number)
        )
    return deleted


def _floors(connection: sqlite3.Connection) -> dict[tuple[str, int], int]:
    """Return, for every partition that groups read, what the slowest has committed."""
    found = value(
        connection,
        """SELECT json_group_array(json_array(topic, partition, floor)) FROM (
            SELECT p.topic, p.partition, min(coalesce(c.next_offset, p.first_offset)) AS floor
            FROM groups AS g
            CROSS JOIN json_each(g.topics) AS subscribed
            JOIN partitions AS p ON p.topic = subscribed.value
            LEFT JOIN commits AS c ON c.group_name = g.name
                AND c.topic = p.topic AND c.partition = p.partition
            GROUP BY p.topic, p.partition
        )""",
    )
    return {(topic, partition): floor for topic, partition, floor in decode(found)}
