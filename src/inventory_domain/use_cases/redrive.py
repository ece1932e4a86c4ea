"""Redrive: look at dead letters, see what sending each back would do, and send chosen ones."""

from collections.abc import Callable, Sequence
from enum import StrEnum

import attrs

from inventory_domain.codec import Codec
from inventory_domain.dead_letters import DeadLetter, revive
from inventory_domain.errors import BrokenMessage
from inventory_domain.ports import Clock, EventLog, LogInspector
from inventory_domain.records import Record
from inventory_domain.stock import Reserve
from inventory_domain.stock_decisions import Outcome, Verdict
from inventory_domain.topics import PRODUCTS_TOPICS
from inventory_domain.use_cases.keep_stock import stock_command
from inventory_domain.use_cases.letter_filter import DeadLetterFilter, LetterState
from inventory_domain.use_cases.letters import Letters
from inventory_domain.use_cases.stock_ledger import StockLedger

__all__ = ["DeadLetterFilter", "Forecast", "LetterState", "Plan", "Redrive"]


class Forecast(StrEnum):
    """What sending a dead letter back would do now."""

    RESERVED = "would be reserved"
    SHORT = "still short"
    PRICE_CHANGED = "price has changed"
    CANCELLED = "cancelled since"
    DONE = "done already"
    APPLIED = "would be applied"
    BROKEN = "still broken"
    NOT_KEPT = "not kept whole"


_LEFT_OUT = frozenset({Forecast.CANCELLED, Forecast.DONE, Forecast.NOT_KEPT})

_FORECASTS = {
    Verdict.RESERVED: Forecast.RESERVED,
    # Its delivery came first: it is reserved and sold in one step.
    Verdict.CONSUMED: Forecast.RESERVED,
    Verdict.SHORT: Forecast.SHORT,
    Verdict.REJECTED: Forecast.SHORT,
    Verdict.PRICE_CHANGED: Forecast.PRICE_CHANGED,
    Verdict.SUPERSEDED: Forecast.CANCELLED,
    Verdict.DUPLICATE: Forecast.DONE,
    Verdict.HELD_OTHERWISE: Forecast.BROKEN,
}


@attrs.frozen
class Plan:
    """What would become of one dead letter; *redrives* is the count it would carry."""

    letter: DeadLetter
    forecast: Forecast
    redrives: int
    detail: str = ""

    @property
    def is_sent(self) -> bool:
        """Whether acting on the plan sends it back."""
        return self.forecast not in _LEFT_OUT


@attrs.frozen(kw_only=True)
class Redrive:
    """The people's way with dead letters."""

    inspector: LogInspector
    log: EventLog
    ledger: StockLedger
    clock: Clock
    codec: Codec
    kept: Letters = attrs.field(
        default=attrs.Factory(lambda self: Letters(self.inspector), takes_self=True)
    )

    async def letters(
        self, wanted: DeadLetterFilter, *, count_max: int | None = None
    ) -> Sequence[DeadLetter]:
        """Return the dead letters that pass, see :meth:`Letters.find`."""
        return await self.kept.find(wanted, count_max=count_max)

    async def letter(self, letter_id: str) -> DeadLetter | None:
        """Return one dead letter, or None if there is no such."""
        return await self.kept.letter(letter_id)

    async def plan(self, letters: Sequence[DeadLetter]) -> Sequence[Plan]:
        """Say what sending each of *letters* back would do now; nothing is changed."""
        plans: dict[str, Plan] = {}
        tried: list[tuple[DeadLetter, Reserve]] = []
        for letter in letters:
            plans[letter.letter_id] = _first_plan(letter)
            if not (letter.is_whole and letter.origin.topic in PRODUCTS_TOPICS):
                continue
            try:
                command = stock_command(_as_received(letter), self.codec, final=False)
            except BrokenMessage as broken:
                plans[letter.letter_id] = Plan(
                    letter, Forecast.BROKEN, letter.redrives + 1, broken.message()
                )
                continue
            if isinstance(command, Reserve):
                tried.append((letter, command))
        for plan in await self._forecast(tried):
            plans[plan.letter.letter_id] = plan
        return list(plans.values())

    async def run(
        self,
        plans: Sequence[Plan],
        *,
        per_second: float | None = None,
        progress: Callable[[Plan], None] = lambda _plan: None,
    ) -> int:
        """Send back what the plans do not leave out, at most *per_second*; return how many."""
        if per_second is not None and not per_second > 0:
            raise ValueError("per_second must be more than 0")
        sent = 0
        for plan in plans:
            if plan.is_sent:
                if sent and per_second is not None:
                    await self.clock.sleep(1 / per_second)
                await self.log.publish([revive(plan.letter, redrives=plan.redrives)])
                sent += 1
            progress(plan)
        return sent

    async def _forecast(self, tried: Sequence[tuple[DeadLetter, Reserve]]) -> list[Plan]:
        if not tried:
            return []
        # Counted past what the reservation has seen, or it would pass for a duplicate.
        held = await self.ledger.reservations([command.order_id for _, command in tried])
        commands = []
        for letter, command in tried:
            known = held.get(command.order_id)
            redrives = max(letter.redrives, known.redrives if known is not None else 0) + 1
            commands.append(attrs.evolve(command, redrives=redrives))
        outcomes = await self.ledger.preview(commands)
        return [
            Plan(letter, _FORECASTS[outcome.verdict], command.redrives, _detail(outcome))
            for (letter, _), command, outcome in zip(tried, commands, outcomes, strict=True)
        ]


def _first_plan(letter: DeadLetter) -> Plan:
    if letter.is_whole:
        return Plan(letter, Forecast.APPLIED, letter.redrives + 1)
    place = f"{letter.origin.topic}, partition {letter.origin.partition}, offset {letter.offset}"
    # Sent back as it is, it would be an empty message.
    return Plan(letter, Forecast.NOT_KEPT, letter.redrives, f"It lies in {place} only.")


def _as_received(letter: DeadLetter) -> Record:
    back = revive(letter, redrives=letter.redrives)
    return attrs.evolve(letter.record, topic=back.topic, headers=back.headers, offset=letter.offset)


def _detail(outcome: Outcome) -> str:
    return "; ".join(
        f"{line.product_id}: wanted {line.wanted}, available {line.available}"
        for line in outcome.refused
    )
