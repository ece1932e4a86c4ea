"""Settings that cannot be followed end a service with one sentence that names the setting."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from inventory_domain.topics import INVENTORY_RESERVE
from tests.support.deployment import ManyProcesses
from tests.support.kafka_mock import KafkaMock
from tests.support.kafka_server import KafkaServer
from tests.support.mongo_server import ForeignMongo, MongoServer
from tests.support.server_process import LOOPBACK, free_port
from tests.support.system_process import SystemProcess

pytestmark = pytest.mark.integration

WRONG_USE = 2
AWAY = 3


@pytest.fixture
def system(
    tmp_path: Path,
    own_kafka: KafkaServer | KafkaMock,
    mongo_server: MongoServer | ForeignMongo,
) -> Iterator[ManyProcesses]:
    made = ManyProcesses(tmp_path, bootstrap=own_kafka.bootstrap, mongodb_uri=mongo_server.uri)
    try:
        yield made
    finally:
        made.kill()


def end(system: ManyProcesses, service: str, **settings: str) -> tuple[int, str]:
    """Start a service that must end by itself; return its exit code and its one sentence."""
    instance: SystemProcess = system.add(service, LOG_LEVEL="error", **settings)
    instance.begin()
    code = instance.wait(30)
    said = instance.errors()
    assert "Traceback" not in said
    assert instance.output() == ""
    return code, said


@pytest.mark.parametrize("service", ["orders", "products"])
def test_a_wrong_bootstrap_address(system: ManyProcesses, service: str) -> None:
    address = f"{LOOPBACK}:{free_port()}"

    code, said = end(system, service, KAFKA_BOOTSTRAP_SERVERS=address)

    assert code == AWAY
    assert f"Kafka at KAFKA_BOOTSTRAP_SERVERS={address} does not answer" in said


def test_a_bootstrap_address_that_is_none(system: ManyProcesses) -> None:
    code, said = end(system, "products", KAFKA_BOOTSTRAP_SERVERS="broker:many")

    assert code == AWAY
    assert "KAFKA_BOOTSTRAP_SERVERS=broker:many" in said


@pytest.mark.parametrize("service", ["orders", "products"])
def test_a_wrong_replica_set_name(
    system: ManyProcesses, service: str, mongo_server: MongoServer | ForeignMongo
) -> None:
    uri = mongo_server.uri.partition("?")[0] + "?replicaSet=another"

    code, said = end(system, service, MONGODB_URI=uri)

    assert code == AWAY
    assert said.count("\n") == 1
    assert "set replicaSet=" in said
    assert "in MONGODB_URI" in said


def test_a_database_that_is_not_there(system: ManyProcesses) -> None:
    uri = f"mongodb://{LOOPBACK}:{free_port()}/?replicaSet=rs0"

    code, said = end(system, "products", MONGODB_URI=uri)

    assert code == AWAY
    assert said.count("\n") == 1
    assert "set MONGODB_URI to where it runs" in said


@pytest.mark.parametrize("service", ["orders", "products"])
def test_credentials_that_are_refused(
    system: ManyProcesses, service: str, mongo_server: MongoServer | ForeignMongo
) -> None:
    host = mongo_server.uri.removeprefix("mongodb://").rpartition("@")[2]

    code, said = end(system, service, MONGODB_URI=f"mongodb://nobody:wrong@{host}")

    assert code == AWAY
    assert said.count("\n") == 1
    assert "MONGODB_URI" in said
    assert "wrong" not in said


def test_topics_that_are_missing_with_creation_off(
    system: ManyProcesses, own_kafka: KafkaServer | KafkaMock
) -> None:
    known = AdminClient({"bootstrap.servers": own_kafka.bootstrap}).list_topics(timeout=10)
    assert INVENTORY_RESERVE not in known.topics

    code, said = end(system, "products", TOPIC_CREATION="0")

    assert code == AWAY
    assert "lacks the topics" in said
    assert "TOPIC_CREATION=1" in said
    assert system.run("topics").returncode == 0
    later = system.add("products", TOPIC_CREATION="0")
    assert later.start().running


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"ORDERS_DB": "shop", "PRODUCTS_DB": "shop"}, ("ORDERS_DB", "PRODUCTS_DB")),
        ({"ACCESS_TOKEN_JWKS": "keys.json"}, ("ACCESS_TOKEN_SECRET", "ACCESS_TOKEN_JWKS")),
        ({"DEMO": "1", "HOST": "0.0.0.0"}, ("DEMO", "HOST")),  # noqa: S104 - it is refused
        ({"ORDERS_PORT": "3004", "PRODUCTS_PORT": "3004"}, ("ORDERS_PORT", "PRODUCTS_PORT")),
    ],
)
def test_two_settings_that_exclude_each_other(
    system: ManyProcesses, settings: dict[str, str], names: tuple[str, str]
) -> None:
    code, said = end(system, "orders", **settings)

    assert code == WRONG_USE
    assert said.count("\n") == 1
    assert all(name in said for name in names)
