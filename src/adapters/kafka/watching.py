"""Noticing that a consumer is dead, though it says nothing of it."""

import asyncio

from aiokafka import AIOKafkaConsumer

from adapters.kafka.errors import DRIVER_ERRORS, unavailable
from adapters.kafka.holdings import Holdings
from adapters.kafka.records import from_driver
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.watchdog import Watchdog
from inventory_domain.errors import DependencyUnavailable

__all__ = ["Watch"]


class Watch:
    """Looks after one consumer; told of every wait for records."""

    def __init__(
        self, settings: KafkaSettings, consumer: AIOKafkaConsumer, holdings: Holdings
    ) -> None:
        self._settings = settings
        self._consumer = consumer
        self._holdings = holdings
        self._watchdog = Watchdog(settings.silence_seconds_max)
        self._idle_seconds = 0.0
        self._unassigned_seconds = 0.0

    def calm(self) -> None:
        """Take note that records came."""
        self._watchdog.calm()
        self._idle_seconds = self._unassigned_seconds = 0.0

    async def waited(self, seconds: float) -> DependencyUnavailable | None:
        """Take note of *seconds* of waiting in vain; return what is wrong, if anything is."""
        mine = self._consumer.assignment() - self._consumer.paused()
        fetched = mine if self._holdings.owned else frozenset()
        answers = {from_driver(at): self._consumer.last_poll_timestamp(at) for at in fetched}
        self._watchdog.waited(seconds, answers)
        if self._watchdog.barks:
            return unavailable(self._settings, "has gone silent")
        is_unassigned = self._holdings.owned is None
        self._unassigned_seconds = self._unassigned_seconds + seconds if is_unassigned else 0.0
        if self._unassigned_seconds > self._assignment_seconds_max():
            return unavailable(self._settings, "gave this member no assignment")
        self._idle_seconds = 0.0 if answers else self._idle_seconds + seconds
        if self._idle_seconds > self._settings.silence_seconds_max:
            self._idle_seconds = 0.0
            return await self._probe()
        return None

    async def _probe(self) -> DependencyUnavailable | None:
        """Ask the broker anything: with nothing to fetch nothing else would tell of an outage."""
        try:
            async with asyncio.timeout(self._settings.connect_seconds_max):
                await self._consumer.topics()
        except DRIVER_ERRORS as error:
            return unavailable(self._settings, "does not answer", error)
        return None

    def _assignment_seconds_max(self) -> float:
        settings = self._settings
        return (
            settings.rebalance_seconds_max + settings.session_seconds + settings.silence_seconds_max
        )
