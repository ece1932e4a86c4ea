"""One consumer as a member of its group, from its joining to its end.

The driver shares the partitions out in the background, even in the middle of a batch. So a
lock is held while a batch is worked on, and the driver's call before a rebalance waits for it:
meanwhile the group waits for this member, which may still commit. Fetching stays outside of the
lock, since it may itself wait for a rebalance to end.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition as DriverPartition

from adapters.kafka.driver import end_consumer
from adapters.kafka.errors import DRIVER_ERRORS, unavailable
from adapters.kafka.fetching import Fetching
from adapters.kafka.header_names import read_any_header_name
from adapters.kafka.holdings import Holdings
from adapters.kafka.records import from_driver, to_driver_partition
from adapters.kafka.settings import KafkaSettings, consumer_options
from adapters.kafka.watching import Watch
from inventory_domain.errors import CommitRefused, DependencyUnavailable
from inventory_domain.records import Record, TopicPartition

__all__ = ["Member"]


class Member(ConsumerRebalanceListener):  # type: ignore[misc] # the driver has no types
    """A member of *group*; *fault* is final, another member must take its place then.

    *new_number* gives each assignment a number of its own, over all members of a subscription.
    """

    def __init__(
        self, settings: KafkaSettings, group: str, *, new_number: Callable[[], int]
    ) -> None:
        self.lock = asyncio.Lock()
        self.fault: Exception | None = unavailable(settings, "was not joined")
        self._settings = settings
        self._new_number = new_number
        read_any_header_name()
        self._consumer = AIOKafkaConsumer(**consumer_options(settings, group))
        self._holdings = Holdings()
        self._fetching = Fetching(self._consumer, self._holdings)
        self._watch = Watch(settings, self._consumer, self._holdings)
        self._committing: set[asyncio.Task[None]] = set()

    @property
    def owned(self) -> Mapping[TopicPartition, int]:
        """The partitions that are this member's now, with the numbers of their assignments."""
        return self._holdings.owned or {}

    async def join(self, topics: Iterable[str]) -> None:
        """Connect and begin to join the group for *topics*; the assignment comes later.

        Raises:
            DependencyUnavailable: nobody answers.
        """
        try:
            async with asyncio.timeout(self._settings.connect_seconds_max):
                await self._consumer.start()
        except DRIVER_ERRORS as error:
            raise self._fail("does not answer", error) from error
        # Not before: with topics at its start the driver would wait without a limit for the
        # other members to finish their batches.
        self._consumer.subscribe(sorted(topics), listener=self)
        self.fault = None

    async def end(self) -> None:
        """Leave the group, within a bounded time."""
        self.fault = self.fault or unavailable(self._settings, "was left")
        self._holdings.distrust()
        for task in self._committing:
            task.cancel()
        await self._fetching.stop()
        await end_consumer(self._consumer, self._settings.stop_seconds_max)
        await asyncio.gather(*self._committing, return_exceptions=True)

    # --- called by the driver around a rebalance ------------------------------------------------

    async def on_partitions_revoked(self, _revoked: Collection[DriverPartition]) -> None:
        """Let go of everything, after the batch that is worked on."""
        async with self.lock:
            self._holdings.revoke()

    async def on_partitions_assigned(self, assigned: Collection[DriverPartition]) -> None:
        """Own *assigned* under a new number."""
        self._holdings.gain(map(from_driver, assigned), self._new_number())

    # --- records --------------------------------------------------------------------------------

    async def fetch(
        self, count_max: int, wait_seconds: float, paused: Collection[TopicPartition]
    ) -> None:
        """Wait for records, which :meth:`claim` then hands out.

        Raises:
            DependencyUnavailable: the consumer failed, or has gone silent.
        """
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            came = await self._fetching.wait(count_max, wait_seconds, paused)
        except Exception as error:
            raise self._fail("gave no records", error) from error
        if came:
            self._watch.calm()
        # A process that was frozen waited no longer than it meant to.
        elif fault := await self._watch.waited(min(clock() - began, wait_seconds + 1.0)):
            self.fault = fault
            raise fault

    def claim(self, count_max: int, paused: Collection[TopicPartition]) -> list[Record]:
        """Return the records that came and are still this member's; to be called under the lock."""
        return self._fetching.claim(count_max, paused)

    def rewind(self) -> None:
        """Go back to the last commits; to be called under the lock."""
        self._fetching.rewind()

    # --- commits --------------------------------------------------------------------------------

    async def commit(
        self, held: Mapping[TopicPartition, int], offsets: Mapping[TopicPartition, int]
    ) -> None:
        """Commit *offsets* of partitions *held* under these numbers.

        Raises:
            CommitRefused: one is held no longer, or the group has gone on without this member.
            DependencyUnavailable: no answer in time; whether they are committed is unknown.
        """
        owned = self.owned
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
            # Not tried again: that would only make the driver leave and join once more.
            self._holdings.distrust()
            raise CommitRefused from error
        except KafkaError as error:
            raise self._fail("took no commit", error) from error
        self._holdings.starts.update(offsets)

    def _fail(self, what: str, error: BaseException | None) -> DependencyUnavailable:
        fault = unavailable(self._settings, what, error)
        self.fault = fault
        return fault
