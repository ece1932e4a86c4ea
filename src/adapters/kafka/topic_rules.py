"""What the topics must be like for the promises to hold, as sentences about what is not."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from adapters.kafka.settings import RECORD_BYTES_MAX, KafkaSettings
from inventory_domain.topics import DEAD_LETTER_SUFFIX, PRODUCTS_TOPICS

__all__ = ["TopicState", "differences"]

_SAFE_REPLICAS = 2


@attrs.frozen(kw_only=True)
class TopicState:
    """A topic as the cluster has it; *replicas* are those of its least copied partition."""

    partitions: int
    replicas: int
    config: Mapping[str, str]


def differences(topics: Mapping[str, TopicState], settings: KafkaSettings) -> Sequence[str]:
    """Return a sentence for everything that is not as it should be, the gravest first."""
    found = list(_apart(topics))
    for name, topic in sorted(topics.items()):
        found.extend(_unsafe(name, topic))
        found.extend(_unlike(name, topic, settings))
    return found


def _apart(topics: Mapping[str, TopicState]) -> Iterator[str]:
    counts = {name: topics[name].partitions for name in PRODUCTS_TOPICS if name in topics}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {count}" for name, count in counts.items())
        yield (
            f"The partition counts differ ({told}): one order's messages go to different"
            " instances, which then handle them out of order. Make them equal."
        )


def _unsafe(name: str, topic: TopicState) -> Iterator[str]:
    config = topic.config
    if topic.replicas > 1 and int(config.get("min.insync.replicas", _SAFE_REPLICAS)) < 2:  # noqa: PLR2004 - below two is one
        yield (
            f"The topic {name} has min.insync.replicas below 2: what one broker alone has"
            " acknowledged can be lost with it. Set it to 2."
        )
    if topic.replicas > 1 and config.get("unclean.leader.election.enable") == "true":
        yield (
            f"The topic {name} has unclean.leader.election.enable on: acknowledged records can"
            " be lost when a broker fails. Turn it off."
        )
    if "compact" in config.get("cleanup.policy", ""):
        yield (
            f"The topic {name} is compacted: of several messages with one key all but the last"
            " are lost. Set cleanup.policy to delete."
        )


def _unlike(name: str, topic: TopicState, settings: KafkaSettings) -> Iterator[str]:
    if topic.replicas < settings.topic_replication_factor:
        yield (
            f"The topic {name} has {topic.replicas} replicas,"
            f" TOPIC_REPLICATION_FACTOR is {settings.topic_replication_factor}."
        )
    if topic.partitions != settings.topic_partitions:
        yield (
            f"The topic {name} has {topic.partitions} partitions,"
            f" TOPIC_PARTITIONS is {settings.topic_partitions}."
        )
    if not name.endswith(DEAD_LETTER_SUFFIX):
        return
    if int(topic.config.get("max.message.bytes", RECORD_BYTES_MAX)) < RECORD_BYTES_MAX:
        yield (
            f"The topic {name} has max.message.bytes below {RECORD_BYTES_MAX}: the largest"
            " messages would not fit in as dead letters, and hold up their partition."
        )
    if topic.config.get("retention.ms", "-1") != "-1":
        yield (
            f"The topic {name} has retention.ms={topic.config['retention.ms']}: dead letters"
            " are deleted after that time, whether anybody has looked at them or not."
        )
