"""The memory of the whole system after 10,000 and after 100,000 orders."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from rich.progress import track

from benchmarks.http_load import post_many, post_request
from benchmarks.post_orders import BODY, catalogue, drained
from tests.support.system_process import SystemProcess

STEP = 5_000
FIRST = 10_000
LAST = 100_000
CONNECTIONS = 32


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def run() -> None:
    """Print the memory after each, and their ratio."""
    if not sys.platform.startswith("linux"):
        print("  needs /proc to see the memory of a process: not measured here")
        return
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).resolve()
        system = SystemProcess(folder).start()
        try:
            system.run("seed", str(catalogue(folder)))
            token = system.token("bench")
            address = system.addresses["orders"]
            request = post_request(address, "/api/v1/orders", json.dumps(BODY).encode(), token)
            used: dict[int, float] = {}
            for count in track(range(STEP, LAST + 1, STEP), description="  orders"):
                load = post_many(address, lambda: request, count=STEP, connections=CONNECTIONS)
                asyncio.run(load)
                asyncio.run(drained(system))
                if count in (FIRST, LAST):
                    used[count] = resident_mib(system.pid)
        finally:
            system.stop()
        audit = "holds" if system.run("audit").returncode == 0 else "BROKEN"
    print(
        f"  {used[FIRST]:.0f} MiB after {FIRST:,} orders, {used[LAST]:.0f} MiB after {LAST:,}:"
        f" {used[LAST] / used[FIRST]:.2f}x; audit {audit}"
    )
