"""Find things in a long line that is in the order of time, without reading all of it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Generic, NamedTuple, Protocol, TypeVar

import attrs

__all__ = ["Found", "Placed", "Timeline", "Window", "find_within", "windows_around"]

T = TypeVar("T")


class Placed(NamedTuple, Generic[T]):
    """Something with its place in the line and its time."""

    place: int
    at: datetime
    what: T


class Window(NamedTuple):
    """A stretch of time, both ends included."""

    start: datetime
    end: datetime


_ALWAYS = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class Timeline(Protocol[T]):
    """A line from place *begin* to before place *end*; later places have later times."""

    @property
    def begin(self) -> int:
        """The first place."""

    @property
    def end(self) -> int:
        """The place behind the last."""

    async def read(self, start: int, count_max: int) -> Sequence[Placed[T]]:
        """Return some of what lies from place *start* on; nothing only if nothing does."""


@attrs.frozen
class Found(Generic[T]):
    """What was found, in its order; not *is_complete*: the search ended at its bound."""

    items: tuple[T, ...]
    is_complete: bool


def windows_around(
    moments: Iterable[datetime], *, before: timedelta, after: timedelta
) -> tuple[Window, ...]:
    """Return the time around each of *moments*; what overlaps is one window."""
    merged: list[Window] = []
    for moment in sorted(moments):
        window = Window(moment - before, moment + after)
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, window.end)
        else:
            merged.append(window)
    return tuple(merged)


async def find_within(
    line: Timeline[T],
    windows: Sequence[Window],
    matches: Callable[[T], bool],
    *,
    read_count_max: int,
    whole_count_max: int | None = None,
    chunk: int = 500,
) -> Found[T]:
    """Return what *matches*, of a short line anywhere, of a longer one within *windows*.

    At most *read_count_max* things are looked at. A line is short up to *whole_count_max*, by
    default as many.
    """
    if line.end - line.begin <= (whole_count_max or read_count_max):
        return await _search(line, [(line.begin, _ALWAYS)], matches, read_count_max, chunk)
    starts = [(await _first_from(line, window.start, chunk), window) for window in windows]
    return await _search(line, starts, matches, read_count_max, chunk)


async def _search(
    line: Timeline[T],
    starts: Sequence[tuple[int, Window]],
    matches: Callable[[T], bool],
    left: int,
    chunk: int,
) -> Found[T]:
    found: list[T] = []
    place = line.begin
    for start, window in starts:
        place, is_over = max(start, place), False
        while not is_over and place < line.end:
            if left <= 0:
                return Found(tuple(found), is_complete=False)
            things = await line.read(place, min(chunk, left))
            inside = [one for one in things if one.at <= window.end]
            found.extend(x.what for x in inside if x.at >= window.start and matches(x.what))
            left -= len(things)
            is_over = len(inside) < len(things) or not things
            place = inside[-1].place + 1 if inside else place
    return Found(tuple(found), is_complete=True)


async def _first_from(line: Timeline[T], at: datetime, chunk: int) -> int:
    """Return a place little before the first whose time is *at* or later."""
    low, high = line.begin, line.end
    # What is left is read in one go: cheaper than to look for the place itself.
    while high - low > chunk // 2:
        middle = (low + high) // 2
        things = await line.read(middle, 1)
        if not things or things[0].at >= at:
            high = middle
        else:
            low = things[0].place + 1
    return low
