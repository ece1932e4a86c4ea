"""Reserve stock over SQLite: our consumer, the plain loop, and the floor, in one run.

*loop* is the plain way: one message, one guarded UPDATE an item, one commit, with nothing else
stored. *floor* consumes the same messages in the same batches, decodes them, and writes rows into
the same tables, as many and as large as ours, with the same pragmas, but looks nothing up and
decides nothing: what batching could reach if deciding cost nothing. It has no outbox either.

Wall time depends on who else uses the machine, so the CPU time of the whole process is told too.
"""

import asyncio
import json
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import attrs
import msgspec

from adapters.embedded.bulk import execute_rows
from adapters.embedded.connection import open_writer
from adapters.embedded.event_log import SqliteEventLog
from adapters.embedded.schema import migrate
from adapters.embedded.stock_rows import INSERT_MOVEMENTS, INSERT_RESERVATIONS, STOCK_SCHEMA
from adapters.embedded.stock_store import SqliteStockStore
from apps.collector import calm_collector
from benchmarks.shop import Span, audit_text, product, products_consumer, request, stocking
from inventory_domain.ports import Subscription
from inventory_domain.records import OutgoingRecord, Record
from inventory_domain.topics import PRODUCTS_GROUP, PRODUCTS_TOPICS

ORDERS = 10_000
LOOP_ORDERS = 500
BATCH = 500
PRODUCTS = 50
ROUNDS = 5

# What our reservation's document holds besides the request's text and the outcome's.
_FRAME = "." * 240


@attrs.frozen
class Result:
    """What one run took an order, in microseconds, and the bytes it left in the files."""

    wall: float
    cpu: float
    size: int
    audit: str = ""


async def ours(folder: Path, sent: Sequence[OutgoingRecord], products: int) -> Result:
    """Return what the products service's consumer takes, and what the audit says."""
    stock = await SqliteStockStore.open(folder / "products.db")
    log = await SqliteEventLog.open(folder / "log.db")
    try:
        await stock.commit(stocking([product(number) for number in range(products)]))
        await log.publish(sent)
        consumer = await products_consumer(stock, log, batch=BATCH)
        with Span() as span:
            while consumer.endings.total() < len(sent):
                await consumer.step()
        audit = await audit_text(stock)
    finally:
        await log.aclose()
        await stock.aclose()
    return _result(span, len(sent), folder / "products.db", folder / "log.db", audit=audit)


def loop(folder: Path, sent: Sequence[OutgoingRecord], products: int) -> Result:
    """Return what one message, one guarded UPDATE an item and one commit take."""
    connection = open_writer(folder / "loop.db", busy_seconds=1)
    connection.execute("CREATE TABLE products (id TEXT PRIMARY KEY, stock INTEGER, reserved INT)")
    connection.execute("CREATE TABLE offsets (topic TEXT PRIMARY KEY, next INTEGER)")
    connection.execute("INSERT INTO offsets VALUES ('inventory.reserve', 0)")
    connection.executemany(
        "INSERT INTO products VALUES (?, 1000000000, 0)",
        [(f"product-{number}",) for number in range(products)],
    )
    with Span() as span:
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
    connection.close()
    return _result(span, len(sent), folder / "loop.db")


async def floor(folder: Path, sent: Sequence[OutgoingRecord], products: int) -> Result:
    """Return what consuming, decoding and writing take, without any decision."""
    log = await SqliteEventLog.open(folder / "floor-log.db")
    stock = await SqliteStockStore.open(folder / "floor.db")
    try:
        await stock.commit(stocking([product(number) for number in range(products)]))
    finally:
        await stock.aclose()
    connection = open_writer(folder / "floor.db", busy_seconds=1)
    migrate(connection, STOCK_SCHEMA)
    try:
        await log.publish(sent)
        subscription = await log.subscribe(PRODUCTS_GROUP, PRODUCTS_TOPICS)
        with Span() as span:
            done = 0
            while done < len(sent):
                done += await _floor_batch(connection, log, subscription, done)
    finally:
        connection.close()
        await log.aclose()
    return _result(span, len(sent), folder / "floor.db", folder / "floor-log.db")


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
    reservations = [
        (message["orderId"], 1, "reserved", (record.value or b"").decode() * 2 + _FRAME)
        for message, record in zip(decoded, records, strict=True)
    ]
    movements = [
        (item["productId"], number, "reserved", 1, 10**8, 10**4, message["orderId"], "", "", 10**12)
        for number, message in enumerate(decoded, done + 3)
        for item in message["items"]
    ]
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "UPDATE products SET version = version + 1, stock = stock - 1, reserved = reserved + 1,"
        " document = document || '' WHERE product_id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted({row[0] for row in movements})),),
    )
    execute_rows(connection, INSERT_RESERVATIONS, reservations)
    execute_rows(connection, INSERT_MOVEMENTS, movements)
    connection.execute("COMMIT")


def _result(span: Span, orders: int, *files: Path, audit: str = "") -> Result:
    size = sum(path.stat().st_size for path in files)
    return Result(span.wall / orders * 1e6, span.cpu / orders * 1e6, size, audit)


def run() -> None:
    """Print what all three take, for each shape of order."""
    print(
        f"  SQLite {sqlite3.sqlite_version}, WAL, synchronous=FULL, batches of {BATCH} orders,"
        f" {ORDERS} orders ({LOOP_ORDERS} in the loop), median of {ROUNDS} rounds"
    )
    calm_collector()
    for lines, products in ((1, PRODUCTS), (5, PRODUCTS), (1, 1)):
        sent = [request(f"order-{number}", lines, products) for number in range(ORDERS)]
        rounds = [_round(sent, products) for _ in range(ROUNDS)]
        print(f"  {lines} lines, {products} products; {rounds[0][0].audit}")
        for name, results in zip(("ours", "loop", "floor"), zip(*rounds, strict=True), strict=True):
            wall, cpu = median(r.wall for r in results), median(r.cpu for r in results)
            print(
                f"    {name:<5} {1e6 / wall:>8,.0f} orders/s, {wall:>6.1f} us an order,"
                f" of CPU {cpu:>6.1f} us; {results[0].size / 1e6:.1f} MB of files"
            )
        times = median(plain.wall / mine.wall for mine, plain, _ in rounds)
        share = median(bare.wall / mine.wall for mine, _, bare in rounds)
        share_cpu = median(bare.cpu / mine.cpu for mine, _, bare in rounds)
        print(
            f"    {times:.1f}x the loop (target 10), {share:.2f} of the floor (target 0.50;"
            f" {share_cpu:.2f} by CPU)"
        )


def _round(sent: Sequence[OutgoingRecord], products: int) -> tuple[Result, Result, Result]:
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        return (
            asyncio.run(ours(folder, sent, products)),
            loop(folder, sent[:LOOP_ORDERS], products),
            asyncio.run(floor(folder, sent, products)),
        )
