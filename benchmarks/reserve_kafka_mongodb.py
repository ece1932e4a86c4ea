"""Reserve stock on Kafka and MongoDB: our consumer, the literal loop, and the floor, in one run.

*loop* is the plain way: one message, one findOneAndUpdate an item, one commit, with nothing else
stored. *floor* consumes the same messages in the same batches and writes the very documents that
ours wrote, without a decision: what batching could reach if deciding cost nothing. Same servers,
same write concern.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Sequence

from adapters.kafka import KafkaEventLog, KafkaSettings, prepare_topics
from adapters.mongodb import open_stock_store
from benchmarks.kafka_mongodb_rivals import Rivals, documents_of, floor, loop
from benchmarks.kafka_mongodb_services import PRODUCTS, instances, push_latency
from benchmarks.shop import audit_text, product, products_consumer, request, stocking
from inventory_domain.records import OutgoingRecord
from inventory_domain.use_cases.consume import ConsumerSettings, Ending
from tests.support.kafka_jars import no_java_reason
from tests.support.kafka_server import KafkaServer
from tests.support.mongo_server import choose_mongo

ORDERS = 1_500
LOOP_ORDERS = 150
BATCH = 500
SHAPES = ((1, 50), (5, 50), (1, 1))
DUPLICATE_EVERY = 20
INJECTED = ORDERS // DUPLICATE_EVERY


def line(measured: str, *, servers: str, lines: str, batch: str, duplicates: str) -> str:
    """Return *measured* as a line that says by itself under which conditions it was measured."""
    return (
        f"  {lines}, batches of {batch}, {duplicates} duplicates injected: {measured}\n"
        f"      on {servers}, write concern majority, journaled"
    )


def requests(mark: str, lines: int, products: int) -> list[OutgoingRecord]:
    """Return the requests, every twentieth of them twice."""
    sent = []
    for number in range(ORDERS):
        one = request(f"{mark}-{number}", lines, products)
        sent.extend([one, one] if number % DUPLICATE_EVERY == 0 else [one])
    return sent


async def ours(
    bootstrap: str, uri: str, database: str, sent: Sequence[OutgoingRecord], products: int
) -> tuple[float, int, str]:
    """Return orders a second, the duplicates that were recognised, and what the audit says."""
    settings = KafkaSettings(bootstrap_servers=bootstrap)
    await prepare_topics(settings)
    log = KafkaEventLog(settings)
    try:
        async with open_stock_store(uri, database) as stock:
            await stock.commit(stocking([product(number) for number in range(products)]))
            await log.publish(sent)
            consumer = await products_consumer(stock, log, batch=BATCH)
            began = 0.0
            while consumer.endings.total() < len(sent):
                before = time.perf_counter()
                await consumer.step()
                # Joining the group is no part of it.
                began = began or (before if consumer.endings.total() else 0.0)
            seconds = time.perf_counter() - began
            return (
                len(sent) / seconds,
                consumer.endings[Ending.DUPLICATE],
                await audit_text(stock),
            )
    finally:
        await log.aclose()


def compare(kafka: KafkaServer, uri: str, lines: int, products: int) -> str:
    """Return the three rates for one shape of order, and what the audit says of ours."""
    mark = secrets.token_hex(4)
    sent = requests(mark, lines, products)
    database = f"ours_{mark}"
    rate, twice, audit = asyncio.run(ours(kafka.bootstrap, uri, database, sent, products))
    plain = asyncio.run(loop(_rivals(kafka, uri), sent[:LOOP_ORDERS], products))
    written = asyncio.run(documents_of(uri, database))
    bare = asyncio.run(floor(_rivals(kafka, uri), sent, written, BATCH))
    return (
        f"ours {rate:,.0f}/s, loop {plain:,.1f}/s (batches of 1), floor {bare:,.0f}/s; "
        f"{rate / plain:.1f}x the loop, {rate / bare:.2f} of the floor; "
        f"{twice} duplicates recognised; {audit}"
    )


def _rivals(kafka: KafkaServer, uri: str) -> Rivals:
    topic = f"rival-{secrets.token_hex(4)}"
    kafka.create_topic(topic)
    kafka.create_topic(f"{topic}.outcomes")
    return Rivals(kafka.bootstrap, uri, topic)


def run() -> None:
    """Print all figures."""
    if reason := no_java_reason():
        print(f"  not run: {reason}")
        return
    kafka, mongo = KafkaServer(), choose_mongo()
    try:
        kafka.start()
        mongo.start()
        servers = f"{kafka.description}, 1 broker, acks=all; {mongo.description}"
        print(f"  {servers}\n  {ORDERS:,} orders each; the loop does {LOOP_ORDERS} of them")
        for lines, products in SHAPES:
            measured = compare(kafka, mongo.uri, lines, products)
            touched = f"{lines} lines of {products} products"
            told = line(
                measured, servers=servers, lines=touched, batch=f"{BATCH}", duplicates=f"{INJECTED}"
            )
            print(told, flush=True)
        _print_processes(kafka, mongo.uri, servers)
    finally:
        kafka.close()
        mongo.close()


def _print_processes(kafka: KafkaServer, uri: str, servers: str) -> None:
    """Print what whole services do as processes, as many as there may be on these cores."""
    print(f"  on the same {os.cpu_count()} cores as the servers, which bound what more can bring:")
    touched = f"1 line of {PRODUCTS} products"
    for count in (1, 3):
        print(
            line(
                instances(kafka, uri, count),
                servers=servers,
                lines=touched,
                batch=f"at most {ConsumerSettings(service='').batch_count_max}",
                duplicates="no",
            ),
            flush=True,
        )
    print(
        line(
            push_latency(kafka, uri),
            servers=servers,
            lines="1 line of 1 product",
            batch="what comes",
            duplicates="no",
        )
    )
