"""Which event log the settings name; a further one gets a case here, and nothing else changes."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing

import attrs
import structlog

from adapters.embedded.event_log import SqliteEventLog
from apps.faults import CommandFault
from apps.settings import Settings
from apps.stores import data_folder
from inventory_domain.ports import EventLog, LogInspector
from inventory_domain.topics import ALL_TOPICS

__all__ = ["OpenLog", "open_log"]

_logger = structlog.get_logger(__name__)


@attrs.frozen(kw_only=True)
class OpenLog:
    """An event log, a look at it from outside, and what makes and checks its topics.

    *prepare_topics* makes those that are missing, changes none that is there, and returns a
    sentence for everything that is not as the settings say.
    """

    log: EventLog
    inspector: LogInspector
    prepare_topics: Callable[[], Awaitable[Sequence[str]]]


async def open_log(settings: Settings, stack: AsyncExitStack, *, owner: bool) -> OpenLog:
    """Open the log; a service, as its *owner*, prepares the topics first."""
    match settings.event_log:
        case "embedded":
            opened = await _embedded(settings, stack, owner=owner)
        case "kafka":
            # Whoever gives the command for it wants them created.
            create = settings.topic_creation or not owner
            opened = _kafka(settings, stack, create=create)
        case other:
            raise CommandFault(f"EVENT_LOG={other} is not available in this build.")
    if owner:
        for sentence in await opened.prepare_topics():
            _logger.warning("topic_differs", what=sentence)
    return opened


async def _embedded(settings: Settings, stack: AsyncExitStack, *, owner: bool) -> OpenLog:
    folder, wanted = data_folder(settings), settings.topic_partitions
    log = await SqliteEventLog.open(folder.log, is_owner=owner, partition_count=wanted)
    await stack.enter_async_context(aclosing(log))

    async def prepare() -> Sequence[str]:
        await log.ensure_topics(ALL_TOPICS)
        return [
            f"{topic.name} has {len(topic.partitions)} partitions, TOPIC_PARTITIONS is {wanted}: "
            "records of one order stay in order only while the number does not change."
            for topic in await log.topics()
            if topic.name in ALL_TOPICS and len(topic.partitions) != wanted
        ]

    return OpenLog(log=log, inspector=log, prepare_topics=prepare)


def _kafka(settings: Settings, stack: AsyncExitStack, *, create: bool) -> OpenLog:
    # Loaded by those who chose it.
    from adapters.kafka import (  # noqa: PLC0415
        KafkaEventLog,
        KafkaInspector,
        KafkaSecurity,
        KafkaSettings,
        prepare_topics,
    )

    kafka = KafkaSettings(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        topic_partitions=settings.topic_partitions,
        topic_replication_factor=settings.topic_replication_factor,
        session_seconds=settings.kafka_session_seconds,
        security=KafkaSecurity(
            protocol=settings.kafka_security_protocol.upper(),
            mechanism=settings.kafka_sasl_mechanism.upper(),
            username=settings.kafka_sasl_username,
            password=settings.kafka_sasl_password,
            ca_file=settings.kafka_ssl_ca_file,
        ),
    )
    inspector, log = KafkaInspector(kafka), KafkaEventLog(kafka)
    stack.push_async_callback(inspector.aclose)
    stack.push_async_callback(log.aclose)
    return OpenLog(
        log=log,
        inspector=inspector,
        prepare_topics=lambda: prepare_topics(kafka, create=create),
    )
