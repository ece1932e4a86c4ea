"""The event log on Apache Kafka, the only place that knows aiokafka."""

from adapters.kafka.event_log import KafkaEventLog, open_event_log
from adapters.kafka.inspector import KafkaInspector
from adapters.kafka.security import KafkaSecurity
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.subscription import KafkaSubscription
from adapters.kafka.topics import prepare_topics

__all__ = [
    "KafkaEventLog",
    "KafkaInspector",
    "KafkaSecurity",
    "KafkaSettings",
    "KafkaSubscription",
    "open_event_log",
    "prepare_topics",
]
