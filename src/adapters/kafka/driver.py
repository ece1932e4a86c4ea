"""Starting and ending the driver's clients within a bounded time.

The driver waits without a limit where a broker hangs: a consumer for its background tasks, an
idempotent producer for acknowledgements that may never come. Letting go of them is not enough,
since both go on by themselves: a forgotten consumer keeps its partitions by heartbeats, and a
forgotten producer sends what it holds when the broker is back, long after newer records. So the
last resort reaches into them. ``tests/unit/test_kafka_settings.py`` notices if a new version of
the driver has these parts elsewhere.
"""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from adapters.kafka.errors import DRIVER_ERRORS

__all__ = [
    "CONSUMER_PARTS",
    "PRODUCER_PARTS",
    "end_consumer",
    "end_producer",
    "finish",
    "stop_producer",
]

CONSUMER_PARTS = {
    "_coordinator": ("_coordination_task", "_heartbeat_task", "_commit_refresh_task"),
    "_fetcher": ("_fetch_task",),
}
PRODUCER_PARTS = {"_sender": ("sender_task",)}

_LAST_SECONDS = 1.0


async def finish(work: Awaitable[object], seconds_max: float) -> bool:
    """Wait for *work*, cancel it if it takes too long, and tell whether it went well."""
    try:
        async with asyncio.timeout(seconds_max):
            await work
    except DRIVER_ERRORS:
        return False
    return True


async def end_consumer(consumer: AIOKafkaConsumer, seconds_max: float) -> None:
    """Leave the group and close *consumer*; if that takes too long, close it at once."""
    stop = asyncio.create_task(consumer.stop())
    await asyncio.wait({stop}, timeout=seconds_max)
    if not stop.done():
        await _cancel([stop, *_tasks(consumer, CONSUMER_PARTS)])
        await finish(consumer._client.close(), _LAST_SECONDS)  # noqa: SLF001 - see the module
    elif not stop.cancelled():
        stop.exception()


async def stop_producer(producer: AIOKafkaProducer, seconds_max: float) -> None:
    """Send what *producer* holds and close it; if that takes too long, drop the rest."""
    if not await finish(producer.stop(), seconds_max):
        await end_producer(producer)


async def end_producer(producer: AIOKafkaProducer) -> None:
    """Close *producer* at once; what it has not sent by now it never will."""
    producer._closed = True  # noqa: SLF001 - see the module
    tasks = list(_tasks(producer, PRODUCER_PARTS))
    for task in tasks:
        task.cancel()
    # The sender waits for the requests under way; they end with their connections.
    await finish(producer.client.close(), _LAST_SECONDS)
    await _cancel(tasks)


def _tasks(client: object, parts: Mapping[str, tuple[str, ...]]) -> Iterator["asyncio.Task[Any]"]:
    for part, names in parts.items():
        for name in names:
            task = getattr(getattr(client, part), name, None)
            if task is not None and not task.done():
                yield task


async def _cancel(tasks: list["asyncio.Task[Any]"]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_LAST_SECONDS)
