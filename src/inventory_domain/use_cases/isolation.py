"""A fault of ours in handling a batch: found by halves, so that one record bears it alone.

Without this one record over which a handler stumbles would end its consumer again and again,
and hold up everything behind it for ever. It may be a fault of the moment, so the record is
tried again, with growing pauses; then it is a dead letter, for people to look at. What came
behind it under its key waits for it, and so it does behind one that fell short: in a half by
itself nobody else would know of that.
"""

from collections.abc import Callable, Collection, Sequence

import attrs

from inventory_domain.errors import CommitRefused, Contention, DependencyUnavailable
from inventory_domain.records import Record
from inventory_domain.topics import DEAD_LETTER_SUFFIX
from inventory_domain.use_cases.handling import (
    Broken,
    Ended,
    Ending,
    Handler,
    HandlerResult,
    TryAgain,
)
from inventory_domain.use_cases.waiting_room import Delivery

__all__ = ["IsolatedHandler", "OnFault", "Stumbled"]

_FAULT_COUNT_MAX = 5

OnFault = Callable[[Record, Exception], None]
"""Is told of every fault, with the record that caused it."""


@attrs.frozen
class Stumbled(TryAgain):
    """The record is to be tried again, and this was none of the handler's attempts."""


@attrs.frozen
class IsolatedHandler:
    """A handler whose every fault ends in a result of the one record that it stumbles over.

    Records of *overtaking_topics* wait behind no other.
    """

    handler: Handler
    on_fault: OnFault
    overtaking_topics: frozenset[str] = frozenset()

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        """Handle *deliveries*; what was done before a fault is done again, as a duplicate."""
        try:
            return await self.handler.handle(deliveries)
        except (DependencyUnavailable, Contention, CommitRefused):
            raise
        except Exception as fault:  # noqa: BLE001 - whatever it is, it must not stop the others
            if len(deliveries) == 1:
                return [self._result(deliveries[0], fault)]
        half = len(deliveries) // 2
        first = await self.handle(deliveries[:half])
        waiting = {
            delivery.record.key
            for delivery, result in zip(deliveries[:half], first, strict=True)
            if isinstance(result, TryAgain)
        }
        # A record without a key has nobody behind it.
        waiting.discard(None)
        return [*first, *await self._handle_behind(waiting, deliveries[half:])]

    async def _handle_behind(
        self, waiting: Collection[bytes | None], deliveries: Sequence[Delivery]
    ) -> Sequence[HandlerResult]:
        """Handle *deliveries*, but for those behind what waits under one of the keys *waiting*."""
        is_behind = [
            one.record.key in waiting and one.record.topic not in self.overtaking_topics
            for one in deliveries
        ]
        free = [one for one, behind in zip(deliveries, is_behind, strict=True) if not behind]
        handled = iter(await self.handle(free) if free else ())
        return [Stumbled() if behind else next(handled) for behind in is_behind]

    def _result(self, delivery: Delivery, fault: Exception) -> HandlerResult:
        self.on_fault(delivery.record, fault)
        if delivery.fault_count + 1 < _FAULT_COUNT_MAX:
            return Stumbled()
        if delivery.record.topic.endswith(DEAD_LETTER_SUFFIX):
            # It lies where people look already.
            return Ended(Ending.DEAD_LETTERED)
        return Broken("unexpected_fault", f"{type(fault).__name__}: {fault}")
