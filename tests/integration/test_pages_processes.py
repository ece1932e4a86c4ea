"""The pages as their own process, against services on Kafka and MongoDB."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.support.browsers import Window, missing, open_browser
from tests.support.deployment import ManyProcesses
from tests.support.kafka_mock import KafkaMock
from tests.support.kafka_server import KafkaServer
from tests.support.mongo_server import ForeignMongo, MongoServer
from tests.support.server_process import free_port

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(240),
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]


@pytest.fixture
def shop(
    tmp_path: Path,
    kafka_server: KafkaServer | KafkaMock,
    mongo_server: MongoServer | ForeignMongo,
) -> Iterator[ManyProcesses]:
    found = ManyProcesses(
        tmp_path,
        bootstrap=kafka_server.bootstrap,
        mongodb_uri=mongo_server.uri,
        # Each of them is told where the others are.
        ORDERS_PORT=str(free_port()),
        PRODUCTS_PORT=str(free_port()),
        STOREFRONT_PORT=str(free_port()),
    )
    for service in ("orders", "products", "storefront"):
        found.add(service)
    try:
        yield found.start()
    finally:
        found.kill()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with open_browser() as started:
        yield started


def signed_in(browser: Browser, shop: ManyProcesses, path: str, token: str) -> Window:
    window = Window(browser, shop.addresses["storefront"])
    window.open(path)
    window.fill(token=token)
    window.click("Sign in with this token")
    expect(window.page.get_by_role("button", name="Sign out")).to_be_visible()
    return window


def test_somebody_buys_and_the_admin_sees_it(browser: Browser, shop: ManyProcesses) -> None:
    assert shop.run("seed").returncode == 0
    customer = signed_in(browser, shop, "/sign-in", shop.token("anna"))
    admin = signed_in(browser, shop, "/admin", shop.token("boss", "admin"))
    admin.open("/admin/orders")
    admin.sees("No orders fit")

    customer.open("/products/lamp-oak")
    customer.click("Add to cart")
    customer.open("/checkout")
    customer.fill(street="1 Oak Lane", city="Springfield", country="US")
    customer.click("Buy for €59.90")
    customer.page.wait_for_url(re.compile(r"/orders/.+"))

    customer.sees("Every item is set aside for you.")
    row = admin.page.locator("[data-order]")
    expect(row).to_contain_text("anna")
    expect(row).to_contain_text("Reserved")
    row.get_by_role("link").click()
    admin.click("Begin to work on it")
    customer.sees("we are packing them")
    customer.close()
    admin.close()


def test_outside_the_demo_nobody_is_given_a_token(shop: ManyProcesses) -> None:
    config = httpx.get(f"{shop.addresses['storefront']}/config.json").json()

    assert config["demo"] is False
    assert config["orders"] == shop.addresses["orders"]
    token = httpx.post(f"{config['orders']}/api/v1/demo/token", json={"sub": "anna"})
    assert token.status_code == httpx.codes.NOT_FOUND
