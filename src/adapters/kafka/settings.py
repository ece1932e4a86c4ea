"""How the clients of Kafka are set: everything that the promises lean on is said out loud.

Many of the driver's defaults are wrong here: it would start at the newest record, commit by a
timer what nobody has processed, and spread one order's topics over two members.
"""

from typing import Any

import attrs
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from adapters.kafka.partitioner import choose_partition
from adapters.kafka.security import KafkaSecurity, security_options

__all__ = [
    "BATCH_BYTES",
    "RECORD_BYTES_MAX",
    "SENT_BYTES_MAX",
    "KafkaSettings",
    "client_options",
    "consumer_options",
    "producer_options",
    "reader_options",
]

RECORD_BYTES_MAX = 2 * 1024 * 1024
"""A dead letter is the record as it came and a few headers more, so it may be larger."""

SENT_BYTES_MAX = 16 * 1024 * 1024
"""What a record may have before it is compressed, which takes half a second at the worst."""

# A batch of a partition goes out when it is this full, or when it has waited for so long.
BATCH_BYTES = 256 * 1024
_LINGER_MS = 5

_OPEN = KafkaSecurity()
_RETRY_PAUSE_MS = 200
_METADATA_AGE_MS_MAX = 60_000
_POLL_INTERVAL_MS_MAX = 300_000
_HEARTBEATS_PER_SESSION = 4

# The driver gives the request to join a group no longer than any other request, but its answer
# comes when every member has joined: it needs the time that a rebalance may take, and some more.
_JOIN_SECONDS_MORE = 5.0


@attrs.frozen(kw_only=True)
class KafkaSettings:
    """Where Kafka is, what its topics shall be like, and how long anything may take.

    *session_seconds* without a heartbeat and a member is taken for dead. A rebalance waits
    *rebalance_seconds_max* for members that are at work on a batch; a batch should need less
    than a third of it. A consumer that hears nothing at all from the broker is replaced after
    *silence_seconds_max*.
    """

    bootstrap_servers: str = "127.0.0.1:9092"
    topic_partitions: int = 3
    topic_replication_factor: int = 1
    session_seconds: float = 15.0
    rebalance_seconds_max: float = 60.0
    connect_seconds_max: float = 5.0
    publish_seconds_max: float = 10.0
    commit_seconds_max: float = 10.0
    inspect_seconds_max: float = 5.0
    silence_seconds_max: float = 10.0
    stop_seconds_max: float = 3.0
    security: KafkaSecurity = _OPEN


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return what every client is told."""
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "retry_backoff_ms": _RETRY_PAUSE_MS,
        "metadata_max_age_ms": _METADATA_AGE_MS_MAX,
        **security_options(settings.security),
    }


def producer_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return what the producer is told."""
    return {
        **client_options(settings),
        "client_id": "inventory-producer",
        "acks": "all",
        "enable_idempotence": True,
        "partitioner": choose_partition,
        "linger_ms": _LINGER_MS,
        "max_batch_size": BATCH_BYTES,
        "max_request_size": SENT_BYTES_MAX,
        "request_timeout_ms": _milliseconds(settings.publish_seconds_max),
    }


def consumer_options(settings: KafkaSettings, group: str) -> dict[str, Any]:
    """Return what a member of *group* is told."""
    session_ms = _milliseconds(settings.session_seconds)
    request_seconds = settings.rebalance_seconds_max + _JOIN_SECONDS_MORE
    return {
        **client_options(settings),
        "client_id": group,
        "group_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "isolation_level": "read_committed",
        # Exactly one: with two, the driver joins the group twice at every rebalance. And this
        # one: it gives partition N of every topic, and so all of an order, to one member.
        "partition_assignment_strategy": (RangePartitionAssignor,),
        "session_timeout_ms": session_ms,
        "heartbeat_interval_ms": session_ms // _HEARTBEATS_PER_SESSION,
        "rebalance_timeout_ms": _milliseconds(settings.rebalance_seconds_max),
        "max_poll_interval_ms": _POLL_INTERVAL_MS_MAX,
        "request_timeout_ms": _milliseconds(request_seconds),
    }


def reader_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return what a consumer is told that reads without joining any group."""
    return {
        **client_options(settings),
        "client_id": "inventory-reader",
        "group_id": None,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "isolation_level": "read_committed",
        "request_timeout_ms": _milliseconds(settings.inspect_seconds_max),
    }


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
