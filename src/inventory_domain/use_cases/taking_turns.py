"""Take turns with other instances, as soon as a race against them was lost and for a while."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta

from inventory_domain.ports import Clock, Turns

__all__ = ["NoTurns", "TakingTurns"]

_SECONDS_AFTER_A_RACE = 10.0


class NoTurns:
    """Keeps the promise of ``Turns`` where there is nobody else."""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Enter at once."""
        yield


class TakingTurns:
    """Decides when to wait for one's turn.

    Alone, an instance would wait for nothing. Where several want the same products all the time,
    each race has one winner, and what the others did was in vain: then waiting is cheaper.
    """

    def __init__(self, turns: Turns, clock: Clock, seconds: float = _SECONDS_AFTER_A_RACE) -> None:
        self._turns = turns
        self._clock = clock
        self._after_a_race = timedelta(seconds=seconds)
        self._until: datetime | None = None

    def note_lost(self) -> None:
        """Say that somebody else was quicker."""
        self._until = self._clock.now() + self._after_a_race

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Return what is to be entered before the stock is loaded, and left when it is stored."""
        if self._until is not None and self._clock.now() < self._until:
            return self._turns.turn()
        return NoTurns().turn()
