"""Another team's programs on our topics: plain requests are served, broken ones are parked."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from inventory_domain.records import OutgoingRecord
from inventory_domain.topics import (
    INVENTORY_RELEASE,
    INVENTORY_RELEASED,
    INVENTORY_RESERVE,
    INVENTORY_RESERVED,
    dead_letter_topic,
)
from tests.support.deployment import ManyProcesses
from tests.support.foreign_kafka import ForeignMessage, read_topics
from tests.support.kafka_mock import KafkaMock
from tests.support.kafka_server import KafkaServer
from tests.support.mongo_server import ForeignMongo, MongoServer
from tests.support.waiting import until

pytestmark = pytest.mark.integration

KIB = 1024


@pytest.fixture(scope="module")
def system(
    tmp_path_factory: pytest.TempPathFactory,
    own_kafka: KafkaServer | KafkaMock,
    mongo_server: MongoServer | ForeignMongo,
) -> Iterator[ManyProcesses]:
    """The products service alone: nobody of ours has placed the orders of these tests."""
    made = ManyProcesses(
        tmp_path_factory.mktemp("foreign"),
        bootstrap=own_kafka.bootstrap,
        mongodb_uri=mongo_server.uri,
    )
    made.add("products")
    try:
        yield made.start()
    finally:
        made.kill()


def plain(order_id: str, product_id: str, **more: Any) -> bytes:
    """Return the plain request: three fields, no header."""
    items = [{"productId": product_id, "qty": 2}]
    request = {"eventType": "STOCK_RESERVE_REQUEST", "orderId": order_id, "items": items}
    return json.dumps({**request, **more}).encode()


async def told(system: ManyProcesses, topic: str, key: str) -> ForeignMessage:
    """Return the first record of *topic* with *key* as soon as it is there."""
    found: list[ForeignMessage] = []

    async def is_there() -> bool:
        messages = await asyncio.to_thread(read_topics, system.bootstrap, [topic])
        found.extend(message for message in messages if message.key == key.encode())
        return bool(found)

    await until(is_there, seconds=40, what=f"{topic} of {key}")
    return found[0]


async def test_a_plain_request_is_served_and_its_outcome_is_plain_json(
    system: ManyProcesses,
) -> None:
    system.add_product("plain", 10)
    async with system.foreign_log() as log:
        requests = [
            OutgoingRecord(INVENTORY_RESERVE, name.encode(), plain(name, "plain"))
            for name in ("theirs-1", "theirs-2", "theirs-3")
        ]
        await log.publish(requests)
        release = {"eventType": "STOCK_RELEASE_REQUEST", "orderId": "theirs-2"}
        reserved = [
            await told(system, INVENTORY_RESERVED, f"theirs-{number}") for number in (1, 2, 3)
        ]
        await log.publish(
            [OutgoingRecord(INVENTORY_RELEASE, b"theirs-2", json.dumps(release).encode())]
        )
        released = await told(system, INVENTORY_RELEASED, "theirs-2")

    event = reserved[0].json()
    assert (event["orderId"], event["items"][0]["productId"]) == ("theirs-1", "plain")
    assert event["items"][0]["qty"] == 2
    assert released.json()["orderId"] == "theirs-2"
    product = system.call("GET", "products", "/products/plain").json()["data"]["product"]
    assert (product["stock"], product["reserved"]) == (6, 4)
    sent = await asyncio.to_thread(read_topics, system.bootstrap, [INVENTORY_RESERVE])
    ours = {message.key: message.partition for message in reserved}
    theirs = {message.key: message.partition for message in sent if message.key in ours}
    assert theirs == ours, "they and we put one key into different partitions"


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("b-1", b"\xff\xfe not json", "not JSON"),
        ("b-2", plain("b-2", "rest", note="x" * 900 * KIB), "more than the 262144 allowed"),
        ("b-3", b"\x00" * 900 * KIB, "more than the 262144 allowed"),
        ("b-4", plain("another", "rest"), "key is not its orderId"),
        ("b-5", b'{"eventType":"WHAT","orderId":"b-5"}', "unknown eventType"),
    ],
    ids=["not JSON", "900 KiB", "900 KiB of zeros", "key of another order", "unknown type"],
)
async def test_a_broken_record_is_parked_byte_for_byte_and_its_partition_goes_on(
    system: ManyProcesses, key: str, value: bytes, reason: str
) -> None:
    rest = system.add_product(f"rest-{key}", 10)
    async with system.foreign_log() as log:
        await log.publish(
            [
                OutgoingRecord(INVENTORY_RESERVE, key.encode(), value, (("team", b"theirs"),)),
                # The same key is the same partition, so this one stands right behind it.
                OutgoingRecord(INVENTORY_RESERVE, key.encode(), plain(key, rest)),
            ]
        )

    behind = await told(system, INVENTORY_RESERVED, key)
    letter = await told(system, dead_letter_topic(INVENTORY_RESERVE), key)
    headers = dict(letter.headers)
    assert behind.json()["orderId"] == key
    assert letter.value == value
    assert reason in headers["error-message"].decode()
    assert (headers["team"], headers["original-topic"]) == (b"theirs", INVENTORY_RESERVE.encode())
    assert headers["service"] == b"products-service"
