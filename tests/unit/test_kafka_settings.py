"""What the Kafka adapter leans on, read from its settings, its code and the driver's."""

import ast
import inspect
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.sender import Sender
from aiokafka.structs import ConsumerRecord

from adapters.kafka.driver import CONSUMER_PARTS, PRODUCER_PARTS
from adapters.kafka.errors import unavailable
from adapters.kafka.partitioner import choose_partition
from adapters.kafka.records import to_record
from adapters.kafka.settings import (
    RECORD_BYTES_MAX,
    KafkaSettings,
    consumer_options,
    producer_options,
    reader_options,
)
from adapters.kafka.topic_rules import TopicState, differences
from adapters.kafka.topics import topic_config
from adapters.kafka.watchdog import Watchdog
from inventory_domain.records import TopicPartition
from inventory_domain.topics import ALL_TOPICS, PRODUCTS_TOPICS

ADAPTER = Path(__file__).parents[2] / "src" / "adapters" / "kafka"

HELD, FREE = TopicPartition("inventory.reserve", 0), TopicPartition("inventory.reserve", 1)
SECONDS_MAX = 10.0


def consumer_settings() -> dict[str, Any]:
    return consumer_options(KafkaSettings(), "products-service-group")


# --- the consumer -------------------------------------------------------------------------------


def test_nothing_is_committed_by_a_timer() -> None:
    assert consumer_settings()["enable_auto_commit"] is False


def test_a_group_without_commits_begins_at_the_first_record() -> None:
    assert consumer_settings()["auto_offset_reset"] == "earliest"


def test_records_of_unfinished_transactions_are_not_read() -> None:
    assert consumer_settings()["isolation_level"] == "read_committed"


def test_the_range_assignor_is_the_only_one() -> None:
    assert consumer_settings()["partition_assignment_strategy"] == (RangePartitionAssignor,)


def test_nothing_is_decoded_inside_the_driver() -> None:
    for options in (consumer_settings(), reader_options(KafkaSettings())):
        assert not [name for name in options if "deserializer" in name]


def test_every_limit_of_a_membership_is_said() -> None:
    options = consumer_settings()

    assert options["session_timeout_ms"] == 15_000
    assert options["rebalance_timeout_ms"] == 60_000
    assert options["max_poll_interval_ms"] == 300_000
    assert options["heartbeat_interval_ms"] * 3 <= options["session_timeout_ms"]


def test_a_join_may_take_as_long_as_a_rebalance() -> None:
    options = consumer_settings()

    assert options["request_timeout_ms"] > options["rebalance_timeout_ms"]


def test_an_outage_inside_a_batch_leaves_most_of_the_rebalance_timeout() -> None:
    settings = KafkaSettings()

    spent = settings.publish_seconds_max + settings.commit_seconds_max
    assert spent <= settings.rebalance_seconds_max / 3


def test_membership_is_never_static() -> None:
    assert "group_instance_id" not in consumer_settings()


def test_an_onlooker_is_in_no_group() -> None:
    assert reader_options(KafkaSettings())["group_id"] is None


# --- the producer -------------------------------------------------------------------------------


def test_a_record_is_acknowledged_by_all_replicas_and_written_once() -> None:
    options = producer_options(KafkaSettings())

    assert options["acks"] == "all"
    assert options["enable_idempotence"] is True
    assert "transactional_id" not in options


def test_records_travel_in_large_batches() -> None:
    options = producer_options(KafkaSettings())

    assert options["linger_ms"] == 5
    assert options["max_batch_size"] >= 131_072


def test_the_largest_message_fits_in_as_a_dead_letter() -> None:
    assert producer_options(KafkaSettings())["max_request_size"] > RECORD_BYTES_MAX
    assert RECORD_BYTES_MAX > 1024 * 1024 + 64 * 1024


def test_keys_go_where_the_driver_and_java_put_them() -> None:
    expected = DefaultPartitioner()
    partitions = list(range(7))

    for number in range(500):
        key = f"order-{number}".encode()
        assert choose_partition(key, partitions, partitions) == expected(
            key, partitions, partitions
        )


def test_a_record_without_a_key_goes_to_a_partition_that_is_there() -> None:
    assert choose_partition(None, [0, 1, 2], [1]) == 1
    assert choose_partition(None, [0], []) == 0


# --- the code -----------------------------------------------------------------------------------


def code() -> Mapping[str, ast.Module]:
    return {path.name: ast.parse(path.read_text()) for path in ADAPTER.glob("*.py")}


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
    ]


@pytest.mark.parametrize(
    ("client", "options"),
    [
        ("AIOKafkaConsumer", {"**consumer_options(settings, group)", "**reader_options(settings)"}),
        ("AIOKafkaProducer", {"**producer_options(self._settings)"}),
    ],
)
def test_a_client_is_made_of_the_options_that_are_checked_here_alone(
    client: str, options: set[str]
) -> None:
    made = [
        node
        for tree in code().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == client
    ]

    assert {ast.unparse(node).removeprefix(client) for node in made} == {
        f"({one})" for one in options
    }


def test_nothing_waits_by_wait_for() -> None:
    assert not [name for name, tree in code().items() if calls(tree, "wait_for")]


def test_every_fetch_and_every_commit_says_what_it_wants() -> None:
    for tree in code().values():
        assert all(call.keywords for call in calls(tree, "getmany"))
        assert all(call.args for call in calls(tree, "commit"))


def test_the_tasks_that_end_a_client_are_where_the_driver_has_them() -> None:
    made = {
        "_coordinator": inspect.getsource(GroupCoordinator),
        "_fetcher": inspect.getsource(Fetcher),
        "_sender": inspect.getsource(Sender),
    }
    for part, names in {**CONSUMER_PARTS, **PRODUCER_PARTS}.items():
        assert all(f"self._{name.lstrip('_')} = create_task(" in made[part] for name in names)
    for part in CONSUMER_PARTS:
        assert f"self.{part} = " in inspect.getsource(AIOKafkaConsumer)
    assert "self._sender = Sender(" in inspect.getsource(AIOKafkaProducer)
    assert "self._closed = True" in inspect.getsource(AIOKafkaProducer.stop)
    assert "self._client = " in inspect.getsource(AIOKafkaConsumer)


# --- records ------------------------------------------------------------------------------------


def a_driver_record(**changes: Any) -> Any:
    fields = {
        "topic": "inventory.reserve",
        "partition": 2,
        "offset": 7,
        "timestamp": 1_769_860_800_123,
        "timestamp_type": 1,
        "key": b"order-1",
        "value": b"{}",
        "checksum": None,
        "serialized_key_size": 7,
        "serialized_value_size": 2,
        "headers": (("event-id", b"e1"),),
    }
    return ConsumerRecord(**{**fields, **changes})


def test_a_records_time_is_aware_and_exact() -> None:
    expected = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)

    assert to_record(a_driver_record()).timestamp == expected


@pytest.mark.parametrize("milliseconds", [-1, -(2**63), 2**63 - 1])
def test_a_foreign_time_that_is_nonsense_does_not_stop_its_record(milliseconds: int) -> None:
    record = to_record(a_driver_record(timestamp=milliseconds))

    assert record.value == b"{}"
    assert record.timestamp.tzinfo is UTC


def test_a_header_without_a_value_becomes_an_empty_one() -> None:
    record = to_record(a_driver_record(headers=(("a", None), ("b", b"1"))))

    assert record.headers == (("a", b""), ("b", b"1"))


# --- the watchdog -------------------------------------------------------------------------------


def test_silence_of_all_partitions_is_noticed() -> None:
    dog = Watchdog(SECONDS_MAX)

    for _ in range(11):
        dog.waited(1.0, {HELD: 5, FREE: 5})
    assert not dog.barks
    dog.waited(1.0, {HELD: 5, FREE: 5})

    assert dog.barks


def test_answers_without_records_are_no_silence() -> None:
    dog = Watchdog(SECONDS_MAX)

    for answer in range(100):
        dog.waited(1.0, {HELD: answer})

    assert not dog.barks


def test_one_silent_partition_is_borne_for_longer() -> None:
    dog = Watchdog(SECONDS_MAX)

    for answer in range(60):
        dog.waited(1.0, {HELD: None, FREE: answer})
    assert not dog.barks
    for answer in range(60, 64):
        dog.waited(1.0, {HELD: None, FREE: answer})

    assert dog.barks


def test_records_end_a_silence() -> None:
    dog = Watchdog(SECONDS_MAX)
    for _ in range(11):
        dog.waited(1.0, {HELD: 5})

    dog.calm()
    dog.waited(1.0, {HELD: 5})

    assert not dog.barks


def test_a_member_with_nothing_to_read_is_not_silent() -> None:
    dog = Watchdog(SECONDS_MAX)

    for _ in range(100):
        dog.waited(1.0, {})

    assert not dog.barks


# --- topics -------------------------------------------------------------------------------------


def a_topic(**changes: Any) -> TopicState:
    fields = {"partitions": 3, "replicas": 1, "config": {}}
    return TopicState(**{**fields, **changes})


def test_topics_as_they_are_created_have_no_differences() -> None:
    settings = KafkaSettings(topic_replication_factor=3)
    topics = {name: a_topic(replicas=3, config=topic_config(name, settings)) for name in ALL_TOPICS}

    assert differences(topics, settings) == []


def test_unequal_partitions_of_one_orders_topics_are_told_first() -> None:
    reserve, release, completed = PRODUCTS_TOPICS
    topics = {reserve: a_topic(), release: a_topic(partitions=6), completed: a_topic()}

    first, second = differences(topics, KafkaSettings())

    assert f"{release} has 6" in first
    assert "TOPIC_PARTITIONS is 3" in second


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"min.insync.replicas": "1"}, "min.insync.replicas"),
        ({"unclean.leader.election.enable": "true"}, "unclean.leader.election.enable"),
        ({"cleanup.policy": "compact,delete"}, "compacted"),
    ],
)
def test_a_replicated_topic_that_can_lose_records_is_told(
    config: Mapping[str, str], word: str
) -> None:
    topics = {"inventory.reserve": a_topic(replicas=3, config=config)}

    (sentence,) = differences(topics, KafkaSettings(topic_replication_factor=3))

    assert word in sentence


def test_a_topic_with_one_copy_needs_no_replicas_in_sync() -> None:
    topics = {"inventory.reserve": a_topic(config={"min.insync.replicas": "1"})}

    assert differences(topics, KafkaSettings()) == []


def test_fewer_copies_than_asked_for_are_told() -> None:
    (sentence,) = differences(
        {"inventory.reserve": a_topic()}, KafkaSettings(topic_replication_factor=3)
    )

    assert "TOPIC_REPLICATION_FACTOR is 3" in sentence


@pytest.mark.parametrize(
    "config", [{"max.message.bytes": "1048588"}, {"retention.ms": "604800000"}]
)
def test_dead_letters_that_would_not_last_are_told(config: Mapping[str, str]) -> None:
    (sentence,) = differences({"inventory.reserve.dlq": a_topic(config=config)}, KafkaSettings())

    assert next(iter(config)) in sentence


def test_an_error_names_the_setting_to_look_at() -> None:
    error = unavailable(
        KafkaSettings(bootstrap_servers="kafka:1"), "does not answer", OSError("no")
    )

    assert error.dependency == "event log"
    assert error.reason == (
        "Kafka at KAFKA_BOOTSTRAP_SERVERS=kafka:1 does not answer (OSError: no)."
    )
