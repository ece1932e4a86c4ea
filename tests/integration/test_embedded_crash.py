"""What was acknowledged survives a process that is killed at any instruction."""

import asyncio
import contextlib
import random
import signal
import sqlite3
import sys
from collections import Counter
from pathlib import Path

import pytest

from adapters.embedded.event_log import SqliteEventLog
from adapters.embedded.folder import DataFolder
from adapters.embedded.order_store import SqliteOrderStore
from adapters.embedded.stock_store import SqliteStockStore
from inventory_domain.audit import Auditor
from inventory_domain.ids import OrderId
from inventory_domain.records import TopicPartition
from tests.integration.embedded_child import LAMP, TOPIC

pytestmark = pytest.mark.integration

KILL_COUNT = 4
REPOSITORY = Path(__file__).parents[2]


class Acknowledged:
    """What the killed processes were told is durable."""

    def __init__(self) -> None:
        self.orders: set[str] = set()
        self.events: set[str] = set()
        self.stock = 0
        self.commits: dict[TopicPartition, int] = {}

    def note(self, line: str) -> None:
        kind, *words = line.split()
        if kind == "order":
            self.orders.add(words[0])
        elif kind == "event":
            self.events.add(words[0])
        elif kind == "stock":
            self.stock = int(words[0])
        else:
            self.commits[TopicPartition(words[0], int(words[1]))] = int(words[2])


async def _run_and_kill(folder: DataFolder, seconds: float, acknowledged: Acknowledged) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.embedded_child",
        str(folder.path),
        cwd=REPOSITORY,
        env={"PYTHONPATH": "src"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        first = await asyncio.wait_for(child.stdout.readline(), 30)
        assert first, "the child ended by itself"
        acknowledged.note(first.decode())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while line := await child.stdout.readline():
                    acknowledged.note(line.decode())
    finally:
        child.send_signal(signal.SIGKILL)
        await child.wait()
    for line in (await child.stdout.read()).splitlines(keepends=True):
        # The last line may be cut short: then it is not known to have been said.
        if line.endswith(b"\n"):
            acknowledged.note(line.decode())


async def test_everything_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    acknowledged = Acknowledged()
    for _ in range(KILL_COUNT):
        await _run_and_kill(folder, random.uniform(0.05, 0.6), acknowledged)
        for path in (folder.orders, folder.products, folder.log):
            assert _integrity(path) == "ok"
        await _check_orders(folder, acknowledged)
        await _check_stock(folder, acknowledged)
        await _check_log(folder, acknowledged)


def _integrity(path: Path) -> str:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


async def _check_orders(folder: DataFolder, acknowledged: Acknowledged) -> None:
    store = await SqliteOrderStore.open(folder.orders)
    try:
        found = await store.get([OrderId(order_id) for order_id in acknowledged.orders])
        assert found.keys() == acknowledged.orders
        entries = await store.pending(1_000_000)
        told = Counter(record.key for entry in entries for record in entry.records)
        assert told.keys() >= {order_id.encode() for order_id in acknowledged.orders}
        assert set(told.values()) == {1}, "an order and its events are stored together, once"
    finally:
        await store.aclose()


async def _check_stock(folder: DataFolder, acknowledged: Acknowledged) -> None:
    store = await SqliteStockStore.open(folder.products)
    try:
        lamp = (await store.load([], [LAMP])).products[LAMP]
        assert lamp.version >= acknowledged.stock
        auditor = Auditor()
        async for part in store.audit_parts():
            auditor.add(part)
        report = auditor.report()
        assert report.holds, report.differences
        records = [r for entry in await store.pending(1_000_000) for r in entry.records]
        # The first two versions are those of the product's own making.
        assert [record.value for record in records] == [
            b"%d" % version for version in range(3, lamp.version + 1)
        ]
    finally:
        await store.aclose()


async def _check_log(folder: DataFolder, acknowledged: Acknowledged) -> None:
    log = await SqliteEventLog.open(folder.log, is_owner=False)
    try:
        values = Counter[bytes | None]()
        (info,) = [topic for topic in await log.topics() if topic.name == TOPIC]
        for partition in info.partitions:
            at = TopicPartition(TOPIC, partition.partition)
            records = await log.read(at, start=0, count_max=1_000_000)
            assert [record.offset for record in records] == list(range(partition.end))
            values.update(record.value for record in records)
        assert values.keys() >= {event.encode() for event in acknowledged.events}
        assert set(values.values()) == {1}
        (group,) = await log.groups()
        assert all(group.committed[at] >= n for at, n in acknowledged.commits.items())
    finally:
        await log.aclose()


async def test_a_second_owner_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    """Until the first is gone, however it went."""
    folder = DataFolder(tmp_path)
    await _run_and_kill(folder, 0.05, Acknowledged())

    with folder.acquire("2026-01-31T12:00:00.000Z"):
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.embedded_child",
            str(folder.path),
            cwd=REPOSITORY,
            env={"PYTHONPATH": "src"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await child.communicate()

    assert b"FolderHeld" in errors
    assert b"started at 2026-01-31T12:00:00.000Z" in errors
