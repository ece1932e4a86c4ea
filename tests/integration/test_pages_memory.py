"""The memory of a browser that follows messages live: flat, however many have gone by."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
from playwright.sync_api import CDPSession, expect

from adapters.embedded.event_log import SqliteEventLog
from inventory_domain.records import OutgoingRecord
from tests.support.browsers import MonitorWindow, missing, open_browser
from tests.support.server_process import wait_until
from tests.support.system_process import SystemProcess

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(240),
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]

# Nobody of ours consumes it, so that nothing but the page has work with it.
TOPIC = "order.created"
PER_SECOND = 50
ROWS_MAX = 500
ROUNDS = 4
MESSAGES_PER_ROUND = 400
GROWTH_MAX = 1.10


@attrs.frozen
class Usage:
    """What a page holds after its garbage was collected."""

    heap_bytes: float
    nodes: float


class Source:
    """Messages that come at a steady rate, from another process's point of view."""

    def __init__(self, path: Path) -> None:
        self.count = 0
        self._path = path
        self._stopping = threading.Event()

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Publish until the end of the block."""
        thread = threading.Thread(target=lambda: asyncio.run(self._flow()))
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join()

    async def _flow(self) -> None:
        log = await SqliteEventLog.open(self._path, is_owner=False)
        try:
            await self._publish(log, ROWS_MAX)
            while not self._stopping.is_set():
                await self._publish(log, PER_SECOND // 5)
                await asyncio.sleep(0.2)
        finally:
            await log.aclose()

    async def _publish(self, log: SqliteEventLog, count: int) -> None:
        await log.publish([self._record(self.count + step) for step in range(count)])
        self.count += count

    @staticmethod
    def _record(number: int) -> OutgoingRecord:
        text = json.dumps({"eventType": "ORDER_CREATED", "number": number, "text": "x" * 300})
        headers = (("event-type", b"ORDER_CREATED"), ("correlation-id", b"tail-%d" % number))
        return OutgoingRecord(TOPIC, b"order-%d" % number, text.encode(), headers)


def usage(session: CDPSession) -> Usage:
    """Collect the page's garbage and say what is left."""
    session.send("HeapProfiler.collectGarbage")
    found = session.send("Performance.getMetrics")["metrics"]
    values = {one["name"]: one["value"] for one in found}
    return Usage(values["JSHeapUsedSize"], values["Nodes"])


def test_a_live_tail_does_not_grow(tmp_path: Path) -> None:
    system = SystemProcess(tmp_path).start()
    source = Source(tmp_path / "data" / "log.db")
    try:
        with open_browser() as browser, source.flowing():
            window = MonitorWindow(browser, system.addresses["monitor"])
            window.sign_in()
            page = window.open(f"/messages?topic={TOPIC}")
            rows = page.locator(".message")
            expect(rows).to_have_count(ROWS_MAX)
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable")
            used = [usage(session)]
            for _ in range(ROUNDS):
                passed = source.count + MESSAGES_PER_ROUND
                assert wait_until(lambda end=passed: source.count >= end, 60)  # type: ignore[misc]
                used.append(usage(session))
            # It has kept up all the while, and holds no more rows than before.
            expect(page.get_by_text(f"order-{source.count // 10 * 10}").first).to_be_visible()
            expect(rows).to_have_count(ROWS_MAX)
            window.close()
    finally:
        system.kill()
    told = "; ".join(f"{one.heap_bytes / 1e6:.3f} MB, {one.nodes:.0f} nodes" for one in used)
    # For whoever runs it with -s or -rP.
    print(f"every {MESSAGES_PER_ROUND} messages at {PER_SECOND} a second: {told}")  # noqa: T201
    first, last = used[1], used[-1]
    assert last.heap_bytes < first.heap_bytes * GROWTH_MAX + 500_000, told
    assert last.nodes < first.nodes * GROWTH_MAX, told
