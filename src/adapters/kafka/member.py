"""One consumer as a member of its group, from its joining to its end.

The driver shares the partitions out in the background, even in the middle of a batch. So a
lock is held while a batch is worked on, and the driver's call before a rebalance waits for it:
meanwhile the group waits for this member, which may still commit. Fetching stays outside of the
lock, since it may itself wait for a rebalance to end.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import attrs
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition as DriverPartition

from adapters.kafka.driver import end_consumer
from adapters.kafka.errors import DRIVER_ERRORS, unavailable
from adapters.kafka.records import from_driver, to_driver_partition, to_record
from adapters.kafka.settings import KafkaSettings, consumer_options
from adapters.kafka.watchdog import Watchdog
from inventory_domain.errors import CommitRefused, DependencyUnavailable
from inventory_domain.records import Record, TopicPartition

__all__ = ["Member"]

# What a fetch may take longer than it was told to wait, before it is left to go on by itself.
_GRACE_SECONDS = 0.5


@attrs.frozen
class _Part:
    """Records of one partition, taken from the driver while it was held under a number."""

    at: TopicPartition
    assignment: int | None
    rewinds: int
    found: Sequence[Any]


class Member(ConsumerRebalanceListener):  # type: ignore[misc] # the driver has no types
    """A member that has joined; *fault* is final, another member must take its place then.

    *owned* are its partitions with the numbers of their assignments, None while it has no
    assignment.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        *,
        new_number: Callable[[], int],
    ) -> None:
        self.lock = asyncio.Lock()
        self.owned: Mapping[TopicPartition, int] | None = None
        self.fault: Exception | None = None
        self._settings = settings
        self._new_number = new_number
        self._consumer = AIOKafkaConsumer(**consumer_options(settings, group))
        self._assigned = asyncio.Event()
        self._fetching: asyncio.Task[list[_Part]] | None = None
        self._committing: set[asyncio.Task[None]] = set()
        self._starts: dict[TopicPartition, int] = {}
        self._rewinds = 0
        self._turn = 0
        self._watchdog = Watchdog(settings.silence_seconds_max)
        self._idle_seconds = 0.0
        self._unassigned_seconds = 0.0

    async def join(self, topics: Iterable[str]) -> None:
        """Connect and begin to join the group for *topics*; the assignment comes later.

        Raises:
            DependencyUnavailable: nobody answers.
        """
        self.fault = unavailable(self._settings, "was not joined")
        try:
            async with asyncio.timeout(self._settings.connect_seconds_max):
                await self._consumer.start()
        except DRIVER_ERRORS as error:
            raise self._fail("does not answer", error) from error
        self.fault = None
        # Not before: with topics at its start the driver would wait without a limit for the
        # other members to finish their batches.
        self._consumer.subscribe(sorted(topics), listener=self)

    async def end(self) -> None:
        """Leave the group, within a bounded time."""
        self.fault = self.fault or unavailable(self._settings, "was left")
        self.owned = None
        tasks: list[asyncio.Task[Any]] = [*self._committing]
        if self._fetching is not None:
            tasks.append(self._fetching)
        for task in tasks:
            task.cancel()
        await end_consumer(self._consumer, self._settings.stop_seconds_max)
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- called by the driver around a rebalance ------------------------------------------------

    async def on_partitions_revoked(self, _revoked: Collection[DriverPartition]) -> None:
        """Let go of everything, after the batch that is worked on."""
        async with self.lock:
            self.owned = None
            self._assigned.clear()
            self._starts.clear()

    async def on_partitions_assigned(self, assigned: Collection[DriverPartition]) -> None:
        """Own *assigned* under a new number."""
        number = self._new_number()
        self.owned = {from_driver(at): number for at in assigned}
        self._unassigned_seconds = 0.0
        self._assigned.set()

    # --- fetching -------------------------------------------------------------------------------

    async def fetch(
        self, count_max: int, wait_seconds: float, paused: Collection[TopicPartition]
    ) -> None:
        """Wait for records, which :meth:`claim` then hands out.

        Raises:
            DependencyUnavailable: the consumer failed, or has gone silent.
        """
        clock = asyncio.get_running_loop().time
        began = clock()
        self._pause(paused)
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._take(count_max, wait_seconds))
        # In a rebalance a fetch takes as long as that does. It must not be cut off, since then
        # the driver never again sees that nobody fetches; so it goes on into the next call.
        limit = wait_seconds + _GRACE_SECONDS
        done, _ = await asyncio.wait({self._fetching}, timeout=limit)
        if done and (error := self._fetching.exception()) is not None:
            raise self._fail("gave no records", error) from error
        if done and self._fetching.result():
            self._watchdog.calm()
        else:
            await self._watch(min(clock() - began, limit))

    def claim(self, count_max: int, paused: Collection[TopicPartition]) -> list[Record]:
        """Return the records that came and are still this member's; to be called under the lock."""
        if self._fetching is None or not self._fetching.done():
            return []
        parts, self._fetching = self._fetching.result(), None
        owned = self.owned or {}
        records: list[Record] = []
        for part in parts:
            # What was taken before a rebalance or a rewind comes again.
            if part.rewinds != self._rewinds or part.assignment != owned.get(part.at, 0):
                continue
            room = 0 if part.at in paused else count_max - len(records)
            records.extend(map(to_record, part.found[:room]))
            if len(part.found) > room:
                self._consumer.seek(to_driver_partition(part.at), part.found[room].offset)
        return records

    def rewind(self) -> None:
        """Go back to the last commits; to be called under the lock.

        That needs no broker: every partition's start is known from the first record that came,
        or from the commit since.
        """
        self._rewinds += 1
        for at, offset in self._starts.items():
            if at in (self.owned or {}):
                self._consumer.seek(to_driver_partition(at), offset)

    def _pause(self, paused: Collection[TopicPartition]) -> None:
        # Every assignment begins without pauses, so they are compared each time.
        wanted = {to_driver_partition(at) for at in paused} & self._consumer.assignment()
        present = self._consumer.paused()
        self._consumer.pause(*(wanted - present))
        self._consumer.resume(*(present - wanted))

    async def _take(self, count_max: int, wait_seconds: float) -> list[_Part]:
        """Take what is there, each time beginning with another partition; else wait for any."""
        owned = list(self.owned or {})
        self._turn += 1
        parts: list[_Part] = []
        room = count_max
        for step in range(len(owned)):
            at = owned[(self._turn + step) % len(owned)]
            parts += await self._get(room, 0, to_driver_partition(at))
            room = count_max - sum(len(part.found) for part in parts)
            if room <= 0:
                break
        return parts or await self._get(count_max, round(wait_seconds * 1000))

    async def _get(
        self, count_max: int, timeout_ms: int, *partitions: DriverPartition
    ) -> list[_Part]:
        found = await self._consumer.getmany(
            *partitions, timeout_ms=timeout_ms, max_records=count_max
        )
        if found:
            # The first records can come a moment before the driver tells of their assignment.
            await self._assigned.wait()
        owned = self.owned or {}
        parts = []
        for driver_at, records in found.items():
            at = from_driver(driver_at)
            parts.append(_Part(at, owned.get(at), self._rewinds, records))
            if at in owned:
                self._starts.setdefault(at, records[0].offset)
        return parts

    # --- watching -------------------------------------------------------------------------------

    async def _watch(self, seconds: float) -> None:
        """Fail if the consumer seems dead after it gave nothing for *seconds*."""
        mine = self._consumer.assignment() - self._consumer.paused() if self.owned else set()
        answers = {from_driver(at): self._consumer.last_poll_timestamp(at) for at in mine}
        self._watchdog.waited(seconds, answers)
        if self._watchdog.barks:
            raise self._fail("has gone silent", None)
        self._idle_seconds = 0.0 if answers else self._idle_seconds + seconds
        if self._idle_seconds > self._settings.silence_seconds_max:
            self._idle_seconds = 0.0
            await self._probe()
        if self.owned is None:
            self._unassigned_seconds += seconds
            if self._unassigned_seconds > self._assignment_seconds_max():
                raise self._fail("gave this member no partitions", None)

    async def _probe(self) -> None:
        """Ask the broker anything: with nothing to fetch nothing else would tell of an outage."""
        try:
            async with asyncio.timeout(self._settings.connect_seconds_max):
                await self._consumer.topics()
        except DRIVER_ERRORS as error:
            raise self._fail("does not answer", error) from error

    def _assignment_seconds_max(self) -> float:
        settings = self._settings
        return (
            settings.rebalance_seconds_max + settings.session_seconds + settings.silence_seconds_max
        )

    # --- committing -----------------------------------------------------------------------------

    async def commit(
        self, held: Mapping[TopicPartition, int], offsets: Mapping[TopicPartition, int]
    ) -> None:
        """Commit *offsets* of partitions *held* under these numbers.

        Raises:
            CommitRefused: one is held no longer, or the group has gone on without this member.
            DependencyUnavailable: no answer in time; whether they are committed is unknown.
        """
        owned = self.owned or {}
        if any(at not in held or held[at] != owned.get(at) for at in offsets):
            raise CommitRefused
        if not offsets:
            return
        # The driver tries for ever, and cutting it off would leave a request under way. So it
        # goes on by itself, and ends with this member.
        task = asyncio.create_task(
            self._consumer.commit({to_driver_partition(at): n for at, n in offsets.items()})
        )
        self._committing.add(task)
        done, _ = await asyncio.wait({task}, timeout=self._settings.commit_seconds_max)
        if not done:
            raise self._fail("did not answer a commit", None)
        self._committing.discard(task)
        try:
            task.result()
        except (CommitFailedError, IllegalStateError) as error:
            # Not tried again: that would only make the driver leave and join once more. What is
            # fetched from now on belongs to nobody until the next assignment.
            self.owned = None
            raise CommitRefused from error
        except KafkaError as error:
            raise self._fail("took no commit", error) from error
        self._starts.update(offsets)

    def _fail(self, what: str, error: BaseException | None) -> DependencyUnavailable:
        fault = unavailable(self._settings, what, error)
        self.fault = fault
        return fault
