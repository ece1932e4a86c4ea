"""A process that writes to an embedded folder until it is killed.

It prints a line for each thing that it was told is durable: ``order ID``, ``event ID``,
``stock NUMBER`` or ``commit TOPIC PARTITION OFFSET``.
"""

import asyncio
import sys
from pathlib import Path

import attrs

from adapters.embedded.event_log import SqliteEventLog
from adapters.embedded.folder import DataFolder
from adapters.embedded.order_store import SqliteOrderStore
from adapters.embedded.stock_store import SqliteStockStore
from adapters.system import RandomIds, SystemClock
from inventory_domain.ids import UserId
from inventory_domain.orders import IdempotencyKey
from inventory_domain.stock import MovementKind, ProductWrite, StockChange
from inventory_domain.testing.builders import (
    LAMP,
    a_movement,
    a_product,
    a_write,
    an_order,
    an_outgoing_record,
    stocking,
)

__all__ = ["LAMP", "TOPIC"]

TOPIC = "inventory.reserve"


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def _place_orders(store: SqliteOrderStore, ids: RandomIds) -> None:
    while True:
        order_id = ids.new_id()
        key = IdempotencyKey(subject=UserId("anna"), key=order_id, fingerprint="f")
        number = ids.order_number(SystemClock().now())
        order = an_order(order_id, order_number=number, idempotency=key)
        await store.add([a_write(order)])
        _say("order", order_id)


async def _restock(store: SqliteStockStore) -> None:
    view = await store.load([], [LAMP])
    while True:
        before = view.products[LAMP]
        after = attrs.evolve(
            before, stock=before.stock + 1, received=before.received + 1, version=before.version + 1
        )
        movement = a_movement(
            LAMP,
            number=after.version,
            kind=MovementKind.RECEIVED,
            quantity=1,
            stock_after=after.stock,
            reserved_after=after.reserved,
        )
        await store.commit(
            StockChange(
                products=(ProductWrite(after, before.version),),
                movements=(movement,),
                events=(an_outgoing_record("inventory.adjusted", value=b"%d" % after.version),),
            )
        )
        _say("stock", after.version)
        view = await store.load([], [LAMP])


async def _publish(log: SqliteEventLog, ids: RandomIds) -> None:
    while True:
        names = [ids.new_id() for _ in range(5)]
        await log.publish(
            [an_outgoing_record(TOPIC, key=x.encode(), value=x.encode()) for x in names]
        )
        for name in names:
            _say("event", name)


async def _consume(log: SqliteEventLog) -> None:
    subscription = await log.subscribe("group", [TOPIC])
    while True:
        async with subscription.batch(count_max=50, wait_seconds=1) as batch:
            offsets = {record.topic_partition: record.offset + 1 for record in batch.records}
            await batch.commit(offsets)
            for at, offset in offsets.items():
                _say("commit", at.topic, at.partition, offset)


async def _main(folder: DataFolder) -> None:
    ids = RandomIds()
    with folder.acquire("now"):
        orders = await SqliteOrderStore.open(folder.orders)
        stock = await SqliteStockStore.open(folder.products)
        log = await SqliteEventLog.open(folder.log)
        if not (await stock.load([], [LAMP])).products:
            await stock.commit(stocking(a_product()))
        await asyncio.gather(
            *(_place_orders(orders, ids) for _ in range(4)),
            _restock(stock),
            *(_publish(log, ids) for _ in range(3)),
            _consume(log),
        )


if __name__ == "__main__":
    asyncio.run(_main(DataFolder(Path(sys.argv[1]))))
