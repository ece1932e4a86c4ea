import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kafka_mock import KafkaMock
from tests.support.kafka_server import KafkaServer
from tests.support.mongo_server import ForeignMongo, MongoServer
from tests.support.server_process import wait_until
from tests.support.system_process import SystemProcess

pytestmark = pytest.mark.integration

SECRET = "a secret that is long enough for HS256"


@pytest.fixture(params=["embedded", "mongodb"])
def services(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    kafka_server: KafkaServer | KafkaMock,
    mongo_server: MongoServer | ForeignMongo,
) -> Iterator[tuple[SystemProcess, SystemProcess]]:
    """The two services as processes of their own, over Kafka and stores that both can reach."""
    settings = {
        "EVENT_LOG": "kafka",
        "STORE": request.param,
        "MONGODB_URI": mongo_server.uri,
        "ORDERS_DB": f"orders_{tmp_path.name}"[:40],
        "PRODUCTS_DB": f"products_{tmp_path.name}"[:40],
        "KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap,
        "ACCESS_TOKEN_SECRET": SECRET,
        "DEMO": "1",
        "DATA_DIR": str(tmp_path / "data"),
    }
    orders = SystemProcess(tmp_path / "orders", "orders", **settings)
    products = SystemProcess(tmp_path / "products", "products", **settings)
    try:
        yield orders, products
    finally:
        orders.kill()
        products.kill()


def test_an_order_is_reserved_over_kafka_between_processes(
    services: tuple[SystemProcess, SystemProcess],
) -> None:
    orders, products = services
    orders.start()
    products.start()
    assert products.run("seed").returncode == 0
    orders.addresses.update(products.addresses)

    order = orders.order("lamp-oak", 2)

    assert wait_until(lambda: orders.stock_state(order["_id"]) == "reserved", 30)
    assert orders.run("audit").returncode == 0
    assert orders.run("topics").returncode == 0
    assert orders.stop(signal.SIGTERM) == 0, orders.errors()
    assert products.stop() == 0, products.errors()


def test_a_service_by_itself_on_the_embedded_log_says_that_it_stays_alone(tmp_path: Path) -> None:
    service = SystemProcess(tmp_path, "products", ACCESS_TOKEN_SECRET=SECRET)
    try:
        service.start()

        assert "no other service can join this one" in service.errors()
        assert list(service.addresses) == ["products"]
        assert service.stop() == 0
    finally:
        service.kill()
