"""Consumer groups in memory: members, eager rebalances and commits."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from inventory_domain.errors import CommitRefused
from inventory_domain.log_view import GroupInfo, MemberInfo
from inventory_domain.partitioning import range_assignment
from inventory_domain.ports import Clock
from inventory_domain.records import Record, TopicPartition

__all__ = ["Group", "GroupLog", "Member"]


class GroupLog(Protocol):
    """What a group needs of the broker that it belongs to."""

    clock: Clock

    def begin(self, at: TopicPartition) -> int:
        """Return the first offset kept."""

    def read(self, at: TopicPartition, start: int, count_max: int) -> Sequence[Record]:
        """Return records from *start* on."""

    def partition_counts(self, topics: Collection[str]) -> Mapping[str, int]:
        """Return the number of partitions of each topic."""

    def new_member_id(self) -> str:
        """Return an id for one more member."""


class Member:
    """One member: what it owns, how far it has read, and whether it is at work on a batch."""

    def __init__(self, member_id: str, topics: Sequence[str]) -> None:
        self.member_id = member_id
        self.topics = tuple(topics)
        self.assigned: dict[TopicPartition, int] = {}
        self.positions: dict[TopicPartition, int] = {}
        # In the order in which there was something to read: a set has another in each process.
        self.unread: dict[TopicPartition, None] = {}
        self.is_working = False
        self.is_expelled = False
        self.woken = asyncio.Event()
        self._turn = 0

    def own(self, share: Sequence[TopicPartition], epoch: int) -> None:
        """Become the owner of *share* alone, under the number *epoch*."""
        self.assigned = dict.fromkeys(share, epoch)
        self.positions = {}
        self.unread = dict.fromkeys(share)
        self.woken.set()

    def take(
        self, log: GroupLog, count_max: int, paused: Collection[TopicPartition]
    ) -> list[Record]:
        """Return the next records; each call begins with another partition, so all get on."""
        self._turn += 1
        taken: list[Record] = []
        if not self.unread:
            return taken
        readable = [at for at in self.unread if at not in paused]
        for step in range(len(readable)):
            at = readable[(self._turn + step) % len(readable)]
            room = count_max - len(taken)
            found = log.read(at, self.positions[at], room)
            if found:
                self.positions[at] = found[-1].offset + 1
                taken.extend(found)
            if len(found) < room:
                del self.unread[at]
        return taken


class Group:
    """A consumer group with eager rebalancing, as Kafka's Range assignor does it.

    When somebody joins or leaves, every member loses all it owns as soon as it is not at work
    on a batch; when all have, the partitions are shared out anew under new numbers.
    """

    def __init__(self, name: str, log: GroupLog) -> None:
        self.name = name
        self.members: dict[str, Member] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.committed_at: dict[TopicPartition, datetime] = {}
        self.log = log
        self._is_rebalancing = False
        self._epoch = 0

    @property
    def state(self) -> str:
        """The state in Kafka's words."""
        if not self.members:
            return "Empty"
        return "PreparingRebalance" if self._is_rebalancing else "Stable"

    def join(self, topics: Sequence[str]) -> Member:
        """Take in a new member."""
        member = Member(self.log.new_member_id(), topics)
        self.members[member.member_id] = member
        self.rebalance()
        return member

    def leave(self, member: Member) -> None:
        """Let *member* go, even from the middle of a batch; its commits are refused from now."""
        if self.members.pop(member.member_id, None) is None:
            return
        member.is_expelled = True
        member.own((), self._epoch)
        self.rebalance()

    def rebalance(self) -> None:
        """Begin to share out the partitions anew; members at work are waited for."""
        self._is_rebalancing = True
        for member in self.members.values():
            self._revoke(member)
        self._share_out()

    def stop_work(self, member: Member) -> None:
        """Take note that *member* has left its batch."""
        member.is_working = False
        if self._is_rebalancing and not member.is_expelled:
            self._revoke(member)
            self._share_out()

    def commit(
        self,
        member: Member,
        held: Mapping[TopicPartition, int],
        offsets: Mapping[TopicPartition, int],
    ) -> None:
        """Store *offsets* if every partition is the member's still, as it *held* it."""
        for at in offsets:
            number = member.assigned.get(at)
            if number is None or number != held.get(at):
                raise CommitRefused
        now = self.log.clock.now()
        self.committed.update(offsets)
        self.committed_at.update(dict.fromkeys(offsets, now))

    def rewind(self, member: Member) -> None:
        """Let *member* read on from the last commits."""
        member.positions = {at: self._start(at) for at in member.assigned}
        member.unread = dict.fromkeys(member.assigned)
        member.woken.set()

    def wake(self, at: TopicPartition) -> None:
        """Wake the member that owns *at*, which has a new record."""
        for member in self.members.values():
            if at in member.assigned:
                member.unread[at] = None
                member.woken.set()

    def info(self) -> GroupInfo:
        """Return what an onlooker sees."""
        members = tuple(
            MemberInfo(member_id=member.member_id, assigned=tuple(sorted(member.assigned)))
            for member in self.members.values()
        )
        return GroupInfo(
            name=self.name,
            state=self.state,
            members=members,
            committed=dict(self.committed),
            committed_at=dict(self.committed_at),
        )

    def _start(self, at: TopicPartition) -> int:
        return max(self.committed.get(at, 0), self.log.begin(at))

    def _revoke(self, member: Member) -> None:
        if not member.is_working:
            member.own((), self._epoch)

    def _share_out(self) -> None:
        if any(member.is_working for member in self.members.values()):
            return
        subscribed = {member.member_id: member.topics for member in self.members.values()}
        topics = sorted({topic for topics in subscribed.values() for topic in topics})
        shares = range_assignment(subscribed, self.log.partition_counts(topics))
        self._epoch += 1
        for member in self.members.values():
            member.own(shares[member.member_id], self._epoch)
            self.rewind(member)
        self._is_rebalancing = False
