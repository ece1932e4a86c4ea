"""What the benchmarks share: products, requests, a settled clock reading, and the audit."""

import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Self

from adapters.system import RandomIds, SystemClock
from apps.container import fast_codec
from inventory_domain.audit import Auditor
from inventory_domain.ids import EventId, OrderId, ProductId
from inventory_domain.messages import MessageLine, ReserveRequest
from inventory_domain.money import Money
from inventory_domain.ports import EventLog, StockStore
from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import (
    Movement,
    MovementKind,
    Product,
    ProductWrite,
    StockChange,
)
from inventory_domain.stock_decisions import StockPolicy
from inventory_domain.topics import PRODUCTS_GROUP, PRODUCTS_TOPICS
from inventory_domain.use_cases.consume import Consumer, ConsumerSettings
from inventory_domain.use_cases.keep_stock import StockKeeper
from inventory_domain.use_cases.relay_outbox import OutboxRelay
from inventory_domain.use_cases.stock_ledger import StockLedger

__all__ = [
    "CODEC",
    "NOW",
    "PRICE",
    "Span",
    "audit_text",
    "product",
    "products_consumer",
    "request",
    "stocking",
    "timed",
]

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
PRICE = Money(2999)
CODEC = fast_codec()
STOCK = 100_000_000


def product(number: int, stock: int = STOCK) -> Product:
    """Return one product with plenty of stock, as one receipt left it."""
    return Product(
        product_id=ProductId(f"product-{number}"),
        name=f"Product {number}",
        price=PRICE,
        stock=stock,
        received=stock,
        version=2,
        created_at=NOW,
        updated_at=NOW,
    )


def stocking(products: list[Product]) -> StockChange:
    """Return the change that stores *products* with the receipt of their stock."""
    movements = tuple(
        Movement(
            product_id=one.product_id,
            number=one.version,
            kind=MovementKind.RECEIVED,
            quantity=one.stock,
            stock_after=one.stock,
            reserved_after=0,
            at=NOW,
        )
        for one in products
    )
    return StockChange(
        products=tuple(ProductWrite(one, None) for one in products), movements=movements
    )


def request(order: str, lines: int, products: int) -> OutgoingRecord:
    """Return a reserve request of *lines* lines, spread over so many products."""
    first = hash_of(order)
    return CODEC.record(
        ReserveRequest(
            event_id=EventId(f"{order}.1.reserve"),
            occurred_at=NOW,
            order_id=OrderId(order),
            order_number="ORD-1732095234567-K3F9",
            lines=tuple(
                MessageLine(
                    product_id=ProductId(f"product-{(first + 7 * line) % products}"),
                    quantity=1,
                    price=PRICE,
                )
                for line in range(min(lines, products))
            ),
        )
    )


async def products_consumer(stock: StockStore, log: EventLog, *, batch: int) -> Consumer:
    """Return the products service's consumer over *stock* and *log*, a member of its group."""
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
    return Consumer(
        await log.subscribe(PRODUCTS_GROUP, PRODUCTS_TOPICS),
        keeper,
        log,
        clock=clock,
        ids=ids,
        settings=ConsumerSettings(service="products-service", batch_count_max=batch),
    )


class Span:
    """The wall time and the CPU time of all threads that a ``with`` block took, in seconds."""

    wall = 0.0
    cpu = 0.0

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._wall
        self.cpu = time.process_time() - self._cpu


def hash_of(text: str) -> int:
    """Return a number that is the same in every process."""
    return sum(ord(sign) * (place + 1) for place, sign in enumerate(text))


def timed(work: Callable[[], object], repeats: int = 5) -> float:
    """Return the least CPU seconds of *repeats* runs of *work*, after one that does not count."""
    work()
    seconds = []
    for _ in range(repeats):
        gc.collect()
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


async def audit_text(store: StockStore) -> str:
    """Run the conservation audit and say in a word how it went."""
    auditor = Auditor()
    async for part in store.audit_parts():
        auditor.add(part)
    report = auditor.report()
    verdict = "holds" if report.holds else f"BROKEN: {report.differences[0]}"
    return f"audit {verdict} ({report.orders_reserved} orders reserved)"
