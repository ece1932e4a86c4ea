"""Publishing: one idempotent producer, replaced as soon as anything about it is in doubt."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from adapters.kafka.driver import end_producer, stop_producer
from adapters.kafka.errors import DRIVER_ERRORS, SIZE_ERRORS, too_large, unavailable
from adapters.kafka.sending import send_all
from adapters.kafka.settings import SENT_BYTES_MAX, KafkaSettings, producer_options
from inventory_domain.records import OutgoingRecord, byte_count

__all__ = ["Publisher"]


class Publisher:
    """Publishes batches of records; made by anybody, to be closed by :meth:`aclose`.

    A producer that failed a record has a gap in its sequence, which the driver never closes:
    all it sends from then on is refused. One that got no answer would send its records when
    the broker is back, behind newer ones. So after either a new producer takes its place.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Connect, if that is not done yet.

        Raises:
            DependencyUnavailable: nobody answers there, or not to us.
        """
        await self._open()

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        """Send *records* and return when all of them are acknowledged by all replicas.

        Raises:
            DependencyUnavailable: not all are, within the time; any part may have arrived.
            RecordTooLarge: one of them never will be.
        """
        if not records:
            return
        if (largest := max(map(byte_count, records))) > SENT_BYTES_MAX:
            raise too_large(self._settings, f"{largest} bytes, of at most {SENT_BYTES_MAX}")
        producer = None
        try:
            async with asyncio.timeout(self._settings.publish_seconds_max):
                producer = await self._open()
                await send_all(producer, records)
        except DRIVER_ERRORS as error:
            if producer is not None:
                self._replace(producer)
            if isinstance(error, SIZE_ERRORS):
                raise too_large(self._settings, str(error)) from error
            raise unavailable(
                self._settings, "did not acknowledge what was published", error
            ) from error

    async def aclose(self) -> None:
        """Send what is under way, for a bounded time, and disconnect."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop_producer(producer, self._settings.stop_seconds_max)
        if self._ending:
            await asyncio.wait(self._ending, timeout=self._settings.stop_seconds_max)

    async def _open(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                self._producer = await self._connect()
            return self._producer

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(**producer_options(self._settings))
        try:
            async with asyncio.timeout(self._settings.connect_seconds_max):
                await producer.start()
        except DRIVER_ERRORS as error:
            self._end(producer)
            raise unavailable(self._settings, "does not answer", error) from error
        except BaseException:
            self._end(producer)
            raise
        return producer

    def _replace(self, producer: AIOKafkaProducer) -> None:
        # Another publish may have replaced it already.
        if self._producer is producer:
            self._producer = None
            self._end(producer)

    def _end(self, producer: AIOKafkaProducer) -> None:
        task = asyncio.create_task(end_producer(producer))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
