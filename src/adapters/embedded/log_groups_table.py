"""What consumer groups leave in the file: their commits, and who they were."""

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime

from adapters.embedded.bulk import decode, encode, execute_rows
from adapters.embedded.packing import from_milliseconds
from inventory_domain.log_view import GroupInfo, MemberInfo
from inventory_domain.records import TopicPartition

__all__ = ["forget_members", "read_commits", "read_groups", "save_group", "store_commits"]

CommitRow = tuple[str, str, int, int, int]
"""Group, topic, partition, next offset, time in milliseconds."""


def store_commits(connection: sqlite3.Connection, rows: Iterable[CommitRow]) -> None:
    """Store what groups have committed, in the order given."""
    latest = {row[:3]: row for row in rows}
    execute_rows(
        connection,
        "INSERT INTO commits (group_name, topic, partition, next_offset, at)",
        latest.values(),
        tail="ON CONFLICT (group_name, topic, partition)"
        " DO UPDATE SET next_offset = excluded.next_offset, at = excluded.at",
    )


def read_commits(
    connection: sqlite3.Connection, group: str
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, datetime]]:
    """Return what *group* has committed, and when."""
    offsets: dict[TopicPartition, int] = {}
    times: dict[TopicPartition, datetime] = {}
    for topic, partition, offset, at in connection.execute(
        "SELECT topic, partition, next_offset, at FROM commits WHERE group_name = ?", (group,)
    ):
        place = TopicPartition(topic, partition)
        offsets[place] = offset
        times[place] = from_milliseconds(at)
    return offsets, times


def save_group(connection: sqlite3.Connection, group: GroupInfo, topics: Iterable[str]) -> None:
    """Write down who *group* is at this moment, for other processes to see.

    Topics that it ever had stay: retention keeps what it has not committed of them.
    """
    members = [[member.member_id, member.assigned] for member in group.members]
    row = connection.execute("SELECT topics FROM groups WHERE name = ?", (group.name,)).fetchone()
    every_topic = {*topics, *(decode(row[0]) if row else ())}
    connection.execute(
        "INSERT OR REPLACE INTO groups (name, state, topics, members) VALUES (?, ?, ?, ?)",
        (group.name, group.state, encode(sorted(every_topic)), encode(members)),
    )


def forget_members(connection: sqlite3.Connection) -> None:
    """Write down that no group has members: those of a dead process do not come back."""
    connection.execute("UPDATE groups SET state = 'Empty', members = '[]'")


def read_groups(connection: sqlite3.Connection) -> dict[str, GroupInfo]:
    """Return every group as it was last written down, with its commits."""
    groups: Mapping[str, tuple[str, str]] = {
        name: (state, members)
        for name, state, members in connection.execute("SELECT name, state, members FROM groups")
    }
    infos = {}
    for name in sorted(groups):
        state, members = groups[name]
        committed, committed_at = read_commits(connection, name)
        infos[name] = GroupInfo(
            name=name,
            state=state,
            members=tuple([_member(*parts) for parts in decode(members)]),
            committed=committed,
            committed_at=committed_at,
        )
    return infos


def _member(member_id: str, assigned: Iterable[tuple[str, int]]) -> MemberInfo:
    places = tuple([TopicPartition(topic, partition) for topic, partition in assigned])
    return MemberInfo(member_id=member_id, assigned=places)
