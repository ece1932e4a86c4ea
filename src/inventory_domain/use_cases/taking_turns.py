"""Take turns with other instances, as soon as a race against them was lost and for a while."""

from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

import attrs

from inventory_domain.ports import Clock, IdSource, Turns

__all__ = ["ALONE", "NoTurns", "TakingTurns"]

_SECONDS_AFTER_A_RACE = 10.0
_PAUSE_SECONDS = 0.01
_PAUSE_SECONDS_MAX = 0.5


class NoTurns:
    """Keeps the promise of ``Turns`` where there is nobody else."""

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Return one that is entered at once."""
        return nullcontext()


class TakingTurns:
    """Decides when to wait for one's turn.

    Alone, an instance would wait for nothing. Where several want the same products all the time,
    each race has one winner, and what the others did was in vain: then waiting is cheaper.
    """

    def __init__(
        self,
        turns: Turns,
        *,
        clock: Clock,
        ids: IdSource,
        seconds: float = _SECONDS_AFTER_A_RACE,
    ) -> None:
        self._turns = turns
        self._clock = clock
        self._ids = ids
        self._after_a_race = timedelta(seconds=seconds)
        self._until: datetime | None = None

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Return what is to be entered before the stock is loaded, and left when it is stored."""
        if self._until is not None and self._clock.now() < self._until:
            return self._turns.turn()
        return nullcontext()

    async def lost(self, attempt: int) -> None:
        """Take note that somebody else was quicker, and pause: longer after each *attempt*."""
        self._until = self._clock.now() + self._after_a_race
        ceiling = min(_PAUSE_SECONDS * 2**attempt, _PAUSE_SECONDS_MAX)
        await self._clock.sleep(ceiling * (0.5 + self._ids.jitter() / 2))


# For use cases with a clock and ids of their own: no other instance is known of.
ALONE: Any = attrs.Factory(
    lambda owner: TakingTurns(NoTurns(), clock=owner.clock, ids=owner.ids), takes_self=True
)
