"""Dead letters for people: found by filters, page by page, and one by one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from inventory_domain.dead_letters import DeadLetter, parse_letter_id, read_letter
from inventory_domain.ports import LogInspector
from inventory_domain.records import Record, TopicPartition
from inventory_domain.topics import DEAD_LETTER_SUFFIX
from inventory_domain.use_cases.letter_filter import DeadLetterFilter, LetterEntry
from inventory_domain.use_cases.letter_index import LetterIndex
from inventory_domain.use_cases.reading_on import read_on

__all__ = ["LetterPage", "Letters"]

_READ_COUNT_MAX = 500
# What is not wanted is read along if that saves asking once more.
_GAP_MAX = 50
_CATCH_UP_COUNT = 2_000


@attrs.frozen(kw_only=True)
class LetterPage:
    """Some of the dead letters that pass, and what is known of all of them.

    Not *is_complete*: older ones are still being read, and more may pass.
    """

    letters: Sequence[DeadLetter]
    total: int
    reasons: Mapping[str, int]
    is_complete: bool


@attrs.frozen
class Letters:
    """The dead letters in the log of *inspector*."""

    inspector: LogInspector
    index: LetterIndex = attrs.field(
        default=attrs.Factory(lambda self: LetterIndex(self.inspector), takes_self=True)
    )

    async def find(
        self, wanted: DeadLetterFilter, *, count_max: int | None = None
    ) -> Sequence[DeadLetter]:
        """Return the dead letters that pass, oldest first; one origin is told once.

        That is the order in which to send them back. With *count_max* they are the oldest.
        """
        await self.index.catch_up()
        found = self.index.find(wanted)
        return await self._read(found[:count_max])

    async def page(self, wanted: DeadLetterFilter, *, start: int, count: int) -> LetterPage:
        """Return *count* of the dead letters that pass, newest first, without the first *start*.

        It reads no more than it returns, and a little of what is new.
        """
        is_complete = await self.index.catch_up(_CATCH_UP_COUNT)
        found = self.index.find(wanted)
        return LetterPage(
            letters=await self._read(found[::-1][start : start + count]),
            total=len(found),
            reasons=self.index.reasons(wanted),
            is_complete=is_complete,
        )

    async def letter(self, letter_id: str) -> DeadLetter | None:
        """Return one dead letter, or None if there is no such."""
        place = parse_letter_id(letter_id)
        if place is None or not place[0].topic.endswith(DEAD_LETTER_SUFFIX):
            return None
        at, offset = place
        known = {topic.name: topic for topic in await self.inspector.topics()}
        if at.topic not in known or at.partition >= len(known[at.topic].partitions):
            return None
        records = await self.inspector.read(at, start=offset, count_max=1)
        if not records or records[0].offset != offset:
            return None
        await self.index.catch_up(_CATCH_UP_COUNT)
        return self.index.with_state(read_letter(records[0]))

    async def _read(self, entries: Sequence[LetterEntry]) -> Sequence[DeadLetter]:
        """Return the letters of *entries* in their order; those near each other are read at once.

        One that the log has let go meanwhile is left out.
        """
        found: dict[tuple[TopicPartition, int], Record] = {}
        wanted = {(one.place, one.offset) for one in entries}
        for at, start, end in _stretches(wanted):
            async for records in read_on(self.inspector, at, start, end):
                places = ((record.topic_partition, record.offset) for record in records)
                found.update(x for x in zip(places, records, strict=True) if x[0] in wanted)
        letters = (found.get((one.place, one.offset)) for one in entries)
        return [self.index.with_state(read_letter(one)) for one in letters if one is not None]


def _stretches(
    places: Iterable[tuple[TopicPartition, int]],
) -> Iterator[tuple[TopicPartition, int, int]]:
    """Yield stretches of partitions, each with its begin and end, in which *places* lie."""
    at, start, end = None, 0, 0
    for place, offset in sorted(places):
        if place != at or offset - end > _GAP_MAX or end - start >= _READ_COUNT_MAX:
            if at is not None:
                yield at, start, end
            at, start = place, offset
        end = offset + 1
    if at is not None:
        yield at, start, end
