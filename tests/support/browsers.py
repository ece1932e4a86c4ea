"""Browser windows that look at the pages, keep pictures, and have no complaints."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import (
    APIResponse,
    Browser,
    ConsoleMessage,
    Page,
    Route,
    WebSocketRoute,
    expect,
    sync_playwright,
)

from apps.pages.modules import NODE_MODULES, are_installed

__all__ = [
    "PATIENCE_MS",
    "WIDTHS",
    "HeldAnswers",
    "MonitorWindow",
    "Window",
    "missing",
    "open_browser",
]

PATIENCE_MS = 20_000
WIDTHS = (390, 1280)
HEIGHTS = {390: 844, 1280: 900}

_CHROMIUM = Path("/usr/bin/chromium")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_AXE = NODE_MODULES / "axe-core" / "axe.min.js"
_SHOTS = Path(__file__).parents[2] / "test-output"
_FAULTS = """async () => (await axe.run()).violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`)"""


def missing() -> str | None:
    """Say what this machine lacks to look at the pages."""
    if not _CHROMIUM.exists():
        return "Chromium is not on this machine"
    if not (are_installed() and _AXE.exists()):
        return "the pages' packages are not installed: `make pages` does it, where npm is"
    return None


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium; no asynchronous test may run as long as it is open."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


class Window:
    """One window of somebody who shares nothing with the other windows."""

    folder = "pages"
    """Where its pictures are kept below the tests' output."""

    full_page = False
    """Whether they show the whole page, also what is below the window's edge."""

    def __init__(
        self,
        browser: Browser,
        address: str,
        width: int = 1280,
        scheme: Literal["dark", "light"] = "light",
    ) -> None:
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHTS[width]},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        self.address = address
        self.width = width
        self.complaints: list[str] = []
        self._expected: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda fault: self.complaints.append(str(fault)))

    def _note(self, message: ConsoleMessage) -> None:
        is_expected = any(words in message.text for words in self._expected)
        if message.type in ("error", "warning") and not is_expected:
            self.complaints.append(message.text)

    def expect_complaint(self, words: str) -> None:
        """Say that the browser may note something with these words, whenever it comes to it."""
        self._expected.append(words)

    def open(self, path: str) -> Page:
        """Open *path* of the site."""
        self.page.goto(self.address + path)
        return self.page

    def click(self, name: str, *, role: Any = "button") -> None:
        """Click the one thing of this name."""
        self.page.get_by_role(role, name=name, exact=True).click()

    def fill(self, **fields: str) -> None:
        """Fill in fields by their names in the form."""
        for name, value in fields.items():
            self.page.locator(f'[name="{name}"]').fill(value)

    def sees(self, text: str) -> None:
        """Wait until *text* is on the page."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def keep_picture(self, name: str) -> None:
        """Keep what is in the window for people to look at."""
        folder = _SHOTS / self.folder
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}-{self.width}.png"
        self.page.screenshot(path=path, full_page=self.full_page)

    def check(self, name: str) -> None:
        """Keep a picture, and find nothing that shuts anybody out."""
        self.keep_picture(name)
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.width, f"{name} is {wide} pixels wide"
        complaints = list(self.complaints)
        self.page.evaluate(_AXE.read_text(encoding="utf-8"))
        faults = self.page.evaluate(_FAULTS)
        # It tries out styles that the pages' policy refuses, which is the policy's job.
        self.complaints = complaints
        assert faults == [], f"{name}: {faults}"

    def lose_next_answer(self, address: str) -> None:
        """Let one POST to *address* arrive, and its answer be lost on the way back."""

        def lose(route: Route) -> None:
            if route.request.method == "POST":
                route.fetch()
                route.abort()
            else:
                route.continue_()

        self.expect_complaint("ERR_FAILED")
        self.page.route(address, lose)

    def open_tab(self) -> Page:
        """Return another page of the same browser, which shares what it keeps."""
        page = self.page.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return page

    def control_sockets(self) -> "SocketSwitch":
        """Return what cuts the window's sockets; ask before the page is opened."""
        return SocketSwitch(self.page)

    def close(self) -> None:
        """Close it; there was nothing to complain about."""
        self.page.context.close()
        assert not self.complaints, self.complaints


class MonitorWindow(Window):
    """A window with the monitor in it."""

    folder = "monitor"
    full_page = True

    def sign_in(self) -> None:
        """Sign in as the demo's admin."""
        self.open("/")
        self.page.get_by_role("button", name="Admin").click()
        expect(self.page.get_by_text("Orders a second").first).to_be_visible()

    def sign_in_with(self, token: str) -> None:
        """Sign in by token, as it is done where there is no demo."""
        page = self.open("/")
        entry = page.get_by_text("Use a token")
        field = page.get_by_label("Token")
        expect(entry.or_(field).first).to_be_visible()
        if not field.is_visible():
            entry.click()
        field.fill(token)
        self.click("Sign in with this token")
        expect(page.get_by_text("Orders a second").first).to_be_visible()


class SocketSwitch:
    """Lets sockets through, or cuts them and lets no new one in."""

    def __init__(self, page: Page) -> None:
        self._is_on = True
        self._open: list[WebSocketRoute] = []
        page.route_web_socket(lambda address: "/socket.io/" in address, self._connect)

    def cut(self) -> None:
        """Cut every socket."""
        self._is_on = False
        for socket in self._open:
            socket.close()
        self._open.clear()

    def mend(self) -> None:
        """Let sockets through again."""
        self._is_on = True

    def _connect(self, socket: WebSocketRoute) -> None:
        if not self._is_on:
            socket.close()
            return
        socket.connect_to_server()
        self._open.append(socket)


class HeldAnswers:
    """Lets every call of an address arrive, and holds its answer back until it is let go."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._held: list[tuple[Route, APIResponse]] = []
        self._is_over = False
        page.route(address, self._hold)

    def wait_for_one(self) -> None:
        """Wait until one is held."""
        while not self._held:
            self._page.wait_for_timeout(20)

    def let_go(self) -> None:
        """Let go what is held, and all that come from now on."""
        self._is_over = True
        for route, answer in self._held:
            route.fulfill(response=answer)
        self._held.clear()

    def _hold(self, route: Route) -> None:
        answer = route.fetch()
        if self._is_over:
            route.fulfill(response=answer)
        else:
            self._held.append((route, answer))
