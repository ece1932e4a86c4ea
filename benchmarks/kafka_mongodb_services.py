"""The services as processes: one products instance and three, and how soon a customer sees."""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

import socketio

from adapters.kafka import KafkaEventLog, KafkaInspector, KafkaSettings
from benchmarks.http_load import post_many, post_request
from benchmarks.shop import request
from inventory_domain.topics import INVENTORY_RESERVE, PRODUCTS_GROUP
from tests.support.deployment import ManyProcesses
from tests.support.kafka_server import KafkaServer
from tests.support.shop_caller import order_body

__all__ = ["PRODUCTS", "instances", "push_latency"]

ORDERS = 6_000
WARM_UP = 300
PRODUCTS = 50
POSTS = 1_000
WATCHED = 500
CONNECTIONS = 8
SECONDS_MAX = 300


def deployment(folder: Path, kafka: KafkaServer, uri: str) -> ManyProcesses:
    """Return one whose products cost what the benchmarks' requests say."""
    made = ManyProcesses(folder, bootstrap=kafka.bootstrap, mongodb_uri=uri)
    file = folder / "products.json"
    goods = [
        {"_id": f"product-{number}", "name": f"Product {number}", "price": 29.99, "stock": 10**6}
        for number in range(PRODUCTS)
    ]
    file.write_text(json.dumps(goods))
    return made


def stock(made: ManyProcesses) -> None:
    """Fill the shelves."""
    seeded = made.run("seed", str(made.folder / "products.json"))
    assert seeded.returncode == 0, seeded.stderr


def audit(made: ManyProcesses) -> str:
    """Say in a word how the audit went."""
    done = made.run("audit")
    return "audit holds" if done.returncode == 0 else f"audit BROKEN: {done.stdout}"


def instances(kafka: KafkaServer, uri: str, count: int) -> str:
    """Return what *count* products instances reserve a second, as a line."""
    with tempfile.TemporaryDirectory() as name:
        made = deployment(Path(name), kafka, uri)
        for _ in range(count):
            made.add("products")
        try:
            made.start()
            stock(made)
            seconds = asyncio.run(
                _drain(kafka.bootstrap, f"{count}-{made.settings['PRODUCTS_DB']}")
            )
            return f"{count} instances: {ORDERS / seconds:,.0f}/s; {audit(made)}"
        finally:
            made.stop()


async def _drain(bootstrap: str, mark: str) -> float:
    """Publish requests and return the seconds until all of them are committed."""
    settings = KafkaSettings(bootstrap_servers=bootstrap)
    log, inspector = KafkaEventLog(settings), KafkaInspector(settings)
    try:
        # The group is at work before the watch starts: joining it is no part of the rate.
        await _serve(log, inspector, f"{mark}-warm", WARM_UP)
        began = time.perf_counter()
        await _serve(log, inspector, mark, ORDERS)
        return time.perf_counter() - began
    finally:
        await log.aclose()
        await inspector.aclose()


async def _serve(log: KafkaEventLog, inspector: KafkaInspector, mark: str, count: int) -> None:
    await log.publish([request(f"{mark}-{number}", 1, PRODUCTS) for number in range(count)])
    async with asyncio.timeout(SECONDS_MAX):
        while await _lag(inspector):  # noqa: ASYNC110 - a plain poll
            await asyncio.sleep(0.05)


async def _lag(inspector: KafkaInspector) -> int:
    groups = {group.name: group for group in await inspector.groups()}
    [topic] = [one for one in await inspector.topics() if one.name == INVENTORY_RESERVE]
    # Kafka knows of no group until its first member has joined.
    committed = groups[PRODUCTS_GROUP].committed if PRODUCTS_GROUP in groups else {}
    done = {at.partition: offset for at, offset in committed.items() if at.topic == topic.name}
    return sum(part.end - done.get(part.partition, part.begin) for part in topic.partitions)


def push_latency(kafka: KafkaServer, uri: str) -> str:
    """Return the time from a POST's answer to its reserved push at half load, as a line."""
    with tempfile.TemporaryDirectory() as name:
        made = deployment(Path(name), kafka, uri)
        try:
            made.start()
            stock(made)
            asyncio.run(_placed(made, WARM_UP, None))
            began = time.perf_counter()
            full = asyncio.run(_placed(made, POSTS, None))
            per_second = POSTS / (max(full.values()) - began)
            seen = sorted(asyncio.run(_waits(made, per_second / 2)))
            cuts = quantiles(seen, n=100)
            return (
                f"POST to reserved push at {per_second / 2:,.0f}/s, half of what both services "
                f"sustain: p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms; "
                f"{audit(made)}"
            )
        finally:
            made.kill()


async def _waits(made: ManyProcesses, per_second: float) -> list[float]:
    started: dict[str, float] = {}
    reserved = await _placed(made, WATCHED, per_second, started)
    return [reserved[order] - at for order, at in started.items()]


async def _placed(
    made: ManyProcesses,
    count: int,
    per_second: float | None,
    started: dict[str, float] | None = None,
) -> dict[str, float]:
    """Place orders; return when each was seen to be reserved, and note when it was answered."""
    reserved: dict[str, float] = {}
    client = socketio.AsyncClient()

    def note(payload: dict[str, Any]) -> None:
        reserved[payload["order"]["_id"]] = time.perf_counter()

    client.on("order:stock_reserved", note)
    address, token = made.addresses["orders"], made.token("bench")
    await client.connect(address, auth={"token": token}, transports=["websocket"])
    line = {"productId": "product-1", "productName": "Product 1", "qty": 1, "price": 29.99}
    body = json.dumps(order_body(line)).encode()
    found = request_bytes(address, body, token)

    def answered(answer: bytes, at: float) -> None:
        if started is not None:
            started[json.loads(answer)["data"]["order"]["_id"]] = at

    await post_many(
        address,
        lambda: found,
        count=count,
        connections=CONNECTIONS,
        per_second=per_second,
        answered=answered,
    )
    async with asyncio.timeout(SECONDS_MAX):
        while len(reserved) < count:  # noqa: ASYNC110 - a plain poll
            await asyncio.sleep(0.02)
    await client.disconnect()
    return reserved


def request_bytes(address: str, body: bytes, token: str) -> bytes:
    """Return the bytes of one POST of an order."""
    return post_request(address, "/api/v1/orders", body, token)
