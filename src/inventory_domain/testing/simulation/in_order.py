"""Writes as they took effect: what a store returns from later may have happened first."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from inventory_domain.records import OutgoingRecord

__all__ = ["InOrder"]

W = TypeVar("W")


class InOrder(Generic[W]):
    """Hands writes on in the order that their guards imply.

    An own store may let others in between its effect and its return. So a write whose guard
    does not fit yet waits for the one before it; when no write is under way any more and one
    still does not fit, its guard was ignored.
    """

    def __init__(
        self,
        *,
        fits: Callable[[W], bool],
        take: Callable[[W], None],
        refuse: Callable[[W], None],
        events: Callable[[W], Iterable[OutgoingRecord]],
    ) -> None:
        self._fits = fits
        self._take = take
        self._refuse = refuse
        self._events = events
        self._under_way: list[W] = []
        self._waiting: list[W] = []

    @property
    def is_behind(self) -> bool:
        """Whether something is durable that was not handed on yet."""
        return bool(self._waiting)

    def begin(self, write: W) -> None:
        """Note that *write* is under way: it may take effect from now on."""
        self._under_way.append(write)

    def undone(self, write: W) -> None:
        """Note that *write* failed."""
        self._leave(write)
        self._settle()

    def done(self, write: W) -> None:
        """Note that *write* is durable."""
        self._leave(write)
        if not self._waiting and self._fits(write):
            self._take(write)
            return
        self._waiting.append(write)
        self._settle()

    def may_tell(self, matches: Callable[[OutgoingRecord], bool]) -> bool:
        """Tell whether a write that may have taken effect holds such an event."""
        unsettled = (*self._under_way, *self._waiting)
        return any(matches(event) for write in unsettled for event in self._events(write))

    def _leave(self, write: W) -> None:
        if len(self._under_way) == 1 and self._under_way[0] is write:
            self._under_way.clear()
        else:
            self._under_way = [one for one in self._under_way if one is not write]

    def _settle(self) -> None:
        while fitting := next((one for one in self._waiting if self._fits(one)), None):
            self._waiting = [one for one in self._waiting if one is not fitting]
            self._take(fitting)
        if self._waiting and not self._under_way:
            self._refuse(self._waiting.pop())
