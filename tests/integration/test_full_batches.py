"""Full batches on Kafka and MongoDB: the loop stays free for heartbeats and for other calls."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex

import pytest

from adapters.kafka import KafkaSettings
from apps.bootstrap import Part, open_container
from apps.container import Container
from apps.settings import Settings
from inventory_domain.audit import Auditor
from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.builders import a_product, stocking
from inventory_domain.topics import INVENTORY_RESERVE, PRODUCTS_GROUP, PRODUCTS_TOPICS
from inventory_domain.use_cases.consume import Consumer, ConsumerSettings, Ending
from tests.support.kafka_server import KafkaServer
from tests.support.mongo_server import MongoServer

pytestmark = [pytest.mark.integration, pytest.mark.slow]

PRODUCT_COUNT = 50
LINE_COUNT = 5
BATCH_SIZE = 500
BATCH_COUNT = 4
# A member that does not get to its heartbeats for long is taken for dead.
CALLBACK_SECONDS_MAX = 1.0


@pytest.fixture
async def container(
    own_broker: KafkaServer, own_mongo: MongoServer, tmp_path: Path
) -> AsyncIterator[Container]:
    settings = Settings(
        data_dir=str(tmp_path),
        store="mongodb",
        event_log="kafka",
        mongodb_uri=own_mongo.uri,
        products_db=f"batches_{token_hex(6)}",
        kafka_bootstrap_servers=own_broker.bootstrap,
    )
    async with open_container(settings, parts=(Part.STOCK, Part.LOG)) as container:
        yield container


def requests(count: int) -> list[OutgoingRecord]:
    return [
        OutgoingRecord(INVENTORY_RESERVE, order.encode(), json.dumps(request).encode())
        for order, request in [(f"order-{n}", a_request(n)) for n in range(count)]
    ]


def a_request(number: int) -> dict[str, object]:
    goods = [f"product-{(number + place) % PRODUCT_COUNT}" for place in range(LINE_COUNT)]
    items = [{"productId": name, "qty": 1} for name in goods]
    return {"eventType": "STOCK_RESERVE_REQUEST", "orderId": f"order-{number}", "items": items}


@pytest.fixture
def longest(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of the longest callback that the loop has run since this was cleared."""
    seconds = [0.0]
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        began = time.monotonic()
        run(handle)
        seconds[0] = max(seconds[0], time.monotonic() - began)

    monkeypatch.setattr(asyncio.Handle, "_run", timed)
    return seconds


async def test_a_full_batch_blocks_no_loop_and_ends_long_before_a_rebalance_would(
    container: Container, longest: list[float]
) -> None:
    store, log = container.stock_store(), container.log()
    products = [a_product(f"product-{n}", stock=1_000_000) for n in range(PRODUCT_COUNT)]
    await store.commit(stocking(*products))
    await log.publish(requests(BATCH_COUNT * BATCH_SIZE))
    consumer = Consumer(
        await log.subscribe(PRODUCTS_GROUP, PRODUCTS_TOPICS),
        container.stock_keeper(),
        log,
        clock=container.clock(),
        ids=container.ids(),
        settings=ConsumerSettings(service="products-service", batch_count_max=BATCH_SIZE),
    )
    batches: list[tuple[float, int]] = []
    longest[0] = 0.0

    while consumer.endings.total() < BATCH_COUNT * BATCH_SIZE:
        began, before = time.monotonic(), consumer.endings.total()
        await consumer.step()
        batches.append((time.monotonic() - began, consumer.endings.total() - before))

    assert consumer.endings == {Ending.APPLIED: BATCH_COUNT * BATCH_SIZE}
    assert max(count for _, count in batches) == BATCH_SIZE
    assert max(seconds for seconds, _ in batches) < KafkaSettings().rebalance_seconds_max / 3
    assert longest[0] < CALLBACK_SECONDS_MAX
    auditor = Auditor()
    async for part in store.audit_parts():
        auditor.add(part)
    assert auditor.report().holds
