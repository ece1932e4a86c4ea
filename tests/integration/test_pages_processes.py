"""The pages as their own process, against services on Kafka and MongoDB."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition
from playwright.sync_api import Browser, expect

from tests.support.browsers import WIDTHS, MonitorWindow, Window, missing, open_browser
from tests.support.deployment import ManyProcesses
from tests.support.kafka_mock import KafkaMock
from tests.support.kafka_server import KafkaServer
from tests.support.mongo_server import ForeignMongo, MongoServer
from tests.support.server_process import free_port, wait_until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(240),
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]


SECONDS_MAX = 40.0


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
        MONITOR_PORT=str(free_port()),
        RESERVE_RETRY_COUNT_MAX="1",
        RESERVE_RETRY_PAUSE_SECONDS="0.05",
    )
    for service in ("orders", "products", "storefront", "monitor"):
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


def leave_a_group(bootstrap: str, name: str) -> None:
    """Be a group that has read one record and is gone."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": name, "log_level": 0})
    consumer.commit(offsets=[TopicPartition("order.created", 0, 1)], asynchronous=False)
    consumer.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_monitor_tells_where_everything_went(
    browser: Browser, shop: ManyProcesses, kafka_server: KafkaServer | KafkaMock, width: int
) -> None:
    assert shop.run("seed").returncode == 0
    # Other teams name their groups as they like.
    leave_a_group(kafka_server.bootstrap, "analytics" + 60 * "x")
    good, short = shop.order("lamp-oak", 2)["_id"], shop.order("chair-ash", 900)["_id"]
    assert wait_until(lambda: shop.stock_state(good) == "reserved", SECONDS_MAX)
    assert wait_until(lambda: shop.stock_state(short) == "rejected", SECONDS_MAX)
    desk = MonitorWindow(browser, shop.addresses["monitor"], width)
    desk.folder = "monitor-kafka"
    desk.sign_in_with(shop.token("boss", "admin"))
    expect(desk.page.locator(".verdict")).to_contain_text("All is well")
    pages = {
        "overview": ("/", "products service"),
        "topics": ("/topics", "inventory.reserve"),
        "topic": ("/topics/inventory.reserve", "Latest messages"),
        "groups": ("/groups", "products-service-group"),
        "messages": (f"/messages?topic=inventory.reserve&order={good}", "STOCK_RESERVE_REQUEST"),
        "story": (f"/story/{good}", "Stock: reserved 2"),
        "story-short": (f"/story/{short}", "Dead letter: insufficient stock"),
        "dead-letters": (f"/dead-letters?order={short}", "chair-ash: insufficient stock"),
        "audit": ("/audit", "Everything adds up."),
    }
    for name, (path, text) in pages.items():
        desk.open(path)
        desk.sees(text)
        desk.check(name)
    send_back(desk, shop, short)
    desk.close()


def send_back(desk: MonitorWindow, shop: ManyProcesses, order_id: str) -> None:
    """Stock what the order fell short of, and send its dead letter back on the page."""
    restock = {"qty": 1_000, "reason": "delivery"}
    path = "/products/chair-ash/restock"
    shop.call("POST", "products", path, role="admin", json=restock)
    page = desk.open(f"/dead-letters?order={order_id}")
    page.locator(".letter").get_by_role("checkbox").check()
    page.get_by_role("button", name="Send back 1 chosen").click()
    desk.sees("1 would be reserved")
    page.get_by_role("dialog").get_by_role("button", name="Send back 1").click()
    desk.sees("1 dead letter sent back, 0 left out.")
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".letter")).to_have_count(0)
    assert wait_until(lambda: shop.stock_state(order_id) == "reserved", SECONDS_MAX)


def test_outside_the_demo_nobody_is_given_a_token(shop: ManyProcesses) -> None:
    config = httpx.get(f"{shop.addresses['storefront']}/config.json").json()

    assert config["demo"] is False
    assert config["orders"] == shop.addresses["orders"]
    token = httpx.post(f"{config['orders']}/api/v1/demo/token", json={"sub": "anna"})
    assert token.status_code == httpx.codes.NOT_FOUND
