"""Kafka over TLS with a password: who is let in, and what is said to whoever is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deployment import ManyProcesses
from tests.support.kafka_jars import no_java_reason
from tests.support.kafka_secured import Lock, make_lock
from tests.support.kafka_server import KafkaServer
from tests.support.mongo_server import ForeignMongo, MongoServer
from tests.support.server_process import LOOPBACK, free_port, wait_until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(no_java_reason() is not None, reason=str(no_java_reason())),
]

AWAY = 3
WRONG_USE = 2
RESERVED_SECONDS_MAX = 20.0


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lock]:
    """A broker runs, with this lock."""
    folder = tmp_path_factory.mktemp("lock")
    made = make_lock(folder, f"{LOOPBACK}:{free_port()}", "inventory", "p4ssword=with=signs")
    kafka = KafkaServer(lock=made)
    try:
        kafka.start()
        yield made
    finally:
        kafka.close()


@pytest.fixture
def system(
    tmp_path: Path, lock: Lock, mongo_server: MongoServer | ForeignMongo
) -> Iterator[ManyProcesses]:
    made = ManyProcesses(
        tmp_path,
        bootstrap=lock.address,
        mongodb_uri=mongo_server.uri,
        KAFKA_SECURITY_PROTOCOL="sasl_ssl",
        KAFKA_SASL_MECHANISM="scram-sha-512",
        KAFKA_SASL_USERNAME=lock.username,
        KAFKA_SASL_PASSWORD=lock.password,
        KAFKA_SSL_CA_FILE=lock.ca_file,
    )
    try:
        yield made
    finally:
        made.kill()


@pytest.mark.parametrize("mechanism", ["PLAIN", "scram-sha-512"])
def test_an_order_is_reserved_over_tls_with_a_password(
    system: ManyProcesses, mechanism: str
) -> None:
    system.add("orders", KAFKA_SASL_MECHANISM=mechanism)
    system.add("products", KAFKA_SASL_MECHANISM=mechanism)
    system.start()
    system.add_product("lamp", stock=3)

    order = system.order("lamp", qty=2)["_id"]

    assert wait_until(lambda: system.stock_state(order) == "reserved", RESERVED_SECONDS_MAX)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"KAFKA_SASL_PASSWORD": "wrong"}, "AuthenticationFailed"),
        ({"KAFKA_SASL_MECHANISM": "scram-sha-256"}, "UnsupportedSaslMechanism"),
        ({"KAFKA_SSL_CA_FILE": ""}, "certificate verify failed"),
    ],
)
def test_who_is_not_let_in_is_told_what_to_check(
    system: ManyProcesses, settings: dict[str, str], said: str
) -> None:
    instance = system.add("products", LOG_LEVEL="error", **settings)
    instance.begin()

    assert instance.wait(30) == AWAY
    assert instance.errors().count("\n") == 1
    assert said in instance.errors()
    assert "check KAFKA_SECURITY_PROTOCOL" in instance.errors()
    assert system.settings["KAFKA_SASL_PASSWORD"] not in instance.errors()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"KAFKA_SASL_PASSWORD": ""}, "needs KAFKA_SASL_PASSWORD as well"),
        ({"KAFKA_SECURITY_PROTOCOL": "ssl"}, "takes no credentials"),
        ({"KAFKA_SSL_CA_FILE": "nowhere.pem"}, "KAFKA_SSL_CA_FILE must be a file of certificates"),
    ],
)
def test_settings_that_cannot_be_followed_are_said_at_once(
    system: ManyProcesses, settings: dict[str, str], said: str
) -> None:
    instance = system.add("products", **settings)
    instance.begin()

    assert instance.wait(30) == WRONG_USE
    assert said in instance.errors()
