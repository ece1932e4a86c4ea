"""Consume a group's records: every one ends, in order per order, and no offset is ahead of it.

The handler decides; the loop keeps the promises about delivery. A record that is to be tried
again waits in memory while others go on; the offset of its partition stays behind it, so that
a death in between hands it out again. An outage ends nothing and counts no attempt: everything
not committed is handed out again when the world is back.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import attrs

from inventory_domain.dead_letters import Failure, bury
from inventory_domain.errors import (
    CommitRefused,
    Contention,
    DependencyUnavailable,
)
from inventory_domain.ports import Clock, EventLog, IdSource, Subscription
from inventory_domain.records import Record
from inventory_domain.use_cases.handling import (
    Broken,
    Ended,
    Ending,
    Handler,
    HandlerResult,
    TryAgain,
)
from inventory_domain.use_cases.isolation import IsolatedHandler, OnFault, Stumbled
from inventory_domain.use_cases.pace import Pace
from inventory_domain.use_cases.progress import Progress
from inventory_domain.use_cases.publishing import publish_what_fits
from inventory_domain.use_cases.waiting_room import Delivery, WaitingRoom

__all__ = [
    "Broken",
    "Consumer",
    "ConsumerSettings",
    "Ended",
    "Ending",
    "Handler",
    "HandlerResult",
    "TryAgain",
]


@attrs.frozen(kw_only=True)
class ConsumerSettings:
    """Bounds and pauses.

    The pause before the second attempt is about *retry_pause_seconds*; each further one is
    twice as long, all with jitter, the longest *retry_pause_seconds_max*. A partition with
    *open_count_max* open records is paused. Records of *overtaking_topics* do not wait behind
    their order's, not even for a next try of their own; instead what waits is tried again right
    behind them.
    """

    service: str
    batch_count_max: int = 500
    poll_seconds: float = 1.0
    retry_pause_seconds: float = 1.0
    retry_pause_seconds_max: float = 3600.0
    outage_pause_seconds: float = 0.5
    open_count_max: int = 10_000
    overtaking_topics: frozenset[str] = frozenset()


class Consumer:
    """One member of a group at work."""

    def __init__(
        self,
        subscription: Subscription,
        handler: Handler,
        log: EventLog,
        *,
        clock: Clock,
        ids: IdSource,
        settings: ConsumerSettings,
        on_fault: OnFault = lambda _record, _fault: None,
    ) -> None:
        self._subscription = subscription
        self._handler = IsolatedHandler(handler, on_fault, settings.overtaking_topics)
        self._log = log
        self._clock = clock
        self._ids = ids
        self._settings = settings
        self._pace = Pace(settings.batch_count_max)
        self._progress = Progress()
        self._waiting = WaitingRoom()
        self._stopping = False
        self._must_rewind = False
        self.endings: Counter[Ending] = Counter()
        self.outage: Exception | None = None

    @property
    def waiting_count(self) -> int:
        """How many records wait for a next try, or behind one that does."""
        return len(self._waiting)

    async def run(self) -> None:
        """Consume until :meth:`stop`; outages are waited out."""
        while not self._stopping:
            await self.step()

    def stop(self) -> None:
        """Let :meth:`run` return after the batch that is under way."""
        self._stopping = True

    async def aclose(self) -> None:
        """Leave the group."""
        await self._subscription.aclose()

    async def step(self) -> None:
        """Take one batch, or what is due by now, and bring it as far as it goes."""
        try:
            if self._must_rewind:
                await self._rewind()
            await self._work()
            self.outage = None
        except CommitRefused:
            await self._start_over(None)
        except (DependencyUnavailable, Contention) as outage:
            self._pace.slow_down()
            await self._start_over(outage)
            await self._clock.sleep(self._settings.outage_pause_seconds)

    async def _start_over(self, outage: Exception | None) -> None:
        self.outage = outage
        self._progress.forget()
        self._waiting.clear()
        self._must_rewind = True
        try:
            await self._rewind()
        except DependencyUnavailable as away:
            self.outage = away

    async def _rewind(self) -> None:
        # Until it succeeds nothing is read: what was forgotten here would be passed over.
        await self._subscription.rewind()
        self._must_rewind = False

    async def _work(self) -> None:
        async with self._subscription.batch(
            count_max=self._pace.count,
            wait_seconds=self._patience_seconds(),
            paused=tuple(self._progress.crowded(self._settings.open_count_max)),
        ) as batch:
            self._waiting.drop(self._progress.follow(batch.assigned))
            self._progress.begin(batch.records)
            deliveries = self._line_up(batch.records)
            if deliveries:
                results = await self._handler.handle(deliveries)
                await self._settle(deliveries, results)
            offsets = self._progress.committable()
            if offsets:
                await batch.commit(offsets)
                self._progress.note_committed(offsets)
                self._pace.speed_up()

    def _patience_seconds(self) -> float:
        due_at = self._waiting.next_due_at()
        if due_at is None:
            return self._settings.poll_seconds
        seconds = (due_at - self._clock.now()).total_seconds()
        return min(max(seconds, 0.0), self._settings.poll_seconds)

    def _line_up(self, records: Sequence[Record]) -> list[Delivery]:
        """Return what is to be handled now: what is due, then the new that need not wait."""
        if not self._waiting.is_used:
            return [Delivery(record) for record in records]
        due = self._waiting.take_due(self._clock.now(), self._pace.count)
        handled = {id(delivery.record) for delivery in due}
        line = list(due)
        for record in records:
            head = self._waiting.head(record.key)
            if head is None:
                line.append(Delivery(record))
            elif record.topic in self._settings.overtaking_topics:
                line.append(Delivery(record))
                if id(head.record) not in handled:
                    handled.add(id(head.record))
                    line.append(head)
            else:
                self._waiting.join(record)
        return line

    async def _settle(
        self, deliveries: Sequence[Delivery], results: Sequence[HandlerResult]
    ) -> None:
        pairs = list(zip(deliveries, results, strict=True))
        broken = [(one, result) for one, result in pairs if isinstance(result, Broken)]
        if broken:
            await self._bury(broken)
        now = self._clock.now()
        for delivery, result in pairs:
            if isinstance(result, TryAgain):
                self._wait(delivery, is_fault=isinstance(result, Stumbled))
                continue
            ending = result.ending if isinstance(result, Ended) else Ending.DEAD_LETTERED
            self.endings[ending] += 1
            self._progress.end(delivery.record)
            if self._waiting.is_used:
                self._waiting.leave(delivery.record, now)

    async def _bury(self, broken: Sequence[tuple[Delivery, Broken]]) -> None:
        now = self._clock.now()
        letters = [
            bury(
                delivery.record,
                Failure(
                    error_class=fault.error_class,
                    message=fault.message,
                    attempts=delivery.tries,
                    first_at=delivery.first_failure_at or now,
                    last_at=now,
                ),
                service=self._settings.service,
            )
            for delivery, fault in broken
        ]
        await publish_what_fits(self._log, letters)

    def _wait(self, delivery: Delivery, *, is_fault: bool) -> None:
        now = self._clock.now()
        settings = self._settings
        head = self._waiting.head(delivery.record.key)
        overtakes = delivery.record.topic in settings.overtaking_topics
        if head is not None and head.record is not delivery.record and not overtakes:
            # It came in one batch with the one it waits behind: its own tries begin after that.
            self._waiting.put_behind(delivery)
            return
        pause = settings.retry_pause_seconds * 2 ** (delivery.tries - 1)
        # Three quarters to five quarters: orders that fell short together come back apart.
        pause = min(pause, settings.retry_pause_seconds_max) * (0.75 + self._ids.jitter() / 2)
        next_try = delivery.again(now, is_fault=is_fault)
        self._waiting.put(next_try, now + timedelta(seconds=pause), now)
