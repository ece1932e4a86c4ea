"""The topics: created where they are missing, checked where they are there."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from adapters.kafka.connections import open_admin
from adapters.kafka.driver import finish
from adapters.kafka.errors import DRIVER_ERRORS, unavailable
from adapters.kafka.settings import RECORD_BYTES_MAX, KafkaSettings
from adapters.kafka.topic_rules import TopicState, differences
from inventory_domain.topics import ALL_TOPICS, DEAD_LETTER_SUFFIX

__all__ = ["prepare_topics", "topic_config"]

_LEADER_PAUSE_SECONDS = 0.05
_KEEP_FOR_EVER = "-1"


async def prepare_topics(
    settings: KafkaSettings, *, create: bool = True, names: Collection[str] = ALL_TOPICS
) -> Sequence[str]:
    """Create those of the topics that are missing, and tell what differs of the others.

    Nothing about a topic that is there is changed. Each difference is one sentence.

    Raises:
        DependencyUnavailable: Kafka is away, refuses us, cannot create the topics as asked for,
            or lacks topics and *create* is False.
    """
    admin = await open_admin(settings)
    try:
        async with asyncio.timeout(settings.connect_seconds_max + settings.inspect_seconds_max):
            return await _prepare(admin, settings, create=create, names=names)
    except DRIVER_ERRORS as error:
        raise unavailable(settings, "does not let its topics be prepared", error) from error
    finally:
        await finish(admin.close(), settings.stop_seconds_max)


def topic_config(name: str, settings: KafkaSettings) -> dict[str, str]:
    """Return the settings that a new topic gets."""
    # The log's own time: a producer's clock that is wrong would delete records too early.
    config = {"message.timestamp.type": "LogAppendTime"}
    if settings.topic_replication_factor > 1:
        # An acknowledged record lies on two brokers, and stays when one of them is lost.
        config |= {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}
    if name.endswith(DEAD_LETTER_SUFFIX):
        config |= {"retention.ms": _KEEP_FOR_EVER, "max.message.bytes": str(RECORD_BYTES_MAX)}
    return config


async def _prepare(
    admin: AIOKafkaAdminClient, settings: KafkaSettings, *, create: bool, names: Collection[str]
) -> Sequence[str]:
    present = {topic["topic"] for topic in await _describe(admin) if not topic["error_code"]}
    missing = [name for name in names if name not in present]
    if missing and not create:
        how = "create them with `python -m apps topics`, or set TOPIC_CREATION=1"
        raise unavailable(settings, f"lacks the topics {', '.join(missing)}: {how}")
    if missing:
        await _create(admin, settings, missing)
        await _wait_for_leaders(admin, missing)
    return differences(await _states(admin, names), settings)


async def _create(
    admin: AIOKafkaAdminClient, settings: KafkaSettings, names: Sequence[str]
) -> None:
    response = await admin.create_topics(
        [
            NewTopic(
                name,
                settings.topic_partitions,
                settings.topic_replication_factor,
                topic_configs=topic_config(name, settings),
            )
            for name in names
        ]
    )
    for name, code, *message in response.topic_errors:
        # Another instance that starts at this moment may have been first.
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise unavailable(settings, _refusal(name, settings, code, message))


def _refusal(name: str, settings: KafkaSettings, code: int, message: Sequence[str | None]) -> str:
    why = next((text for text in message if text), None) or for_code(code).__name__
    return (
        f"did not create the topic {name} with TOPIC_PARTITIONS={settings.topic_partitions} and"
        f" TOPIC_REPLICATION_FACTOR={settings.topic_replication_factor}: {why.rstrip('.')}"
    )


async def _wait_for_leaders(admin: AIOKafkaAdminClient, names: Collection[str]) -> None:
    while True:
        led = {
            topic["topic"]
            for topic in await _describe(admin)
            if topic["partitions"] and all(one["leader"] >= 0 for one in topic["partitions"])
        }
        if led.issuperset(names):
            return
        await asyncio.sleep(_LEADER_PAUSE_SECONDS)


async def _states(admin: AIOKafkaAdminClient, names: Collection[str]) -> Mapping[str, TopicState]:
    configs = await _configs(admin, names)
    return {
        topic["topic"]: TopicState(
            partitions=len(topic["partitions"]),
            replicas=min(len(one["replicas"]) for one in topic["partitions"]),
            config=configs.get(topic["topic"], {}),
        )
        for topic in await _describe(admin)
        if topic["topic"] in names and topic["partitions"]
    }


async def _configs(
    admin: AIOKafkaAdminClient, names: Collection[str]
) -> Mapping[str, Mapping[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, Mapping[str, str]] = {}
    for response in await admin.describe_configs(asked):
        for code, _message, _kind, name, entries in response.resources:
            # Reading settings may be forbidden to us. Then there is nothing to compare.
            if not code:
                found[name] = {entry[0]: entry[1] for entry in entries}
    return found


async def _describe(admin: AIOKafkaAdminClient) -> Sequence[Mapping[str, Any]]:
    topics: Sequence[Mapping[str, Any]] = await admin.describe_topics()
    return topics
