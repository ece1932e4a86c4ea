"""Waiting on conditions: bounded, and never longer than it takes."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from inventory_domain.ports import Subscription
from inventory_domain.records import Record, TopicPartition

__all__ = ["Owned", "end_offsets", "eventually", "share_out", "take"]

Owned = Mapping[TopicPartition, int]

BATCH_WAIT_SECONDS = 0.25
BATCH_COUNT_MAX = 500
TRIES_MAX = 160
LOOK_PAUSE_SECONDS = 0.05


async def take(
    subscription: Subscription,
    count: int,
    *,
    commit: bool = False,
    paused: Collection[TopicPartition] = (),
) -> list[Record]:
    """Return the next *count* records, in as many batches as it takes; fail if they don't come."""
    taken: list[Record] = []
    for _ in range(TRIES_MAX):
        async with subscription.batch(
            count_max=min(count - len(taken), BATCH_COUNT_MAX),
            wait_seconds=BATCH_WAIT_SECONDS,
            paused=paused,
        ) as batch:
            taken.extend(batch.records)
            if commit and batch.records:
                await batch.commit(end_offsets(batch.records))
        if len(taken) >= count:
            return taken
    raise AssertionError(f"only {len(taken)} of {count} records came")


def end_offsets(records: Sequence[Record]) -> dict[TopicPartition, int]:
    """Return the offsets that say that all of *records*, in their order, have ended."""
    return {record.topic_partition: record.offset + 1 for record in records}


async def share_out(
    members: Sequence[Subscription], partitions: Collection[TopicPartition]
) -> list[Owned]:
    """Let *members* work until they own the partitions between them; return what each owns.

    Each must own at least one. Records that come meanwhile are passed over: rewind to see them.
    """
    owned: list[Owned] = []
    for _ in range(TRIES_MAX):
        owned = []
        for member in members:
            async with member.batch(count_max=1, wait_seconds=BATCH_WAIT_SECONDS) as batch:
                owned.append(dict(batch.assigned))
        together = [at for share in owned for at in share]
        if sorted(together) == sorted(partitions) and all(owned):
            return owned
    raise AssertionError(f"the partitions were not shared out: {owned}")


async def eventually(look: Callable[[], Awaitable[bool]], what: str) -> None:
    """Look until it is so; fail with *what* if it does not come to be."""
    for _ in range(TRIES_MAX):
        if await look():
            return
        await asyncio.sleep(LOOK_PAUSE_SECONDS)
    raise AssertionError(f"it did not come to be that {what}")
