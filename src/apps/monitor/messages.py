"""Messages of a topic: the newest, those from a place on, those that match; in bounded reading."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from inventory_domain.log_view import PartitionInfo, TopicInfo
from inventory_domain.ports import LogInspector
from inventory_domain.records import Record, TopicPartition
from inventory_domain.use_cases.reading_on import read_on

__all__ = ["Cursors", "MessageFilter", "MessagePage", "MessageReader"]

Cursors = Mapping[int, int]
"""An offset for each partition."""

_CHUNK: Final = 500
_SCAN_COUNT_MAX: Final = 2_000


@attrs.frozen(kw_only=True)
class MessageFilter:
    """Which records: all that is given must be found in them, whatever the case.

    *key* is a part of the key, *order* the id of an order in the key or the value, *search* any
    text in key, value or headers.
    """

    key: str | None = None
    order: str | None = None
    search: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether everything matches."""
        return self == MessageFilter()

    def matches(self, record: Record) -> bool:
        """Tell whether *record* passes."""
        key, value = _text(record.key), _text(record.value)
        headers = (f"{name}: {_text(content)}" for name, content in record.headers)
        return (
            _is_in(self.key, key)
            and (_is_in(self.order, key) or _is_in(self.order, value))
            and _is_in(self.search, "\n".join((key, value, *headers)))
        )


@attrs.frozen(kw_only=True)
class MessagePage:
    """What was found, newest first.

    *older* and *newer* say where to read on in either direction. Not *is_complete*: the search
    ended at its bound, and going on may find more.
    """

    records: tuple[Record, ...]
    scanned: int
    is_complete: bool
    older: Cursors
    newer: Cursors


@attrs.frozen(kw_only=True)
class _Scan:
    """What was found in one partition, and where the search ended."""

    partition: int
    found: Sequence[Record]
    stopped_at: int
    scanned: int
    is_complete: bool


@attrs.frozen
class MessageReader:
    """Reads the messages of *topic* that are *wanted*, at most *limit* at once."""

    inspector: LogInspector
    topic: TopicInfo
    wanted: MessageFilter
    limit: int

    async def older(self, before: Cursors) -> MessagePage:
        """Return the newest messages before the offsets *before*, by default before the ends."""
        infos = [one for one in self.topic.partitions if not before or one.partition in before]
        starts = {one.partition: before.get(one.partition, one.end) for one in infos}
        scans = [await self._scan_back(one, starts[one.partition]) for one in infos]
        found = sorted((x for scan in scans for x in scan.found), key=_when, reverse=True)
        shown = tuple(found[: self.limit])
        older = {scan.partition: _stopped_at(scan, shown, starts, min) for scan in scans}
        return _page(scans, shown, older=older, newer=starts)

    async def newer(self, after: Cursors) -> MessagePage:
        """Return the first messages from the offsets *after* on."""
        infos = [one for one in self.topic.partitions if one.partition in after]
        scans = [await self._scan_on(one, after[one.partition]) for one in infos]
        found = sorted((x for scan in scans for x in scan.found), key=_when)
        shown = tuple(found[: self.limit])
        newer = {scan.partition: _stopped_at(scan, shown, after, _behind) for scan in scans}
        return _page(scans, shown[::-1], older=after, newer=newer)

    async def _scan_back(self, info: PartitionInfo, before: int) -> _Scan:
        at = TopicPartition(self.topic.name, info.partition)
        found: list[Record] = []
        scanned, stop = 0, min(before, info.end)
        while stop > info.begin and len(found) < self.limit and scanned < self._bound:
            start = max(stop - self._chunk, info.begin)
            parts = read_on(self.inspector, at, start, stop)
            found = [x async for part in parts for x in part if self.wanted.matches(x)] + found
            scanned += stop - start
            stop = start
        # A chunk may hold more than there is room for: the newest of it count.
        if len(found) > self.limit:
            found = found[-self.limit :]
            stop = found[0].offset
        return _Scan(
            partition=info.partition,
            found=found,
            stopped_at=stop,
            scanned=scanned,
            is_complete=stop <= info.begin or len(found) >= self.limit,
        )

    async def _scan_on(self, info: PartitionInfo, start: int) -> _Scan:
        at = TopicPartition(self.topic.name, info.partition)
        found: list[Record] = []
        scanned, place = 0, max(start, info.begin)
        while place < info.end and len(found) < self.limit and scanned < self._bound:
            records = await self.inspector.read(at, start=place, count_max=self._chunk)
            found += [record for record in records if self.wanted.matches(record)]
            scanned += len(records)
            place = records[-1].offset + 1 if records else info.end
        if len(found) > self.limit:
            found = found[: self.limit]
            place = found[-1].offset + 1
        return _Scan(
            partition=info.partition,
            found=found,
            stopped_at=place,
            scanned=scanned,
            is_complete=place >= info.end or len(found) >= self.limit,
        )

    @property
    def _bound(self) -> int:
        return max(_SCAN_COUNT_MAX // len(self.topic.partitions), 1)

    @property
    def _chunk(self) -> int:
        return self.limit if self.wanted.is_empty else _CHUNK


def _page(
    scans: Sequence[_Scan], shown: tuple[Record, ...], *, older: Cursors, newer: Cursors
) -> MessagePage:
    return MessagePage(
        records=shown,
        scanned=sum(scan.scanned for scan in scans),
        is_complete=all(scan.is_complete for scan in scans),
        older=older,
        newer=newer,
    )


def _stopped_at(
    scan: _Scan, shown: Sequence[Record], start: Cursors, last: Callable[[list[int]], int]
) -> int:
    """Return where to read on: behind what was shown, if something found had no room."""
    here = [record.offset for record in shown if record.partition == scan.partition]
    if len(here) == len(scan.found):
        return scan.stopped_at
    return last(here) if here else start[scan.partition]


def _behind(offsets: list[int]) -> int:
    return max(offsets) + 1


def _when(record: Record) -> tuple[datetime, int, int]:
    return (record.timestamp, record.offset, record.partition)


def _text(content: bytes | None) -> str:
    return "" if content is None else content.decode("utf-8", "replace").lower()


def _is_in(wanted: str | None, text: str) -> bool:
    return wanted is None or wanted.lower() in text
