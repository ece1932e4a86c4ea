"""The event log on Kafka."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from adapters.kafka.inspector import KafkaInspector
from adapters.kafka.publisher import Publisher
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.subscription import KafkaSubscription
from adapters.kafka.topics import prepare_topics
from inventory_domain.records import OutgoingRecord

__all__ = ["KafkaEventLog", "open_event_log"]


class KafkaEventLog:
    """Keeps the promises of ``ports.EventLog``; to be closed by :meth:`aclose`."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._publisher = Publisher(settings)
        self._subscriptions: list[KafkaSubscription] = []

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        await self._publisher.publish(records)

    async def subscribe(self, group: str, topics: Sequence[str]) -> KafkaSubscription:
        subscription = KafkaSubscription(self._settings, group, topics)
        try:
            await subscription.join()
        except BaseException:
            await subscription.aclose()
            raise
        self._subscriptions.append(subscription)
        return subscription

    async def aclose(self) -> None:
        """Leave all groups, then send what is under way; all within a bounded time."""
        subscriptions, self._subscriptions = self._subscriptions, []
        await asyncio.gather(*(one.aclose() for one in subscriptions))
        await self._publisher.aclose()


@asynccontextmanager
async def open_event_log(
    settings: KafkaSettings,
    *,
    create_topics: bool = True,
    on_difference: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[tuple[KafkaEventLog, KafkaInspector]]:
    """Check the topics, or create them, and open the event log and a look at it from outside.

    *on_difference* gets a sentence for everything about the topics that is not as it should be.

    Raises:
        DependencyUnavailable: Kafka is away, refuses us, or lacks topics; ``reason`` is one
            sentence that names the setting to look at.
    """
    for sentence in await prepare_topics(settings, create=create_topics):
        on_difference(sentence)
    log, inspector = KafkaEventLog(settings), KafkaInspector(settings)
    try:
        yield log, inspector
    finally:
        await log.aclose()
        await inspector.aclose()
