"""The dead letters kept in mind: read once, found by filters, told apart by what became of them.

A dead letter topic only grows, so that only what is new in it is read. Which letters were sent
back is told by the log itself: a record that was sent back carries a count, and the key and the
bytes of its letter.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from inventory_domain.dead_letters import DeadLetter, read_letter, redrive_count
from inventory_domain.log_view import TopicInfo
from inventory_domain.partitioning import partition_for
from inventory_domain.ports import LogInspector
from inventory_domain.records import Record, TopicPartition
from inventory_domain.topics import DEAD_LETTER_SUFFIX
from inventory_domain.use_cases.letter_filter import DeadLetterFilter, LetterEntry, message_mark

__all__ = ["LetterIndex"]

_READ_COUNT_MAX: Final = 1_000
_ENTRIES_MAX: Final = 500_000
_ANSWERS_MAX: Final = 16

_Bounds = Mapping[TopicPartition, tuple[int, int]]


class LetterIndex:
    """What is known of the dead letters, in bounded memory: of too many the oldest are let go."""

    def __init__(self, inspector: LogInspector) -> None:
        self._inspector = inspector
        self._reading = asyncio.Lock()
        self._clear()

    def _clear(self) -> None:
        self._positions: dict[TopicPartition, int] = {}
        # Where what was sent back may begin, in each partition that it may lie in.
        self._returns: dict[TopicPartition, int] = {}
        self._begins: dict[TopicPartition, int] = {}
        self._counts: Counter[str] = Counter()
        # By message: the highest count that it was sent back with.
        self._sent: dict[int, int] = {}
        self._told: set[int] = set()
        self._entries: list[LetterEntry] = []
        self._has_let_go = False
        self._forget_answers()

    def _forget_answers(self) -> None:
        self._answers: dict[DeadLetterFilter, Sequence[LetterEntry]] = {}
        self._counted: dict[DeadLetterFilter, Mapping[str, int]] = {}

    async def catch_up(self, records_max: int | None = None) -> bool:
        """Read what is new, at most about *records_max* records; tell whether that was all.

        Raises:
            DependencyUnavailable: the log is away; what was read stays known.
        """
        async with self._reading:
            left = records_max
            bounds = _bounds(await self._inspector.topics())
            self._take_note_of(bounds)
            # The letters first: they tell where what was sent back may begin.
            for is_wanted in (_is_dead, self._returns.__contains__):
                for at in filter(is_wanted, bounds):
                    begin, end = bounds[at]
                    place = max(self._positions.get(at, self._returns.get(at, 0)), begin)
                    while place < end and (left is None or left > 0):
                        read, place = await self._read_on(at, place, end)
                        left = None if left is None else left - read
                    if place < end:
                        return False
            self._forget_marks()
            return True

    def find(self, wanted: DeadLetterFilter) -> Sequence[LetterEntry]:
        """Return the letters that pass as far as they were read, oldest first."""
        found = self._answers.get(wanted)
        if found is None:
            if len(self._answers) >= _ANSWERS_MAX:
                self._forget_answers()
            # Those of one partition stay in its order.
            self._entries.sort(key=_at)
            found = [
                one for one in self._entries if wanted.matches(one, is_open=self._is_open(one))
            ]
            self._answers[wanted] = found
        return found

    def reasons(self, wanted: DeadLetterFilter) -> Mapping[str, int]:
        """Return how many of the letters that pass have each reason, the most frequent first."""
        counted = self._counted.get(wanted)
        if counted is None:
            found = Counter([one.reason for one in self.find(wanted)])
            counted = self._counted[wanted] = dict(found.most_common())
        return counted

    def with_state(self, letter: DeadLetter) -> DeadLetter:
        """Return *letter* with what became of it, which is known of those that were not let go."""
        entry = LetterEntry.of(letter)
        is_known = entry.identity in self._told
        return attrs.evolve(letter, is_open=self._is_open(entry) if is_known else None)

    def _is_open(self, entry: LetterEntry) -> bool:
        return self._sent.get(entry.message, 0) <= entry.redrives

    def _take_note_of(self, bounds: _Bounds) -> None:
        """Forget what the log has let go, and everything if it was made anew."""
        if any(bounds.get(at, (0, 0))[1] < place for at, place in self._positions.items()):
            self._clear()
        begins = {at: begin for at, (begin, _) in bounds.items() if _is_dead(at)}
        if begins != self._begins and self._entries:
            kept = [one for one in self._entries if one.offset >= begins.get(one.place, 0)]
            self._entries = kept
            self._has_let_go = True
            self._forget_answers()
        self._begins = begins
        self._counts = Counter(at.topic for at in bounds)

    def _forget_marks(self) -> None:
        """Forget what was noted of letters that were let go; all must have been read."""
        if not self._has_let_go:
            return
        self._has_let_go = False
        self._told = {one.identity for one in self._entries}
        messages = {one.message for one in self._entries}
        self._sent = {one: count for one, count in self._sent.items() if one in messages}

    async def _read_on(self, at: TopicPartition, start: int, end: int) -> tuple[int, int]:
        """Read a stretch; return how many records there were, and where to read on."""
        count = min(end - start, _READ_COUNT_MAX)
        records = await self._inspector.read(at, start=start, count_max=count)
        add = self._add if _is_dead(at) else self._note_return
        for record in records:
            add(record)
        # The last offsets may hold no records, but marks of the log's own.
        place = records[-1].offset + 1 if records else end
        self._positions[at] = place
        return max(len(records), 1), place

    def _add(self, record: Record) -> None:
        letter = read_letter(record)
        entry = LetterEntry.of(letter)
        # Written twice by a death between the letter and its commit, it is told once.
        if entry.identity in self._told:
            return
        self._told.add(entry.identity)
        self._entries.append(entry)
        self._forget_answers()
        self._expect_return(letter)
        if len(self._entries) > _ENTRIES_MAX + _READ_COUNT_MAX:
            self._entries.sort(key=_at)
            del self._entries[:-_ENTRIES_MAX]
            self._has_let_go = True

    def _expect_return(self, letter: DeadLetter) -> None:
        """Note where the record of *letter* lies if it is sent back: behind the failed one."""
        topic, key = letter.origin.topic, letter.record.key
        count = self._counts[topic]
        if key is None:
            starts = dict.fromkeys(range(count), 0)
        else:
            # Another's program may have put the first one elsewhere.
            own = partition_for(key, count) if count else letter.origin.partition
            starts = {own: letter.offset + 1 if own == letter.origin.partition else 0}
        for partition, start in starts.items():
            at = TopicPartition(topic, partition)
            self._returns[at] = min(self._returns.get(at, start), start)

    def _note_return(self, record: Record) -> None:
        count = redrive_count(record.headers)
        if count:
            message = message_mark(record.topic, record)
            self._sent[message] = max(self._sent.get(message, 0), count)
            self._forget_answers()


def _bounds(topics: Sequence[TopicInfo]) -> _Bounds:
    return {
        TopicPartition(topic.name, one.partition): (one.begin, one.end)
        for topic in topics
        for one in topic.partitions
    }


def _is_dead(at: TopicPartition) -> bool:
    return at.topic.endswith(DEAD_LETTER_SUFFIX)


def _at(entry: LetterEntry) -> datetime:
    return entry.at
