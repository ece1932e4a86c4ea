"""Keep stock: a batch of requests becomes one decision, one write, and its published outcomes."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from inventory_domain.codec import Codec, OrderCompletion
from inventory_domain.dead_letters import Failure, bury, redrive_count
from inventory_domain.errors import BrokenMessage, RefusedLine
from inventory_domain.messages import ReleaseRequest, ReserveRequest
from inventory_domain.ports import Clock
from inventory_domain.records import OutgoingRecord, Record
from inventory_domain.stock import Command, Consume, Release, Reserve
from inventory_domain.stock_decisions import Outcome, Verdict
from inventory_domain.use_cases.consume import Broken, Ended, Ending, HandlerResult, TryAgain
from inventory_domain.use_cases.relay_outbox import OutboxRelay
from inventory_domain.use_cases.stock_ledger import Decided, StockLedger
from inventory_domain.use_cases.waiting_room import Delivery

__all__ = ["StockKeeper", "stock_command"]

_ENDINGS: dict[Verdict, HandlerResult] = {
    Verdict.RESERVED: Ended(Ending.APPLIED),
    Verdict.RELEASED: Ended(Ending.APPLIED),
    Verdict.NOTHING_HELD: Ended(Ending.APPLIED),
    Verdict.CONSUMED: Ended(Ending.APPLIED),
    Verdict.PRICE_CHANGED: Ended(Ending.APPLIED),
    Verdict.DUPLICATE: Ended(Ending.DUPLICATE),
    Verdict.SUPERSEDED: Ended(Ending.SUPERSEDED),
    # Its dead letter went into the outbox together with the rejection.
    Verdict.REJECTED: Ended(Ending.DEAD_LETTERED),
    Verdict.SHORT: TryAgain(),
    Verdict.HELD_OTHERWISE: Broken(
        "reservation_held_with_other_items",
        "the order holds stock already, for other items",
    ),
}


def stock_command(record: Record, codec: Codec, *, final: bool) -> Command:
    """Turn a record into the command that it asks for.

    Raises:
        BrokenMessage: it can never be processed.
    """
    match codec.read_request(record):
        case ReserveRequest() as request:
            return Reserve(
                order_id=request.order_id,
                lines=request.lines,
                event_id=request.event_id,
                order_number=request.order_number,
                redrives=redrive_count(record.headers),
                final=final,
                trace=request.trace,
            )
        case ReleaseRequest() as request:
            return Release(
                order_id=request.order_id,
                event_id=request.event_id,
                reason=request.reason,
                order_number=request.order_number,
                trace=request.trace,
            )
        case OrderCompletion() as done:
            return Consume(order_id=done.order_id, event_id=done.event_id, trace=done.trace)


@attrs.frozen(kw_only=True)
class StockKeeper:
    """Handles what the products service consumes.

    A shortage is tried again *retry_count_max* times; the last attempt is final and rejects the
    order, in one write with its outcome and its dead letter.
    """

    ledger: StockLedger
    relay: OutboxRelay
    clock: Clock
    codec: Codec
    service: str
    retry_count_max: int = 3

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        """Decide *deliveries* as one batch; returns when their outcomes are published."""
        results: list[HandlerResult | None] = [None] * len(deliveries)
        commands: list[Command] = []
        origin: dict[int, Delivery] = {}
        places: list[int] = []
        for place, delivery in enumerate(deliveries):
            try:
                final = delivery.attempt > self.retry_count_max
                command = stock_command(delivery.record, self.codec, final=final)
            except BrokenMessage as broken:
                results[place] = Broken(broken.code, broken.message())
                continue
            commands.append(command)
            origin[id(command)] = delivery
            places.append(place)
        if commands:
            if self.relay.is_stuck:
                # What is handled again is told again: while nothing can be published, each try
                # would only add to what waits for it.
                await self.relay.flush()
            outcomes = await self.ledger.apply(
                commands, lambda decided: self._letters(decided, origin)
            )
            if any(outcome.verdict is not Verdict.SHORT for outcome in outcomes):
                # What only waits for its next try has told nobody anything.
                await self.relay.flush()
            for place, outcome in zip(places, outcomes, strict=True):
                results[place] = _ENDINGS[outcome.verdict]
        return [result for result in results if result is not None]

    def _letters(self, decided: Decided, origin: dict[int, Delivery]) -> tuple[OutgoingRecord, ...]:
        rejected = [one for one in decided if one[1].verdict is Verdict.REJECTED]
        if not rejected:
            return ()
        now = self.clock.now()
        return tuple(
            [
                bury(
                    origin[id(command)].record,
                    _shortage(origin[id(command)], outcome, now),
                    service=self.service,
                )
                for command, outcome in rejected
            ]
        )


def _shortage(delivery: Delivery, outcome: Outcome, now: datetime) -> Failure:
    return Failure(
        error_class=outcome.refused[0].reason,
        message="; ".join(map(_describe, outcome.refused)),
        attempts=delivery.attempt,
        first_at=delivery.first_failure_at or now,
        last_at=now,
    )


def _describe(line: RefusedLine) -> str:
    reason = line.reason.replace("_", " ")
    return f"{line.product_id}: {reason}, wanted {line.wanted}, available {line.available}"
