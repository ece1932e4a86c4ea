"""Taking records from the driver without losing one on the way to whoever works on them."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

import attrs
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import ConsumerStoppedError
from aiokafka.structs import TopicPartition as DriverPartition

from adapters.kafka.holdings import Holdings
from adapters.kafka.records import from_driver, to_driver_partition, to_record
from inventory_domain.records import Record, TopicPartition

__all__ = ["Fetching"]

# What a fetch may take longer than it was told to wait, before it is left to go on by itself.
_GRACE_SECONDS = 0.5


@attrs.frozen
class _Part:
    """Records of one partition, taken while it was held under a number, None if it was not."""

    at: TopicPartition
    number: int | None
    rewinds: int
    found: Sequence[Any]


class Fetching:
    """One fetch at a time, in two steps: :meth:`wait` for it, then :meth:`claim` its records.

    What was taken from the driver counts as read there. So it is kept until it is claimed, even
    if whoever waited for it went away.
    """

    def __init__(self, consumer: AIOKafkaConsumer, holdings: Holdings) -> None:
        self._consumer = consumer
        self._holdings = holdings
        self._task: asyncio.Task[list[_Part]] | None = None
        self._turn = 0

    async def wait(
        self, count_max: int, wait_seconds: float, paused: Collection[TopicPartition]
    ) -> bool:
        """Wait for up to *count_max* records and tell whether some came.

        Raises:
            Exception: whatever the driver failed with.
        """
        self._pause(paused)
        task = self._task or asyncio.create_task(self._take(count_max, wait_seconds))
        self._task = task
        # In a rebalance a fetch takes as long as that does. It must not be cut off, since then
        # the driver never again sees that nobody fetches; so it goes on into the next call.
        await asyncio.wait({task}, timeout=wait_seconds + _GRACE_SECONDS)
        if task.cancelled():
            raise ConsumerStoppedError
        return task.done() and bool(task.result())

    def claim(self, count_max: int, paused: Collection[TopicPartition]) -> list[Record]:
        """Return the records that came and are still the member's; to be called under its lock."""
        task = self._task
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            # What went wrong since the wait is told by the next one.
            return []
        parts, self._task = task.result(), None
        records: list[Record] = []
        for part in parts:
            if not self._is_valid(part):
                continue
            room = 0 if part.at in paused else count_max - len(records)
            records.extend(map(to_record, part.found[:room]))
            if len(part.found) > room:
                self._consumer.seek(to_driver_partition(part.at), part.found[room].offset)
        return records

    def rewind(self) -> None:
        """Go back to the last commits; to be called under the member's lock."""
        self._holdings.rewinds += 1
        for at, offset in self._holdings.starts.items():
            if self._holdings.number_of(at) is not None:
                self._consumer.seek(to_driver_partition(at), offset)

    async def stop(self) -> None:
        """Give up the fetch that is under way: nobody will fetch from this consumer again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _is_valid(self, part: _Part) -> bool:
        """Tell whether *part* goes on where its partition is; what does not comes again."""
        number = self._holdings.number_of(part.at)
        return number is not None and (part.number, part.rewinds) == (
            number,
            self._holdings.rewinds,
        )

    def _pause(self, paused: Collection[TopicPartition]) -> None:
        # Every assignment begins without pauses, so they are compared each time.
        wanted = {to_driver_partition(at) for at in paused} & self._consumer.assignment()
        present = self._consumer.paused()
        self._consumer.pause(*(wanted - present))
        self._consumer.resume(*(present - wanted))

    async def _take(self, count_max: int, wait_seconds: float) -> list[_Part]:
        """Take what is there, each time beginning with another partition; else wait for any."""
        owned = list(self._holdings.owned or {})
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
            await self._holdings.assigned.wait()
        parts = []
        for driver_at, records in found.items():
            at = from_driver(driver_at)
            number = self._holdings.number_of(at)
            parts.append(_Part(at, number, self._holdings.rewinds, records))
            if number is not None:
                self._holdings.starts.setdefault(at, records[0].offset)
        return parts
