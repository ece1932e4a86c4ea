"""Apply commands about stock: load, decide, commit; on a conflict load and decide again."""

from collections.abc import Callable, Mapping, Sequence

import attrs

from inventory_domain.codec import Codec
from inventory_domain.errors import Contention, StockConflict
from inventory_domain.ids import OrderId
from inventory_domain.ports import Clock, IdSource, StockStore
from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import Adjust, Command, Reservation, StockView
from inventory_domain.stock_decisions import Decision, Outcome, StockPolicy, decide, touched
from inventory_domain.use_cases.taking_turns import ALONE, TakingTurns

__all__ = ["Decided", "StockLedger"]

_TRIES_MAX = 8

Decided = Sequence[tuple[Command, Outcome]]
FurtherEvents = Callable[[Decided], tuple[OutgoingRecord, ...]]


def _no_events(_decided: Decided) -> tuple[OutgoingRecord, ...]:
    return ()


@attrs.frozen(kw_only=True)
class StockLedger:
    """Makes decisions about stock durable, together with the events that tell of them."""

    store: StockStore
    clock: Clock
    ids: IdSource
    codec: Codec
    policy: StockPolicy
    nudge_relay: Callable[[], None]
    turns: TakingTurns = ALONE

    async def apply(
        self,
        commands: Sequence[Command],
        further_events: FurtherEvents = _no_events,
        *,
        whole: bool = False,
    ) -> tuple[Outcome, ...]:
        """Decide *commands* in their order and store what follows, all of it or nothing.

        *further_events* adds records that must become durable with the outcomes.

        A batch that keeps losing against other instances is split, so that a small part of it
        can win; a *whole* one is not, nor are the commands of one order.

        Raises:
            Contention: others won every try; nothing of the remaining commands was stored.
        """
        for attempt in range(_TRIES_MAX):
            async with self.turns.turn():
                outcomes = await self._try(commands, further_events)
            if outcomes is not None:
                return outcomes
            await self.turns.lost(attempt)
            if attempt >= _TRIES_MAX // 2 and not whole:
                parts = _parts(commands)
                if len(parts) > 1:
                    return await self._apply_parts(commands, parts, further_events)
        raise Contention(tries=_TRIES_MAX)

    async def preview(self, commands: Sequence[Command]) -> tuple[Outcome, ...]:
        """Return what would be decided now; nothing is stored."""
        return self.decide(commands, await self.store.load(*touched(commands))).outcomes

    def decide(self, commands: Sequence[Command], view: StockView) -> Decision:
        """Return what is decided about *commands* over *view* by the shop's policy, now."""
        now = self.clock.now()
        return decide(commands, view, now=now, policy=self.policy, codec=self.codec)

    async def reservations(self, order_ids: Sequence[OrderId]) -> Mapping[OrderId, Reservation]:
        """Return those of the orders' reservations that are there."""
        return (await self.store.load(order_ids, ())).reservations

    async def _apply_parts(
        self,
        commands: Sequence[Command],
        parts: Sequence[Sequence[int]],
        further_events: FurtherEvents,
    ) -> tuple[Outcome, ...]:
        outcomes: dict[int, Outcome] = {}
        for places in parts:
            part = await self.apply([commands[place] for place in places], further_events)
            outcomes.update(zip(places, part, strict=True))
        return tuple([outcomes[place] for place in range(len(commands))])

    async def _try(
        self, commands: Sequence[Command], further_events: FurtherEvents
    ) -> tuple[Outcome, ...] | None:
        decision = self.decide(commands, await self.store.load(*touched(commands)))
        change = decision.change
        further = further_events(tuple(zip(commands, decision.outcomes, strict=True)))
        if further:
            change = attrs.evolve(change, events=change.events + further)
        if not change.is_empty:
            try:
                await self.store.commit(change)
            except StockConflict:
                return None
            self.nudge_relay()
        return decision.outcomes


def _parts(commands: Sequence[Command]) -> list[list[int]]:
    """Return the places of *commands* in two parts, or in one if there is but one order.

    An order's commands stay together: only a decision about all of them lets none overtake one
    that falls short.
    """
    orders = [None if isinstance(one, Adjust) else one.order_id for one in commands]
    distinct = list(dict.fromkeys(orders))
    early = set(distinct[: len(distinct) // 2])
    first = [place for place, order_id in enumerate(orders) if order_id in early]
    second = [place for place, order_id in enumerate(orders) if order_id not in early]
    return [first, second] if first else [second]
