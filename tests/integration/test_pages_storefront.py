"""The shop in a browser, over the real system: every story, on a desk and on a phone."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.support.browsers import WIDTHS, HeldAnswers, Window, missing, open_browser
from tests.support.server_process import wait_until
from tests.support.system_process import SystemProcess

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(240),
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]

SECONDS_MAX = 20.0
EVIL = '<img src=x onerror="window.stolen=1"><script>window.stolen=1</script>'
LOOKUPS = "**/api/v1/orders/user/**"
ADDRESS = {"street": "1 Oak Lane", "city": "Springfield", "country": "US"}

OpenWindow = Callable[..., Window]


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
def browser() -> Iterator[Browser]:
    with open_browser() as started:
        yield started


@pytest.fixture
def open_window(browser: Browser, system: SystemProcess) -> Iterator[OpenWindow]:
    windows = []

    def opened(width: int = 1280, scheme: Any = "light", *, who: str | None = None) -> Window:
        window = Window(browser, system.addresses["storefront"], width, scheme)
        windows.append(window)
        if who is not None:
            sign_in(window, who)
        return window

    yield opened
    for window in windows:
        window.close()


def sign_in(window: Window, who: str) -> None:
    page = window.open("/sign-in")
    page.get_by_role("button", name=who).click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def put_into_cart(window: Window, product_id: str, qty: int = 1) -> None:
    page = window.open(f"/products/{product_id}")
    page.get_by_role("spinbutton", name="How many").fill(str(qty))
    window.click("Add to cart")
    window.sees("In your cart.")


def check_out(window: Window) -> None:
    window.open("/checkout")
    window.fill(**ADDRESS)
    window.page.get_by_role("button", name="Buy for").click()


def buy(window: Window, product_id: str, qty: int = 1) -> str:
    """Buy something and return the id of the order, whose page is open then."""
    put_into_cart(window, product_id, qty)
    check_out(window)
    return order_id_of(window)


def buy_without_an_answer(window: Window, product_id: str, qty: int = 1) -> None:
    put_into_cart(window, product_id, qty)
    window.lose_next_answer("**/api/v1/orders")
    check_out(window)
    window.sees("The service cannot be reached")
    window.page.unroute_all()


def order_id_of(window: Window) -> str:
    window.page.wait_for_url(re.compile(r"/orders/.+"))
    return window.page.url.rsplit("/", 1)[1]


def find_order(system: SystemProcess, order_id: str) -> dict[str, Any]:
    answer = system.call("GET", "orders", f"/orders/{order_id}", role="admin")
    found: dict[str, Any] = answer.json()["data"]["order"]
    return found


def orders_with(system: SystemProcess, product_name: str) -> int:
    query = {"search": product_name}
    answer = system.call("GET", "orders", "/orders", role="admin", params=query)
    total: int = answer.json()["meta"]["total"]
    return total


def set_status(system: SystemProcess, order_id: str, status: str) -> None:
    path = f"/orders/{order_id}/status"
    answer = system.call("PATCH", "orders", path, role="admin", json={"status": status})
    assert answer.status_code == httpx.codes.OK, answer.text


# --- looking around -------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_somebody_who_is_not_signed_in_finds_a_product(open_window: OpenWindow, width: int) -> None:
    window = open_window(width)
    page = window.open("/")
    cards = page.locator(".product")
    expect(cards).to_have_count(24)
    window.check("shop")

    page.get_by_role("button", name="Next").click()
    expect(cards).to_have_count(6)
    page.get_by_role("button", name="Lighting", exact=True).click()
    expect(cards).to_have_count(5)
    page.get_by_label("Price from").fill("60")
    page.get_by_label("to", exact=True).fill("90")
    page.keyboard.press("Tab")
    expect(cards).to_have_count(2)
    page.reload()
    expect(cards).to_have_count(2)

    window.open("/")
    page.get_by_role("searchbox", name="Search products").fill("oak lamp")
    expect(cards).to_have_count(1)
    page.get_by_role("link", name="Oak table lamp").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Oak table lamp")
    expect(page.locator(".stock")).to_contain_text("in stock")
    window.check("product")


def test_what_is_sold_out_can_be_left_out(open_window: OpenWindow) -> None:
    window = open_window()
    page = window.open("/?category=Textiles")
    expect(page.locator(".product")).to_have_count(5)

    page.get_by_label("In stock only").check()

    expect(page.locator(".product")).to_have_count(4)
    assert "inStock=true" in page.url


def test_stock_changes_before_ones_eyes(open_window: OpenWindow, system: SystemProcess) -> None:
    window = open_window(who="Anna")
    page = window.open("/products/bench-hall")
    expect(page.locator("[data-stock]")).to_have_attribute("data-stock", "9")

    path = "/products/bench-hall/restock"
    system.call("POST", "products", path, role="admin", json={"qty": 4, "reason": "delivery"})

    expect(page.locator("[data-stock]")).to_have_attribute("data-stock", "13")


def test_a_signed_out_window_looks_again_when_it_comes_into_sight(
    open_window: OpenWindow, system: SystemProcess
) -> None:
    window = open_window()
    page = window.open("/products/tray-letter")
    expect(page.locator("[data-stock]")).to_have_attribute("data-stock", "29")

    path = "/products/tray-letter/restock"
    system.call("POST", "products", path, role="admin", json={"qty": 1, "reason": "delivery"})
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator("[data-stock]")).to_have_attribute("data-stock", "30")


# --- buying ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_somebody_buys_and_watches_the_order_change(
    open_window: OpenWindow, system: SystemProcess, width: int
) -> None:
    window = open_window(width)
    put_into_cart(window, "mug-stone", 2)
    page = window.open("/cart")
    window.sees("€29.00")
    window.check("cart")

    window.click("To the checkout", role="link")
    page.get_by_role("button", name="Anna").click()
    window.fill(**ADDRESS)
    window.check("checkout")
    window.click("Buy for €29.00")

    order_id = order_id_of(window)
    window.sees("Every item is set aside for you.")
    window.sees("Stock reserved")
    for status in ("processing", "shipped"):
        set_status(system, order_id, status)
        expect(page.locator('[aria-current="step"]')).to_have_text(status.capitalize())
    expect(page.locator(".timeline li")).to_have_count(4)
    expect(page.locator(".timeline")).to_contain_text("by boss")
    window.check("order")

    window.open("/orders")
    expect(page.locator(".order-row").first).to_contain_text("Shipped")
    set_status(system, order_id, "delivered")
    expect(page.locator(".order-row").first).to_contain_text("Delivered")
    window.check("orders")


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_works_in_the_dark(open_window: OpenWindow, width: int) -> None:
    window = open_window(width, "dark")
    page = window.open("/sign-in")
    expect(page.get_by_role("button", name="Ben")).to_be_visible()
    window.check("sign-in-dark")
    sign_in(window, "Ben")
    window.open("/")
    expect(page.locator(".product")).to_have_count(24)
    window.check("shop-dark")
    put_into_cart(window, "towel-waffle")
    window.check("product-dark")
    window.open("/cart")
    window.click("To the checkout", role="link")
    window.fill(**ADDRESS)
    window.check("checkout-dark")
    window.open("/cart")
    window.sees("To the checkout")
    window.check("cart-dark")
    check_out(window)
    order_id_of(window)
    window.sees("Every item is set aside for you.")
    window.check("order-dark")
    window.open("/orders")
    expect(page.locator(".order-row").first).to_be_visible()
    window.check("orders-dark")


def test_a_double_click_buys_once(open_window: OpenWindow, system: SystemProcess) -> None:
    window = open_window(who="Anna")
    put_into_cart(window, "pen-fountain")
    page = window.open("/checkout")
    window.fill(**ADDRESS)

    page.get_by_role("button", name="Buy for").dblclick()

    order_id_of(window)
    assert orders_with(system, "Fountain pen") == 1


def test_a_lost_answer_and_a_reload_buy_once(
    open_window: OpenWindow, system: SystemProcess
) -> None:
    window = open_window(who="Anna")
    buy_without_an_answer(window, "ink-blue")

    window.page.reload()

    order_id_of(window)
    assert orders_with(system, "Blue-black ink") == 1
    expect(window.page.get_by_role("link", name="Cart")).to_have_text("Cart")


def test_what_came_into_the_cart_after_a_lost_answer_stays_there(open_window: OpenWindow) -> None:
    window = open_window(who="Anna")
    buy_without_an_answer(window, "ink-blue")
    put_into_cart(window, "notebook-dot")

    window.open("/checkout")

    order_id_of(window)
    window.open("/cart")
    expect(window.page.locator("main")).to_contain_text("notebook", ignore_case=True)
    expect(window.page.locator("main")).not_to_contain_text("Blue-black ink")


def test_a_lost_order_that_is_found_while_somebody_buys_leaves_the_rest_in_the_cart(
    open_window: OpenWindow, system: SystemProcess
) -> None:
    product_id = system.add_product("found-once", stock=9)
    window = open_window(who="Anna")
    buy_without_an_answer(window, product_id, 2)
    put_into_cart(window, product_id)
    lookups = HeldAnswers(window.page, LOOKUPS)
    window.open("/checkout")
    window.fill(**ADDRESS)
    lookups.wait_for_one()

    window.page.get_by_role("button", name="Buy for").click()
    lookups.let_go()

    order_id_of(window)
    window.sees("Every item is set aside for you.")
    expect(window.page.get_by_role("link", name="Cart")).to_have_text("Cart 1")
    assert orders_with(system, "found-once") == 1


def test_a_lost_order_that_two_tabs_find_leaves_the_cart_once(
    open_window: OpenWindow, system: SystemProcess
) -> None:
    product_id = system.add_product("found-twice", stock=9)
    window = open_window(who="Anna")
    buy_without_an_answer(window, product_id, 2)
    put_into_cart(window, product_id)
    tab = window.open_tab()
    first, second = HeldAnswers(window.page, LOOKUPS), HeldAnswers(tab, LOOKUPS)
    window.open("/checkout")
    tab.goto(f"{window.address}/checkout")
    first.wait_for_one()
    second.wait_for_one()

    first.let_go()
    order_id = order_id_of(window)
    cart = tab.get_by_role("link", name=re.compile("^Cart"))
    expect(cart).to_have_text("Cart 1")
    second.let_go()

    tab.wait_for_url(f"**/orders/{order_id}")
    expect(cart).to_have_text("Cart 1")


def test_an_answer_that_comes_after_another_tab_found_the_order_takes_nothing_out(
    open_window: OpenWindow, system: SystemProcess
) -> None:
    product_id = system.add_product("answered-late", stock=9)
    window = open_window(who="Anna")
    put_into_cart(window, product_id, 2)
    answers = HeldAnswers(window.page, "**/api/v1/orders")
    check_out(window)
    answers.wait_for_one()
    tab = window.open_tab()
    tab.goto(f"{window.address}/checkout")
    tab.wait_for_url(re.compile(r"/orders/.+"))
    tab.goto(f"{window.address}/products/{product_id}")
    tab.get_by_role("button", name="Add to cart", exact=True).click()
    cart = window.page.get_by_role("link", name=re.compile("^Cart"))
    expect(cart).to_have_text("Cart 1")

    answers.let_go()

    order_id_of(window)
    expect(cart).to_have_text("Cart 1")


def test_an_address_that_nobody_meant_shows_a_page_that_says_so(open_window: OpenWindow) -> None:
    window = open_window(who="Anna")
    window.expect_complaint("40")  # the service is asked, and says no

    window.page.goto(f"{window.address}/products/100%")

    window.sees("This product is not here")


def test_a_lost_answer_and_another_click_buy_once(
    open_window: OpenWindow, system: SystemProcess
) -> None:
    window = open_window(who="Anna")
    buy_without_an_answer(window, "notebook-dot")

    window.page.get_by_role("button", name="Buy for").click()

    order_id_of(window)
    assert orders_with(system, "Dotted notebook") == 1


def test_a_price_that_changed_is_shown_and_asked_about(
    open_window: OpenWindow, system: SystemProcess
) -> None:
    system.add_product("price-moves", stock=5, price=10.0)
    window = open_window(who="Anna")
    put_into_cart(window, "price-moves")
    page = window.open("/checkout")
    window.fill(**ADDRESS)
    system.call("PUT", "products", "/products/price-moves", role="admin", json={"price": 12.5})

    page.get_by_role("button", name="Buy for €10.00").click()

    window.sees("1 price changed meanwhile.")
    expect(page.get_by_role("button", name="Buy for €10.00")).to_be_disabled()
    assert orders_with(system, "price-moves") == 0
    window.check("price-changed")
    window.click("Agree to the new price")
    page.get_by_role("button", name="Buy for €12.50").click()
    order_id = order_id_of(window)
    assert find_order(system, order_id)["totalAmount"] == 12.5


@pytest.mark.parametrize("width", WIDTHS)
def test_a_shortage_says_which_lines_and_offers_what_there_is(
    open_window: OpenWindow, system: SystemProcess, width: int
) -> None:
    product_id = system.add_product(f"few-{width}", stock=2)
    window = open_window(width, who="Anna")
    put_into_cart(window, product_id, 5)
    window.open("/cart")
    window.sees("you want 5, 2 available now.")
    first = buy_what_is_in_the_cart(window)

    window.sees("We could not get everything")
    window.sees("5 wanted, 2 available")
    window.check("shortage")
    window.click("Buy what there is")
    window.page.wait_for_url("**/checkout")
    window.page.get_by_role("button", name="Buy for €20.00").click()
    window.sees("Every item is set aside for you.")

    second = order_id_of(window)
    assert second != first
    assert wait_until(lambda: find_order(system, first)["statusLabel"] == "Cancelled", SECONDS_MAX)
    assert find_order(system, second)["items"][0]["qty"] == 2


def buy_what_is_in_the_cart(window: Window) -> str:
    check_out(window)
    return order_id_of(window)


@pytest.mark.parametrize("width", WIDTHS)
def test_an_order_is_cancelled_with_a_reason(
    open_window: OpenWindow, system: SystemProcess, width: int
) -> None:
    window = open_window(width, who="Anna")
    order_id = buy(window, "bowl-stone")
    window.sees("Every item is set aside for you.")

    window.click("Cancel this order")
    window.check("cancel")
    window.fill(reason="I found my own again")
    window.click("Cancel the order")

    window.sees("This order is cancelled.")
    window.sees("I found my own again")
    assert wait_until(lambda: system.stock_state(order_id) == "released", SECONDS_MAX)
    window.sees("The items went back on sale.")


def test_the_shop_can_be_used_by_keyboard_alone(open_window: OpenWindow) -> None:
    window = open_window(who="Ben")
    page = window.open("/?search=felt")
    expect(page.locator(".product")).to_have_count(1)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_role("link", name="Felt desk organizer").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Felt desk organizer")
    page.get_by_role("button", name="Add to cart").focus()
    page.keyboard.press("Enter")
    window.sees("In your cart.")
    window.open("/checkout")
    window.fill(**ADDRESS)
    page.keyboard.press("Enter")

    order_id_of(window)


# --- who one is, and what may go wrong ------------------------------------------------------------


def test_a_token_signs_in_where_there_is_no_demo(
    open_window: OpenWindow, system: SystemProcess
) -> None:
    window = open_window()
    page = window.open("/sign-in?next=/orders")
    page.get_by_text("Use a token").click()
    window.fill(token="this is none")
    window.click("Sign in with this token")
    window.sees("This is not a token")

    window.fill(token=system.token("chiara"))
    window.click("Sign in with this token")

    expect(page.get_by_role("heading", level=1)).to_have_text("My orders")
    assert "token" not in page.url
    page.reload()
    window.sees("chiara")
    window.click("Sign out")
    window.sees("Sign in to see your orders.")


def test_the_way_back_from_signing_in_leads_nowhere_else(open_window: OpenWindow) -> None:
    window = open_window()
    page = window.open("/sign-in?next=//elsewhere.example/")

    page.get_by_role("button", name="Anna").click()

    expect(page.locator(".product").first).to_be_visible()
    assert page.url == f"{window.address}/"


def test_somebody_elses_order_stays_closed(open_window: OpenWindow, system: SystemProcess) -> None:
    order = system.order("lamp-brass")
    window = open_window(who="Ben")
    window.expect_complaint("403")

    window.open(f"/orders/{order['_id']}")

    window.sees("This is not an order of yours")


def test_a_script_in_a_name_or_an_address_stays_text(
    open_window: OpenWindow, system: SystemProcess
) -> None:
    body = {"_id": "evil", "name": EVIL, "description": EVIL, "price": 1, "stock": 5}
    system.call("POST", "products", "/products", role="admin", json=body)
    window = open_window(who="Anna")
    put_into_cart(window, "evil")
    page = window.open("/checkout")
    window.fill(street=EVIL, city=EVIL, country="US")
    page.get_by_role("button", name="Buy for").click()
    order_id_of(window)

    expect(page.locator("address")).to_contain_text(EVIL)
    expect(page.get_by_role("link", name=EVIL)).to_be_visible()
    assert page.evaluate("window.stolen") is None


def test_after_a_lost_connection_the_truth_is_read_again(
    open_window: OpenWindow, system: SystemProcess
) -> None:
    window = open_window()
    sockets = window.control_sockets()
    sign_in(window, "Anna")
    order_id = buy(window, "shelf-wall")
    window.sees("Every item is set aside for you.")

    window.expect_complaint("WebSocket")
    sockets.cut()
    window.sees("Live updates are interrupted.")
    window.check("lost-connection")
    set_status(system, order_id, "processing")
    step = window.page.locator('[aria-current="step"]')
    expect(step).to_have_text("Reserved")
    sockets.mend()

    expect(step).to_have_text("Processing")
    expect(window.page.get_by_text("Live updates are interrupted.")).to_have_count(0)


def test_pages_come_with_a_strict_policy(system: SystemProcess) -> None:
    for path in ("/", "/cart", "/orders/some-order", "/products/lamp-oak"):
        answer = httpx.get(system.addresses["storefront"] + path)
        policy = answer.headers["content-security-policy"]

        assert answer.status_code == httpx.codes.OK
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert system.addresses["orders"] in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path",
    ["/shared/../site.py", "/modules/preact/package.json", "/shop/nothing.js", "/etc/passwd"],
)
def test_no_other_file_is_served(system: SystemProcess, path: str) -> None:
    assert httpx.get(system.addresses["storefront"] + path).status_code == httpx.codes.NOT_FOUND


def test_a_file_that_did_not_change_is_not_sent_again(system: SystemProcess) -> None:
    address = f"{system.addresses['storefront']}/shared/api.js"
    first = httpx.get(address)
    second = httpx.get(address, headers={"If-None-Match": first.headers["etag"]})

    assert (first.status_code, second.status_code) == (200, 304)
    assert first.headers["content-type"].startswith("text/javascript")
    assert second.content == b""
