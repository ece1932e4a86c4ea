"""What our consumer on Kafka and MongoDB is measured against: the literal loop, and the floor."""

import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import attrs
import msgspec
from aiokafka import AIOKafkaConsumer
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import UpdateOne, WriteConcern

from adapters.kafka import KafkaEventLog, KafkaSettings
from inventory_domain.records import OutgoingRecord, Record

__all__ = ["Rivals", "documents_of", "floor", "loop"]

Document = dict[str, Any]
# Motor comes without types.
Database = Any
CONCERN = WriteConcern("majority", j=True)


@attrs.frozen
class Rivals:
    """The servers, and a topic that is the rivals' own."""

    bootstrap: str
    mongodb_uri: str
    topic: str


async def loop(rivals: Rivals, sent: Sequence[OutgoingRecord], products: int) -> float:
    """Return orders a second of one message, one findOneAndUpdate an item, one commit."""
    async with _database(rivals.mongodb_uri) as database:
        shelf = database.get_collection("products", write_concern=CONCERN)
        await shelf.insert_many(_stocked(products))
        await _publish(rivals, sent)
        consumer = AIOKafkaConsumer(
            rivals.topic,
            bootstrap_servers=rivals.bootstrap,
            group_id=f"loop-{secrets.token_hex(4)}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            began = 0.0
            for _ in sent:
                message = json.loads((await consumer.getone()).value)
                began = began or time.perf_counter()
                for item in message["items"]:
                    taken = {"$inc": {"stock": -item["qty"], "reserved": item["qty"]}}
                    enough = {"_id": item["productId"], "stock": {"$gte": item["qty"]}}
                    await shelf.find_one_and_update(enough, taken)
                await consumer.commit()
            return len(sent) / (time.perf_counter() - began)
        finally:
            await consumer.stop()


async def documents_of(mongodb_uri: str, database: str) -> Mapping[str, Mapping[str, Any]]:
    """Return what ours wrote there: reservations by order, movements by order, products."""
    client: Any = AsyncIOMotorClient(mongodb_uri)
    try:
        found = client[database]
        reservations = await found["reservations"].find().to_list(None)
        movements = await found["movements"].find({"orderId": {"$ne": None}}).to_list(None)
        products = await found["products"].find().to_list(None)
    finally:
        client.close()
    by_order: dict[str, list[Document]] = {}
    for movement in movements:
        by_order.setdefault(movement.get("orderId"), []).append(movement)
    return {
        "reservations": {one["_id"]: one for one in reservations},
        "movements": by_order,
        "products": {one["_id"]: one for one in products},
    }


async def floor(
    rivals: Rivals,
    sent: Sequence[OutgoingRecord],
    written: Mapping[str, Mapping[str, Any]],
    batch: int,
) -> float:
    """Return orders a second of consuming, writing the same documents, publishing, committing.

    It decides nothing and looks nothing up: each batch is one transaction of bulk writes.
    """
    log = KafkaEventLog(KafkaSettings(bootstrap_servers=rivals.bootstrap))
    async with _database(rivals.mongodb_uri) as database:
        try:
            await database["products"].insert_many(list(written["products"].values()))
            for name in ("reservations", "movements"):
                await database.create_collection(name)
            await _publish(rivals, sent)
            subscription = await log.subscribe(f"floor-{secrets.token_hex(4)}", [rivals.topic])
            done, began, seen = 0, 0.0, set[str]()
            while done < len(sent):
                async with subscription.batch(count_max=batch, wait_seconds=1.0) as part:
                    if not part.records:
                        continue
                    began = began or time.perf_counter()
                    await _write(database, part.records, written, seen)
                    await log.publish([_outcome(rivals.topic, one) for one in part.records])
                    await part.commit({one.topic_partition: one.offset + 1 for one in part.records})
                    done += len(part.records)
            return len(sent) / (time.perf_counter() - began)
        finally:
            await log.aclose()


async def _write(
    database: Any,  # noqa: ANN401 - the driver of the tests has no types for it
    records: Sequence[Record],
    written: Mapping[str, Mapping[str, Any]],
    seen: set[str],
) -> None:
    decoded = [msgspec.json.decode(record.value or b"") for record in records]
    orders = [one["orderId"] for one in decoded if one["orderId"] not in seen]
    orders = list(dict.fromkeys(orders))
    seen.update(orders)
    named = {item["productId"] for one in decoded for item in one["items"]}
    products = [
        UpdateOne({"_id": name}, {"$set": {"stock": 1, "reserved": 1, "version": 1}})
        for name in sorted(named)
    ]
    async with (
        await database.client.start_session() as session,
        session.start_transaction(write_concern=CONCERN),
    ):
        if orders:
            held = [written["reservations"][one] for one in orders]
            moved = [line for one in orders for line in written["movements"][one]]
            await database["reservations"].insert_many(held, ordered=False, session=session)
            await database["movements"].insert_many(moved, ordered=False, session=session)
        await database["products"].bulk_write(products, ordered=False, session=session)


def _outcome(topic: str, one: Record) -> OutgoingRecord:
    return OutgoingRecord(f"{topic}.outcomes", one.key, one.value, one.headers)


async def _publish(rivals: Rivals, sent: Sequence[OutgoingRecord]) -> None:
    log = KafkaEventLog(KafkaSettings(bootstrap_servers=rivals.bootstrap))
    await log.publish([attrs.evolve(record, topic=rivals.topic) for record in sent])
    await log.aclose()


def _stocked(products: int) -> list[Document]:
    return [
        {"_id": f"product-{number}", "stock": 1_000_000, "reserved": 0}
        for number in range(products)
    ]


@asynccontextmanager
async def _database(uri: str) -> AsyncIterator[Any]:
    client: Any = AsyncIOMotorClient(uri)
    try:
        yield client[f"rival_{secrets.token_hex(4)}"]
    finally:
        client.close()
