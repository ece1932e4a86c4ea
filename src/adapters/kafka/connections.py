"""The three clients of the driver that an onlooker needs."""

import asyncio
from typing import Self

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError

from adapters.kafka.driver import end_consumer, finish
from adapters.kafka.errors import DRIVER_ERRORS, unavailable
from adapters.kafka.header_names import read_any_header_name
from adapters.kafka.security import refusal
from adapters.kafka.settings import KafkaSettings, client_options, reader_options
from inventory_domain.errors import DependencyUnavailable

__all__ = ["Connections", "open_admin"]

_CHECK = (
    "check KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, "
    "KAFKA_SASL_PASSWORD and KAFKA_SSL_CA_FILE"
)


async def open_admin(settings: KafkaSettings) -> AIOKafkaAdminClient:
    """Return a client for topics and groups, to be closed by its ``close``.

    Raises:
        DependencyUnavailable: nobody answers there, or not to us.
    """
    admin = AIOKafkaAdminClient(
        **client_options(settings),
        client_id="inventory-admin",
        request_timeout_ms=round(settings.inspect_seconds_max * 1000),
    )
    try:
        async with asyncio.timeout(settings.connect_seconds_max):
            await admin.start()
    except DRIVER_ERRORS as error:
        await finish(admin.close(), settings.stop_seconds_max)
        raise await _explained(settings, error) from error
    return admin


async def _explained(settings: KafkaSettings, error: BaseException) -> DependencyUnavailable:
    security = settings.security
    if security.is_named or security.is_encrypted:
        refused = await refusal(settings.bootstrap_servers, security, settings.connect_seconds_max)
        if refused is not None:
            return unavailable(settings, f"and we do not get together: {_CHECK}", refused)
    # The driver says no more than that it reached nobody.
    said = None if isinstance(error, KafkaConnectionError) else error
    return unavailable(settings, "does not answer: start it, or name where it runs", said)


class Connections:
    """*admin* knows topics and groups, *client* asks for offsets, *reader* reads, in no group."""

    def __init__(self, settings: KafkaSettings, admin: AIOKafkaAdminClient) -> None:
        self.admin = admin
        self.client = AIOKafkaClient(
            **client_options(settings),
            client_id="inventory-inspector",
            request_timeout_ms=round(settings.inspect_seconds_max * 1000),
        )
        read_any_header_name()
        self.reader = AIOKafkaConsumer(**reader_options(settings))
        self.reading = asyncio.Lock()
        self._settings = settings

    @classmethod
    async def open(cls, settings: KafkaSettings) -> Self:
        """Connect.

        Raises:
            DependencyUnavailable: nobody answers there, or not to us.
        """
        connections = cls(settings, await open_admin(settings))
        try:
            async with asyncio.timeout(settings.connect_seconds_max):
                await connections.client.bootstrap()
                await connections.reader.start()
        except DRIVER_ERRORS as error:
            await connections.aclose()
            raise unavailable(settings, "does not answer", error) from error
        return connections

    async def aclose(self) -> None:
        """Disconnect, within a bounded time."""
        seconds_max = self._settings.stop_seconds_max
        await asyncio.gather(
            end_consumer(self.reader, seconds_max),
            finish(self.client.close(), seconds_max),
            finish(self.admin.close(), seconds_max),
        )
