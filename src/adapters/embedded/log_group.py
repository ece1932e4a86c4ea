"""Consumer groups inside this process: members, eager rebalances, and what they have committed."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Protocol

from inventory_domain.errors import CommitRefused
from inventory_domain.log_view import GroupInfo, MemberInfo
from inventory_domain.partitioning import range_assignment
from inventory_domain.records import TopicPartition

__all__ = ["Group", "Member"]

_member_numbers = count(1)


class _Log(Protocol):
    """What a group needs to know of the log."""

    def counts(self, topics: Sequence[str]) -> Mapping[str, int]: ...

    def begin(self, at: TopicPartition) -> int: ...


class Member:
    """One member: what it owns, how far it was given records, and what it is doing."""

    def __init__(self, member_id: str, topics: Sequence[str], now: float) -> None:
        self.member_id = member_id
        self.topics = tuple(topics)
        self.assigned: dict[TopicPartition, int] = {}
        self.positions: dict[TopicPartition, int] = {}
        self.is_working = False
        self.is_waiting = False
        self.is_expelled = False
        self.seen_at = now
        self.woken = asyncio.Event()


class Group:
    """A consumer group with eager rebalancing: range assignment, a new number each time.

    When somebody joins or leaves, every member loses what it owns as soon as it is not at work
    on a batch; when all have, the partitions are shared out anew from the last commits on.
    """

    def __init__(self, name: str, log: _Log, *, now: Callable[[], float], process: str) -> None:
        self.name = name
        self.members: dict[str, Member] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.committed_at: dict[TopicPartition, datetime] = {}
        self.is_dirty = False
        self._log = log
        self._now = now
        self._process = process
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
        # The numbers make later members sort behind earlier ones.
        member_id = f"{self._process}-{next(_member_numbers):06d}"
        member = Member(member_id, topics, self._now())
        self.members[member_id] = member
        self._rebalance()
        return member

    def leave(self, member: Member) -> None:
        """Let *member* go, even from the middle of a batch; its commits are refused from now."""
        if self.members.pop(member.member_id, None) is None:
            return
        member.is_expelled = True
        self._give(member, (), self._epoch)
        self._rebalance()

    def expel_silent(self, seconds: float) -> None:
        """Let go the members that have neither waited nor ended a batch for so long."""
        since = self._now() - seconds
        for member in tuple(self.members.values()):
            if not member.is_waiting and member.seen_at < since:
                self.leave(member)

    def start_work(self, member: Member) -> None:
        """Keep what *member* owns with it; one that owns nothing holds nobody up."""
        member.seen_at = self._now()
        member.is_working = bool(member.assigned)

    def stop_work(self, member: Member) -> None:
        """Take note that *member* is not at work any more."""
        member.seen_at = self._now()
        was_working, member.is_working = member.is_working, False
        # One that owned nothing was not waited for; to tell it so would only wake it again.
        if was_working and self._is_rebalancing and not member.is_expelled:
            self._give(member, (), self._epoch)
            self._share_out()

    def check_commit(
        self,
        member: Member,
        held: Mapping[TopicPartition, int],
        offsets: Mapping[TopicPartition, int],
    ) -> None:
        """Refuse to commit unless every partition is the member's still, as it *held* it.

        Raises:
            CommitRefused: a partition belongs to somebody else now.
        """
        for at in offsets:
            number = member.assigned.get(at)
            if number is None or number != held.get(at):
                raise CommitRefused

    def note_committed(self, offsets: Mapping[TopicPartition, int], at: datetime) -> None:
        """Take over what was committed durably."""
        self.committed.update(offsets)
        self.committed_at.update(dict.fromkeys(offsets, at))

    def rewind(self, member: Member) -> None:
        """Let *member* read on from the last commits."""
        member.positions = {
            at: max(self.committed.get(at, 0), self._log.begin(at)) for at in member.assigned
        }
        member.woken.set()

    def wake(self, topics: set[str]) -> None:
        """Wake the members that wait for records of these *topics*."""
        for member in self.members.values():
            if not topics.isdisjoint(member.topics):
                member.woken.set()

    def topics(self) -> list[str]:
        """Return what the members have subscribed to."""
        return sorted({topic for member in self.members.values() for topic in member.topics})

    def info(self) -> GroupInfo:
        """Return what an onlooker sees."""
        return GroupInfo(
            name=self.name,
            state=self.state,
            members=tuple(
                MemberInfo(member_id=member.member_id, assigned=tuple(sorted(member.assigned)))
                for member in self.members.values()
            ),
            committed=dict(self.committed),
            committed_at=dict(self.committed_at),
        )

    def _rebalance(self) -> None:
        self._is_rebalancing = True
        for member in self.members.values():
            if not member.is_working:
                self._give(member, (), self._epoch)
        self._share_out()

    def _share_out(self) -> None:
        self.is_dirty = True
        if any(member.is_working for member in self.members.values()):
            return
        self._is_rebalancing = False
        self._epoch += 1
        subscribed = {member.member_id: member.topics for member in self.members.values()}
        shares = range_assignment(subscribed, self._log.counts(self.topics()))
        for member in self.members.values():
            self._give(member, shares[member.member_id], self._epoch)
            self.rewind(member)

    @staticmethod
    def _give(member: Member, share: Sequence[TopicPartition], epoch: int) -> None:
        member.assigned = dict.fromkeys(share, epoch)
        member.positions = {}
        member.woken.set()
