"""POST /orders against a bare echo of the same body, and the time until the customer sees it.

Both are served by uvicorn with uvloop and httptools, one process each, one after the other; the
load comes from this process. The system is the whole one: while it takes orders it relays them,
reserves their stock and pushes what became of it.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import socketio

from benchmarks.http_load import post_many, post_request
from tests.support.system_process import SystemProcess

COUNT = 3_000
CONNECTIONS = 32
WATCHED = 1_000
BODY = {
    "items": [{"productId": "mug", "productName": "A mug", "qty": 1, "price": 9.5}],
    "shippingAddress": {"street": "1 Oak Lane", "city": "Springfield", "country": "US"},
    "paymentMethod": 6,
}


@contextmanager
def echo_server() -> Iterator[tuple[str, int]]:
    """Run the echo in a process of its own and yield its address and its process id."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.echo", str(port)])
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used, where the machine tells it, else 0."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    # The name before them may hold spaces; user and system time are fields 14 and 15.
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def rate(address: str, token: str, pid: int) -> tuple[float, float]:
    """Return the POSTs a second that *address* answers, and the CPU us of each, when warm."""
    request = post_request(address, "/api/v1/orders", json.dumps(BODY).encode(), token)
    await post_many(address, lambda: request, count=300, connections=CONNECTIONS)
    before = cpu_seconds(pid)
    seconds, _ = await post_many(address, lambda: request, count=COUNT, connections=CONNECTIONS)
    return COUNT / seconds, (cpu_seconds(pid) - before) / COUNT * 1e6


async def watch(address: str, token: str, per_second: float) -> dict[str, list[float]]:
    """Return the seconds from each 201 to each push about its order, at *per_second*."""
    answered: dict[str, float] = {}
    pushed: dict[str, dict[str, float]] = {"order:created": {}, "order:stock_reserved": {}}
    client = socketio.AsyncClient()
    for event, seen in pushed.items():

        def note(payload: dict[str, dict[str, str]], seen: dict[str, float] = seen) -> None:
            seen[payload["order"]["_id"]] = time.perf_counter()

        client.on(event, note)
    await client.connect(address, auth={"token": token}, transports=["websocket"])

    def answer(body: bytes, at: float) -> None:
        answered[json.loads(body)["data"]["order"]["_id"]] = at

    request = post_request(address, "/api/v1/orders", json.dumps(BODY).encode(), token)
    await post_many(
        address,
        lambda: request,
        count=WATCHED,
        connections=CONNECTIONS,
        per_second=per_second,
        answered=answer,
    )
    async with asyncio.timeout(60):
        while any(len(seen) < WATCHED for seen in pushed.values()):  # noqa: ASYNC110 - a plain poll
            await asyncio.sleep(0.05)
    await client.disconnect()
    return {
        event: [max(0.0, at - answered[order]) for order, at in seen.items()]
        for event, seen in pushed.items()
    }


def medians(address: str, token: str, pid: int) -> tuple[float, float]:
    """Return the median of three rates, and that of the CPU us of each POST."""
    rates, costs = zip(*[asyncio.run(rate(address, token, pid)) for _ in range(3)], strict=True)
    return median(rates), median(costs)


def catalogue(folder: Path) -> Path:
    """Write a catalogue of one product with plenty of stock and return its file."""
    path = folder / "mug.json"
    mug = {"_id": "mug", "name": "A mug", "price": 9.5, "category": "kitchen", "stock": 1_000_000}
    path.write_text(json.dumps([mug]))
    return path


def run() -> None:
    """Print both rates, their ratio, and the latencies at half load."""
    print(
        f"  {os.cpu_count()} cores, of which this load generator takes one, for both servers alike;"
        " the system has one more thread a file beside its event loop"
    )
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).resolve()
        system = SystemProcess(folder)
        system.start()
        try:
            seeded = system.run("seed", str(catalogue(folder)))
            assert seeded.returncode == 0, seeded.stderr
            token = system.token("bench")
            address = system.addresses["orders"]
            with echo_server() as (echo, pid):
                bare, bare_cpu = medians(echo, token, pid)
            posts, posts_cpu = medians(address, token, system.pid)
            print(
                f"  {CONNECTIONS} connections, {COUNT} orders of one line, median of 3:"
                f" {posts:,.0f}/s, {posts_cpu:,.0f} us of CPU each with all that follows;"
                f" bare echo {bare:,.0f}/s, {bare_cpu:,.0f} us; ratio {posts / bare:.2f}"
                " (target 0.60)"
            )
            asyncio.run(drained(system))
            half = posts / 2
            for event, seconds in asyncio.run(watch(address, token, half)).items():
                cuts = quantiles(seconds, n=100)
                print(
                    f"  201 to {event} at {half:,.0f}/s: p50 {cuts[49] * 1000:.1f} ms,"
                    f" p99 {cuts[98] * 1000:.1f} ms"
                )
        finally:
            system.stop()
        audit = system.run("audit")
        print(f"  audit {'holds' if audit.returncode == 0 else audit.stdout}")


async def drained(system: SystemProcess) -> None:
    """Wait until the backlog of the load before is gone."""
    async with asyncio.timeout(120):
        while True:
            path = "/orders?stockState=requested&limit=1"
            answer = await asyncio.to_thread(system.call, "GET", "orders", path, role="admin")
            if answer.json()["meta"]["total"] == 0:
                return
            await asyncio.sleep(0.2)
