"""The monitor's pages in a browser, over the real system: every story, on a desk and on a phone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browsers import PATIENCE_MS, WIDTHS, MonitorWindow, missing, open_browser
from tests.support.server_process import wait_until
from tests.support.system_process import SystemProcess

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(240),
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]

EVIL = "<script>window.stolen = 1</script>"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SystemProcess]:
    shared = SystemProcess(
        tmp_path_factory.mktemp("shop"),
        RESERVE_RETRY_COUNT_MAX="1",
        RESERVE_RETRY_PAUSE_SECONDS="0.05",
    )
    shared.start()
    try:
        yield shared
    finally:
        shared.kill()


@pytest.fixture(scope="module")
def lived(system: SystemProcess) -> dict[str, dict[str, Any]]:
    """Return orders that went well and orders that did not, by what became of them."""
    good = system.order("lamp-oak", 2)
    short = system.order("chair-ash", 900)
    for _ in range(4):
        system.order("pen-fountain")
    assert wait_until(lambda: system.stock_state(short["_id"]) == "rejected", 20)
    assert wait_until(lambda: system.stock_state(good["_id"]) == "reserved", 20)
    return {"good": good, "short": short}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as started:
        yield started


OpenDesk = Callable[..., MonitorWindow]


@pytest.fixture
def open_desk(browser: Browser, system: SystemProcess) -> Iterator[OpenDesk]:
    desks = []

    def opened(
        width: int = 1280, scheme: Any = "light", *, signed_in: bool = True
    ) -> MonitorWindow:
        desk = MonitorWindow(browser, system.addresses["monitor"], width, scheme)
        desks.append(desk)
        if signed_in:
            desk.sign_in()
        return desk

    yield opened
    for desk in desks:
        desk.close()


# --- every page -----------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_whole_and_open_to_everybody(
    open_desk: OpenDesk,
    lived: dict[str, dict[str, Any]],
    system: SystemProcess,
    width: int,
    scheme: str,
) -> None:
    desk = open_desk(width, scheme)
    query = {"order": lived["short"]["_id"]}
    found = system.call("GET", "monitor", "/dead-letters", role="admin", params=query).json()
    [letter] = found["data"]["deadLetters"]
    pages = {
        "overview": ("/", "products consumer"),
        "topics": ("/topics", "Recent messages"),
        "topic": ("/topics/inventory.reserve", "Latest messages"),
        "groups": ("/groups", "orders-service-group"),
        "messages": ("/messages", "STOCK_RESERVE_REQUEST"),
        "stories": ("/story", "The story of an order"),
        "story": (f"/story/{lived['good']['_id']}", "Stock: reserved 2"),
        "story-short": (f"/story/{lived['short']['_id']}", "Dead letter: insufficient stock"),
        "dead-letters": ("/dead-letters", "chair-ash: insufficient stock"),
        "dead-letter": (f"/dead-letters/{letter['id']}", "error-class"),
        "audit": ("/audit", "Everything adds up."),
        "demo": ("/demo", "Products consumer"),
        "sign-in": ("/sign-in", "You are signed in as admin."),
        "nowhere": ("/topics/nowhere", "There is no such topic"),
    }
    for name, (path, text) in pages.items():
        desk.open(path)
        expect(desk.page.get_by_text(text).first).to_be_visible()
        desk.check(f"{name}-{scheme}")


# --- who may look ---------------------------------------------------------------------------------


def test_a_customer_is_told_that_it_is_not_for_them(
    open_desk: OpenDesk, system: SystemProcess
) -> None:
    desk = open_desk(signed_in=False)
    desk.expect_complaint("403")
    page = desk.open("/")
    page.get_by_text("Use a token").click()
    page.get_by_label("Token").fill(system.token("anna"))
    page.get_by_role("button", name="Sign in with this token").click()

    expect(page.get_by_role("heading", name="Not allowed")).to_be_visible()
    expect(page.get_by_text("This needs the role admin.")).to_be_visible()
    desk.check("not-allowed")

    page.get_by_role("button", name="Sign in as somebody else").click()
    page.get_by_text("Use a token").click()
    page.get_by_label("Token").fill(system.token("boss", "admin"))
    page.get_by_role("button", name="Sign in with this token").click()
    expect(page.get_by_text("Orders a second").first).to_be_visible()
    assert system.call("GET", "monitor", "/overview").status_code == 403


# --- where a message went -------------------------------------------------------------------------


def test_a_message_is_found_followed_live_and_shown_in_full(
    open_desk: OpenDesk, lived: dict[str, dict[str, Any]], system: SystemProcess
) -> None:
    desk = open_desk()
    page = desk.open("/messages")
    page.get_by_label("Order", exact=True).fill(lived["good"]["_id"])
    rows = page.locator(".message")
    expect(rows).to_have_count(1)
    page.get_by_label("Order", exact=True).fill("")
    page.get_by_label("Text").fill("pen-fountain")
    expect(rows).to_have_count(4)

    new = system.order("pen-fountain")
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text(new["_id"])
    rows.first.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("correlation-id", exact=True)).to_be_visible()
    expect(dialog.get_by_text('"productId": "pen-fountain"')).to_be_visible()
    desk.check("message")
    dialog.get_by_role("link", name="Story of this order").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(new["orderNumber"])


def test_the_story_is_found_from_every_page_and_grows(
    open_desk: OpenDesk, system: SystemProcess
) -> None:
    order = system.order("mug-stone", 2)
    assert wait_until(lambda: system.stock_state(order["_id"]) == "reserved", 20)
    desk = open_desk()
    page = desk.open("/audit")
    page.get_by_label("Story of an order").fill(order["orderNumber"])
    page.get_by_label("Story of an order").press("Enter")

    entries = page.locator(".entry strong")
    expect(entries.filter(has_text="A call over HTTP")).to_have_count(1)
    for text in ("Order: placed", "ORDER_CREATED", "STOCK_RESERVE_REQUEST", "Stock: reserved 2"):
        expect(entries.filter(has_text=text)).to_have_count(1)
    expect(entries.filter(has_text="Pushed order:stock_reserved")).to_have_count(1)
    system.call("PATCH", "orders", f"/orders/{order['_id']}/cancel", json={"reason": "too late"})
    expect(entries.filter(has_text="Stock: released 2")).to_have_count(1)
    expect(page.get_by_text("too late").first).to_be_visible()


def test_markup_in_an_order_stays_text(open_desk: OpenDesk, system: SystemProcess) -> None:
    product = {"_id": "evil", "name": EVIL, "price": 5, "stock": 3}
    system.call("POST", "products", "/products", role="admin", json=product)
    order = system.order("evil")
    assert wait_until(lambda: system.stock_state(order["_id"]) == "reserved", 20)
    desk = open_desk()

    for path in (f"/story/{order['_id']}", "/messages?topic=order.created", "/audit?search=evil"):
        page = desk.open(path)
        expect(page.get_by_text("<script>").first).to_be_visible()
        assert page.evaluate("window.stolen") is None


# --- dead letters ---------------------------------------------------------------------------------


def test_dead_letters_are_sent_back_after_a_preview(
    open_desk: OpenDesk, system: SystemProcess
) -> None:
    product = {"_id": "rare", "name": "Rare thing", "price": 5, "stock": 1}
    system.call("POST", "products", "/products", role="admin", json=product)
    orders = [system.order("rare", 3) for _ in range(2)]
    for order in orders:
        assert wait_until(lambda o=order: system.stock_state(o["_id"]) == "rejected", 20)  # type: ignore[misc]
    desk = open_desk(390)
    page = desk.open("/dead-letters")
    page.get_by_role("button", name="insufficient stock").click()
    for order in orders:
        page.locator(".letter", has_text=order["_id"]).get_by_role("checkbox").check()
    page.get_by_role("button", name="Send back 2 chosen").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("2 still short")).to_be_visible()
    desk.check("redrive-preview")
    dialog.get_by_role("button", name="Close").click()
    restock = {"qty": 5, "reason": "found some"}
    system.call("POST", "products", "/products/rare/restock", role="admin", json=restock)

    for order in orders:
        page.locator(".letter", has_text=order["_id"]).get_by_role("checkbox").check()
    page.get_by_role("button", name="Send back 2 chosen").click()
    expect(dialog.get_by_text("2 would be reserved")).to_be_visible()
    dialog.get_by_label("At most so many a second").fill("5")
    dialog.get_by_role("button", name="Send back 2").click()
    expect(dialog.get_by_text("2 dead letters sent back, 0 left out.")).to_be_visible()
    desk.check("redrive-done")
    dialog.get_by_role("button", name="Done").click()
    for order in orders:
        expect(page.locator(".letter", has_text=order["_id"])).to_have_count(0)
        assert wait_until(lambda o=order: system.stock_state(o["_id"]) == "reserved", 20)  # type: ignore[misc]


# --- the switches ---------------------------------------------------------------------------------


def test_a_stopped_consumer_is_red_within_ten_seconds_and_nothing_is_lost(
    open_desk: OpenDesk, system: SystemProcess
) -> None:
    watching, acting = open_desk(), open_desk(390)
    page = acting.open("/demo")
    consumer = page.get_by_label("Products consumer")
    consumer.get_by_role("button", name="Stop it").click()
    expect(watching.page.locator(".verdict")).to_contain_text(
        "Something is down: products consumer", timeout=10_000
    )
    watching.check("overview-down")
    order = system.order("mug-stone")
    expect(watching.page.locator(".tile", has_text="Waiting messages")).to_contain_text("1")

    consumer.get_by_role("button", name="Start it").click()

    expect(page.get_by_text("Caught up after").first).to_be_visible()
    acting.check("demo-caught-up")
    expect(watching.page.locator(".verdict")).to_contain_text("All is well")
    assert wait_until(lambda: system.stock_state(order["_id"]) == "reserved", 20)


def test_messages_that_come_again_move_nothing(
    open_desk: OpenDesk, lived: dict[str, dict[str, Any]]
) -> None:
    page = open_desk().open("/demo")
    page.get_by_role("button", name="Deliver again").click()

    expect(page.get_by_text("messages are delivered once more").first).to_be_visible()
    expect(page.get_by_text("Not one unit moved twice.").first).to_be_visible()


def test_a_store_that_is_away_comes_back(open_desk: OpenDesk) -> None:
    page = open_desk().open("/demo")
    page.get_by_role("button", name="Take it away").click()
    expect(page.get_by_label("Stock store").get_by_text("left")).to_be_visible()
    expect(page.locator(".now")).to_contain_text("stock store")

    expect(page.locator(".notes li").first).to_contain_text("everything adds up")
    expect(page.get_by_label("Stock store").get_by_text("there", exact=True)).to_be_visible()


def test_a_cut_channel_comes_back_and_the_shop_notices(
    open_desk: OpenDesk, browser: Browser, system: SystemProcess
) -> None:
    shop = browser.new_page()
    shop.goto(system.addresses["storefront"] + "/sign-in")
    shop.get_by_role("button", name="Anna").click()
    expect(shop.get_by_text("anna")).to_be_visible()
    page = open_desk().open("/demo")
    channel = page.get_by_label("Push channel")

    channel.get_by_role("button", name="Cut it").click()
    expect(channel.get_by_text("cut", exact=True)).to_be_visible()
    expect(shop.get_by_text("Live updates are interrupted")).to_be_visible()
    channel.get_by_role("button", name="Join it").click()

    expect(channel.get_by_text("open", exact=True)).to_be_visible()
    expect(shop.get_by_text("Live updates are interrupted")).not_to_be_visible()
    shop.close()


# --- as its own process ---------------------------------------------------------------------------


def test_beside_a_running_system_it_sees_the_services_go(browser: Browser, tmp_path: Path) -> None:
    running = SystemProcess(tmp_path / "shop").start()
    ports = {
        f"{name.upper()}_PORT": running.addresses[name].rsplit(":", 1)[1]
        for name in ("orders", "products", "storefront")
    }
    beside = SystemProcess(
        tmp_path / "beside", "monitor", **ports, DATA_DIR=str(running.folder / "data")
    )
    try:
        beside.start()
        # The pages sign in at the orders service, which is the other process's.
        token = running.token("boss", "admin")
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(beside.addresses["monitor"])
        page.get_by_text("Use a token").click()
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Sign in with this token").click()
        expect(page.locator(".verdict")).to_contain_text("All is well")
        expect(page.locator(".parts")).to_contain_text("orders service")
        order = running.order("lamp-oak")
        page.goto(f"{beside.addresses['monitor']}/story/{order['_id']}")
        expect(page.get_by_text("Stock: reserved 1")).to_be_visible()
        page.goto(beside.addresses["monitor"])

        running.kill()

        expect(page.locator(".verdict")).to_contain_text("orders service", timeout=10_000)
        page.close()
        assert beside.stop() == 0
    finally:
        beside.kill()
        running.kill()
