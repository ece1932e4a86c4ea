"""A shop that has been open for a long time: many products, orders, messages and dead letters.

Its files are those of the embedded adapters, written in bulk by the real decisions, so that the
audit has something to say about them.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import attrs
from rich.progress import track

from adapters.embedded.event_log import SqliteEventLog
from adapters.embedded.order_store import SqliteOrderStore
from adapters.embedded.stock_store import SqliteStockStore
from adapters.system import SystemClock
from benchmarks.full_shop_parts import end, letter, one_product, place, reserve
from benchmarks.shop import CODEC, stocking
from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import Command, Product
from inventory_domain.stock_decisions import StockPolicy, decide, touched
from inventory_domain.topics import (
    ALL_TOPICS,
    ORDERS_GROUP,
    ORDERS_TOPICS,
    PRODUCTS_GROUP,
    PRODUCTS_TOPICS,
)
from inventory_domain.writes import OrderWrite

__all__ = ["fill"]

T = TypeVar("T")

_BATCH = 1_000
# People come in waves: so many orders within a second, then a pause.
_WAVE = 100
_WAVE_SECONDS = 500
_PARTITIONS = 3


class Past(SystemClock):
    """The clock of a shop that opened at *start*."""

    def __init__(self, start: datetime) -> None:
        self.start = self.at = start

    def now(self) -> datetime:
        """Return the time of what is written at present."""
        return self.at

    def of_order(self, number: int) -> datetime:
        """Return when the order of this *number* was placed."""
        wave, place = divmod(number, _WAVE)
        return self.start + timedelta(seconds=wave * _WAVE_SECONDS, milliseconds=place * 5)


@attrs.frozen(kw_only=True)
class Files:
    """The files of a shop."""

    orders: SqliteOrderStore
    stock: SqliteStockStore
    log: SqliteEventLog


async def fill(folder: Path, *, products: int, orders: int, letters: int) -> None:
    """Write the files of such a shop into *folder*."""
    stock = await SqliteStockStore.open(folder / "products.db")
    orders_store = await SqliteOrderStore.open(folder / "orders.db")
    clock = Past(datetime.now(UTC).replace(microsecond=0) - timedelta(days=6))
    log = await SqliteEventLog.open(folder / "log.db", clock=clock)
    files = Files(orders=orders_store, stock=stock, log=log)
    try:
        await log.ensure_topics(ALL_TOPICS, _PARTITIONS)
        catalogue = [one_product(number) for number in range(products)]
        for part in _parts(catalogue, "products"):
            await stock.commit(stocking(list(part)))
        for numbers in _parts(range(orders), "orders"):
            await _add_orders(numbers, catalogue, files, clock)
        for numbers in _parts(range(letters), "dead letters"):
            await log.publish([letter(number) for number in numbers])
        await _read_to_the_end(log, PRODUCTS_GROUP, PRODUCTS_TOPICS)
        await _read_to_the_end(log, ORDERS_GROUP, ORDERS_TOPICS)
    finally:
        await log.aclose()
        await orders_store.aclose()
        await stock.aclose()


def _parts(found: Sequence[T], what: str) -> Iterator[Sequence[T]]:
    for start in track(range(0, len(found), _BATCH), description=f"  {what}"):
        yield found[start : start + _BATCH]


async def _add_orders(
    numbers: Sequence[int],
    catalogue: Sequence[Product],
    files: Files,
    clock: Past,
) -> None:
    for start in range(0, len(numbers), _WAVE):
        wave = numbers[start : start + _WAVE]
        placed = [place(number, catalogue, clock.of_order(number)) for number in wave]
        clock.at = now = placed[-1][0].created_at
        await files.orders.add([OrderWrite(order, ()) for order, _ in placed])
        messages = [record for _, records in placed for record in records]
        events = await _decide(files.stock, [reserve(order) for order, _ in placed], now)
        events += await _decide(files.stock, [x for order, _ in placed for x in end(order)], now)
        await files.log.publish([*messages, *events])


async def _decide(
    stock: SqliteStockStore, commands: Sequence[Command], now: datetime
) -> tuple[OutgoingRecord, ...]:
    """Make what is decided durable and return what is to be told of it."""
    view = await stock.load(*touched(commands))
    decision = decide(commands, view, now=now, policy=StockPolicy(), codec=CODEC)
    await stock.commit(attrs.evolve(decision.change, events=()))
    return decision.change.events


async def _read_to_the_end(log: SqliteEventLog, group: str, topics: Sequence[str]) -> None:
    """Commit everything for *group*, as its consumer would have."""
    member = await log.subscribe(group, topics)
    while True:
        async with member.batch(count_max=5_000, wait_seconds=0.2) as batch:
            ends = {one.topic_partition: one.offset + 1 for one in batch.records}
            if not ends and batch.assigned:
                break
            await batch.commit(ends)
    await member.aclose()
