"""Reserve stock over SQLite: our consumer, the plain loop, and the floor, in one run.

*loop* is the plain way: one message, one guarded UPDATE an item, one commit, with nothing else
stored. *floor* consumes the same messages in the same batches and writes rows of the same size,
with no decision: what batching could reach if deciding cost nothing. Same disk, same pragmas.
"""

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from adapters.embedded.event_log import SqliteEventLog
from adapters.embedded.stock_store import SqliteStockStore
from adapters.system import RandomIds, SystemClock
from benchmarks.shop import CODEC, audit_text, product, request, stocking
from inventory_domain.ports import Subscription
from inventory_domain.records import OutgoingRecord, Record
from inventory_domain.stock_decisions import StockPolicy
from inventory_domain.topics import PRODUCTS_GROUP, PRODUCTS_TOPICS
from inventory_domain.use_cases.consume import Consumer, ConsumerSettings
from inventory_domain.use_cases.keep_stock import StockKeeper
from inventory_domain.use_cases.relay_outbox import OutboxRelay
from inventory_domain.use_cases.stock_ledger import StockLedger

ORDERS = 10_000
LOOP_ORDERS = 500
BATCH = 500
PRODUCTS = 50

_FLOOR_TABLES = """
CREATE TABLE products (id TEXT PRIMARY KEY, stock INTEGER, reserved INTEGER);
CREATE TABLE reservations (id TEXT PRIMARY KEY, document TEXT) WITHOUT ROWID;
CREATE TABLE movements (product TEXT, number INTEGER, line TEXT, PRIMARY KEY (product, number))
    WITHOUT ROWID;
"""


async def ours(folder: Path, sent: Sequence[OutgoingRecord], products: int) -> tuple[float, str]:
    """Return orders a second of the products service's consumer, and what the audit says."""
    stock = await SqliteStockStore.open(folder / "products.db")
    log = await SqliteEventLog.open(folder / "log.db")
    try:
        await stock.commit(stocking([product(number) for number in range(products)]))
        await log.publish(sent)
        clock, ids = SystemClock(), RandomIds()
        relay = OutboxRelay(stock, log, clock=clock, ids=ids)
        ledger = StockLedger(
            store=stock,
            clock=clock,
            ids=ids,
            codec=CODEC,
            policy=StockPolicy(),
            nudge_relay=relay.nudge,
        )
        keeper = StockKeeper(
            ledger=ledger, relay=relay, clock=clock, codec=CODEC, service="products-service"
        )
        consumer = Consumer(
            await log.subscribe(PRODUCTS_GROUP, PRODUCTS_TOPICS),
            keeper,
            log,
            clock=clock,
            ids=ids,
            settings=ConsumerSettings(service="products-service", batch_count_max=BATCH),
        )
        start = time.perf_counter()
        while consumer.endings.total() < len(sent):
            await consumer.step()
        seconds = time.perf_counter() - start
        return len(sent) / seconds, await audit_text(stock)
    finally:
        await log.aclose()
        await stock.aclose()


def loop(folder: Path, sent: Sequence[OutgoingRecord], products: int) -> float:
    """Return orders a second of one message, one guarded UPDATE an item, one commit."""
    connection = _open(folder / "loop.db", products)
    connection.execute("CREATE TABLE offsets (topic TEXT PRIMARY KEY, next INTEGER)")
    connection.execute("INSERT INTO offsets VALUES ('inventory.reserve', 0)")
    start = time.perf_counter()
    for offset, record in enumerate(sent):
        message = json.loads(record.value or b"")
        connection.execute("BEGIN IMMEDIATE")
        for item in message["items"]:
            connection.execute(
                "UPDATE products SET stock = stock - ?1, reserved = reserved + ?1"
                " WHERE id = ?2 AND stock >= ?1",
                (item["qty"], item["productId"]),
            )
        connection.execute("UPDATE offsets SET next = ?", (offset + 1,))
        connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    connection.close()
    return len(sent) / seconds


async def floor(folder: Path, sent: Sequence[OutgoingRecord], products: int) -> float:
    """Return orders a second of consuming, decoding and writing, without any decision."""
    log = await SqliteEventLog.open(folder / "floor-log.db")
    connection = _open(folder / "floor.db", products)
    try:
        await log.publish(sent)
        subscription = await log.subscribe(PRODUCTS_GROUP, PRODUCTS_TOPICS)
        start = time.perf_counter()
        done = 0
        while done < len(sent):
            done += await _floor_batch(connection, log, subscription, done)
        return len(sent) / (time.perf_counter() - start)
    finally:
        connection.close()
        await log.aclose()


async def _floor_batch(
    connection: sqlite3.Connection, log: SqliteEventLog, subscription: Subscription, done: int
) -> int:
    async with subscription.batch(count_max=BATCH, wait_seconds=1.0) as batch:
        decoded = [msgspec.json.decode(record.value or b"") for record in batch.records]
        await asyncio.to_thread(_write, connection, batch.records, decoded, done)
        outcomes = [
            OutgoingRecord("inventory.reserved", one.key, one.value, one.headers)
            for one in batch.records
        ]
        await log.publish(outcomes)
        await batch.commit({one.topic_partition: one.offset + 1 for one in batch.records})
        return len(batch.records)


def _write(
    connection: sqlite3.Connection,
    records: Sequence[Record],
    decoded: Sequence[dict[str, Any]],
    done: int,
) -> None:
    values = [(record.value or b"").decode() for record in records]
    lines = [
        (item["productId"], (done + place) * 8 + number, values[place][:80])
        for place, message in enumerate(decoded)
        for number, item in enumerate(message["items"])
    ]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "UPDATE products SET stock = stock - 1, reserved = reserved + 1 WHERE id = ?",
        [(one,) for one in {line[0] for line in lines}],
    )
    connection.executemany(
        "INSERT INTO reservations VALUES (?, ?)",
        [(str(one["orderId"]), value * 2) for one, value in zip(decoded, values, strict=True)],
    )
    connection.executemany("INSERT INTO movements VALUES (?, ?, ?)", lines)
    connection.execute("COMMIT")


def _open(path: Path, products: int) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.executescript(_FLOOR_TABLES)
    connection.executemany(
        "INSERT INTO products VALUES (?, 1000000000, 0)",
        [(f"product-{number}",) for number in range(products)],
    )
    return connection


def run() -> None:
    """Print orders a second of all three, for each shape of order."""
    print(f"  SQLite {sqlite3.sqlite_version}, WAL, synchronous=FULL, batch of {BATCH} orders")
    for lines, products in ((1, PRODUCTS), (5, PRODUCTS), (1, 1)):
        sent = [request(f"order-{number}", lines, products) for number in range(ORDERS)]
        with tempfile.TemporaryDirectory(dir=".") as name:
            folder = Path(name)
            rate, audit = asyncio.run(ours(folder, sent, products))
            plain = loop(folder, sent[:LOOP_ORDERS], products)
            bare = asyncio.run(floor(folder, sent, products))
        print(
            f"  {lines} lines, {products:>2} products: ours {rate:>8,.0f}/s, loop {plain:>6,.0f}/s,"
            f" floor {bare:>8,.0f}/s; {rate / plain:.1f}x the loop, {rate / bare:.2f} of the"
            f" floor; {audit}"
        )
