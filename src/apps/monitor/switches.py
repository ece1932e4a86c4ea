"""The demo's switches: break a part on purpose, and tell what the system does about it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import attrs

from apps.monitor.audits import Audits
from apps.monitor.demo_parts import PushJournal, RemovableStockStore
from apps.monitor.watch import LogWatch
from apps.workers import Supervisor
from inventory_domain.errors import DomainError
from inventory_domain.ports import Clock, EventLog
from inventory_domain.records import OutgoingRecord, Record, TopicPartition
from inventory_domain.topics import PRODUCTS_GROUP, PRODUCTS_TOPICS
from inventory_domain.use_cases.reading_on import read_on

__all__ = ["CONSUMER", "Note", "Switches"]

CONSUMER: Final = "products-consumer"
REDELIVER_COUNT: Final = 100
AWAY_SECONDS: Final = 10.0
_NOTE_COUNT_MAX: Final = 50
_LOOK_SECONDS: Final = 0.5
_FOLLOW_SECONDS_MAX: Final = 120.0


@attrs.frozen
class Note:
    """One sentence of what was done, or of what followed; *is_good*: it came out well."""

    at: datetime
    text: str
    is_good: bool | None = None


class Switches:
    """Breaks things and watches them come back. Made in the embedded demo alone."""

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        stock: RemovableStockStore,
        pushes: PushJournal,
        log: EventLog,
        watch: LogWatch,
        audits: Audits,
        clock: Clock,
    ) -> None:
        self._supervisor = supervisor
        self._stock = stock
        self._pushes = pushes
        self._log = log
        self._watch = watch
        self._audits = audits
        self._clock = clock
        self._notes: deque[Note] = deque(maxlen=_NOTE_COUNT_MAX)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def notes(self) -> list[Note]:
        """What happened, newest first."""
        return [*reversed(self._notes)]

    @property
    def consumer_runs(self) -> bool:
        """Whether the products consumer is switched on."""
        return not self._supervisor.is_paused(CONSUMER)

    @property
    def pushes_flow(self) -> bool:
        """Whether the push channel is there."""
        line = self._pushes.line
        return line is None or not line.is_cut

    @property
    def seconds_away(self) -> float:
        """For how long the stock store is still away."""
        return self._stock.seconds_away

    def set_consumer(self, *, runs: bool) -> None:
        """Stop or start the products consumer."""
        if runs == self.consumer_runs:
            return
        if runs:
            self._supervisor.resume(CONSUMER)
            self._note("The products consumer starts and reads on from its last commit.")
            self._follow()
        else:
            self._supervisor.pause(CONSUMER)
            self._note("The products consumer stops. Orders are taken; their requests wait.")

    async def set_pushes(self, *, flow: bool) -> None:
        """Cut or join the push channel."""
        line = self._pushes.line
        if line is None or flow is self.pushes_flow:
            return
        if flow:
            line.join()
            self._note(
                "The push channel is back. Pages connect and read the truth again.", good=True
            )
        else:
            count = await line.cut()
            self._note(f"The push channel is cut, {count} connections with it. Orders go on.")

    async def redeliver(self) -> int:
        """Put the last requests into the log once more, byte for byte; return how many."""
        records = await self._last_requests(REDELIVER_COUNT)
        before = await self._movements()
        await self._log.publish([_again(record) for record in records])
        self._note(f"{len(records)} messages are delivered once more, with the ids they had.")
        self._follow(before)
        return len(records)

    def take_stock_away(self) -> None:
        """Let the stock store be away for ten seconds."""
        self._stock.take_away(AWAY_SECONDS)
        self._note(
            f"The stock store is away for {AWAY_SECONDS:.0f} s. Nothing is committed meanwhile, "
            "no attempt is counted, nothing becomes a dead letter."
        )
        self._follow()

    async def aclose(self) -> None:
        """Stop watching."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _note(self, text: str, *, good: bool | None = None) -> None:
        self._notes.append(Note(self._clock.now(), text, good))

    def _follow(self, movements_before: int | None = None) -> None:
        self._spawn(lambda: self._tell_the_end(movements_before))

    def _spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await work()

        task = asyncio.create_task(run(), name="demo")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell_the_end(self, movements_before: int | None) -> None:
        """Wait until nothing waits any more, then audit and say how it came out."""
        began = self._clock.now()
        while not await self._is_caught_up():
            await self._clock.sleep(_LOOK_SECONDS)
            if (self._clock.now() - began).total_seconds() > _FOLLOW_SECONDS_MAX:
                self._note("Messages still wait: something else holds them up.", good=False)
                return
        report = (await self._audits.run(0.0)).report
        seconds = (self._clock.now() - began).total_seconds()
        verdict = "everything adds up" if report.holds else "it does not add up"
        text = f"Caught up after {seconds:.1f} s; the audit says: {verdict}."
        if movements_before is not None:
            more = report.movements - movements_before
            text += " Not one unit moved twice." if not more else f" {more} new movements since."
        self._note(text, good=report.holds)

    async def _is_caught_up(self) -> bool:
        try:
            group = (await self._watch.look(0.0)).group(PRODUCTS_GROUP)
            await self._stock.load((), ())
        except DomainError:
            return False
        return group is not None and bool(group.info.members) and not group.lag_messages

    async def _movements(self) -> int:
        return (await self._audits.run(0.0)).report.movements

    async def _last_requests(self, count: int) -> list[Record]:
        found: list[Record] = []
        for topic in (await self._watch.look(0.0)).topics:
            if topic.name not in PRODUCTS_TOPICS:
                continue
            for one in topic.partitions:
                start = max(one.begin, one.end - count)
                at = TopicPartition(topic.name, one.partition)
                async for records in read_on(self._watch.inspector, at, start, one.end):
                    found += records
        return sorted(found, key=lambda one: one.timestamp)[-count:]


def _again(record: Record) -> OutgoingRecord:
    return OutgoingRecord(record.topic, record.key, record.value, record.headers)
