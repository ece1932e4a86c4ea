"""How long every list takes to open in a shop of 10,000 products and 100,000 orders.

Each route is called over HTTP on one connection, in turn at its first and at its last page, while
the whole system runs. There are 100,000 dead letters, one product with a ledger of tens of
thousands of movements, and one customer with ten thousand orders.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import attrs
import httpx
from rich.progress import track

from apps.collector import calm_collector
from benchmarks.full_shop import fill
from benchmarks.full_shop_parts import HOT_PRODUCT, HOT_USER
from benchmarks.post_orders import cpu_seconds
from tests.support.server_process import wait_until
from tests.support.system_process import SystemProcess

PRODUCTS = 10_000
ORDERS = 100_000
LETTERS = 100_000
CALLS = 100
TARGET_MS = 200.0
# What is read when it is first asked for has this long to be ready.
WARM_SECONDS_MAX = 120.0

Value = str | int
TODAY = datetime.now(UTC).date()
DAYS_AGO = [f"{TODAY - timedelta(days=days)}T00:00:00Z" for days in range(7)]


@attrs.frozen
class Listing:
    """A route with its filters; *deep* says how its far end is asked for, by default by page."""

    service: str
    path: str
    query: Mapping[str, Value] = attrs.field(factory=dict)
    deep: Mapping[str, Value] | None = None

    def __str__(self) -> str:
        given = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"{self.service} {self.path}{'?' if given else ''}{given}"


def _orders(**query: Value) -> Listing:
    return Listing("orders", "/orders", query)


def _products(**query: Value) -> Listing:
    return Listing("products", "/products", query)


LISTINGS = (
    _orders(),
    _orders(limit=100),
    _orders(sort="-totalAmount"),
    _orders(sort="updatedAt"),
    _orders(sort="orderNumber"),
    _orders(sort="status"),
    _orders(status="pending"),
    _orders(stockState="reserved"),
    _orders(status="delivered", sort="-totalAmount"),
    _orders(userId=HOT_USER),
    _orders(search="springless"),
    _orders(search="lamp"),
    _orders(search="ORD-17"),
    _orders(**{"from": DAYS_AGO[5], "to": DAYS_AGO[2]}),
    Listing("orders", f"/orders/user/{HOT_USER}"),
    Listing("orders", f"/orders/user/{HOT_USER}", {"search": "lamp"}),
    _products(),
    _products(sort="-price"),
    _products(sort="stock", includeInactive="true"),
    _products(sort="-createdAt"),
    _products(category="Kitchen"),
    _products(minPrice=50, maxPrice=100, inStock="true"),
    _products(search="oak lamp"),
    Listing("products", "/products/search", {"q": "oak lamp"}),
    Listing("products", f"/products/{HOT_PRODUCT}/movements"),
    Listing("monitor", "/overview"),
    Listing("monitor", "/topics"),
    Listing("monitor", "/groups"),
    Listing("monitor", "/topics/order.created/messages", deep={"before": "0:60,1:60,2:60"}),
    Listing("monitor", "/topics/order.created/messages", {"order": "order-000007"}),
    Listing("monitor", "/topics/order.created/messages", {"search": "nobody"}),
    Listing("monitor", "/dead-letters"),
    Listing("monitor", "/dead-letters", {"reason": "unknown_product"}),
    Listing("monitor", "/dead-letters", {"order": "letter-000007"}),
    Listing("monitor", "/audit"),
    Listing("monitor", "/audit", {"search": "oak"}),
    Listing("monitor", "/orders/order-050000/story"),
    Listing("monitor", "/samples"),
)


class Caller:
    """Calls the system as an admin, always on the same connections."""

    def __init__(self, system: SystemProcess) -> None:
        self._addresses = system.addresses
        token = system.token("boss", "admin")
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(timeout=60, headers=headers, trust_env=False)

    def get(self, listing: Listing, **more: Value) -> dict[str, Any]:
        """Return the answer."""
        address = f"{self._addresses[listing.service]}/api/v1{listing.path}"
        answer = self._client.get(address, params={**listing.query, **more})
        assert answer.status_code == httpx.codes.OK, f"{listing}: {answer.text[:500]}"
        found: dict[str, Any] = answer.json()
        return found

    def milliseconds(self, listing: Listing, **more: Value) -> float:
        """Return how long the answer takes."""
        start = time.perf_counter()
        self.get(listing, **more)
        return (time.perf_counter() - start) * 1000


def measure(caller: Caller, listing: Listing, pid: int) -> str:
    """Call the first page and the last one in turn; return a line about both.

    The server's CPU time of a call does not depend on who else uses the machine, but what it
    does meanwhile of its own is in it.
    """
    meta = caller.get(listing).get("meta") or {}
    deep = listing.deep or ({"page": meta["pages"]} if meta.get("pages", 0) > 1 else {})
    firsts, lasts = [], []
    before = cpu_seconds(pid)
    for _ in range(CALLS):
        firsts.append(caller.milliseconds(listing))
        if deep:
            lasts.append(caller.milliseconds(listing, **deep))
    cpu = (cpu_seconds(pid) - before) / (len(firsts) + len(lasts)) * 1000
    worst = max(_p95(firsts), _p95(lasts) if lasts else 0.0)
    told = f"first {_told(firsts)}" + (
        f"   last {_told(lasts)}   {median(lasts) / median(firsts):4.2f}x" if lasts else ""
    )
    return f"  {'ok  ' if worst < TARGET_MS else 'SLOW'} {listing!s:<62} cpu {cpu:5.1f} ms   {told}"


def _told(milliseconds: list[float]) -> str:
    return f"p50 {median(milliseconds):6.1f} p95 {_p95(milliseconds):6.1f} ms"


def _p95(milliseconds: list[float]) -> float:
    return quantiles(milliseconds, n=20)[-1]


def warm(caller: Caller) -> None:
    """Wait until the monitor has read what it keeps in mind."""
    letters = Listing("monitor", "/dead-letters", {"limit": 1})
    start = time.perf_counter()
    assert wait_until(lambda: caller.get(letters)["meta"]["total"] >= LETTERS, WARM_SECONDS_MAX)
    caller.get(Listing("monitor", "/audit"))
    print(f"  ready for the monitor's pages after {time.perf_counter() - start:.1f} s")


def run() -> None:
    """Print the times of every list, and what the audit says."""
    calm_collector()
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).resolve()
        (folder / "data").mkdir()
        asyncio.run(fill(folder / "data", products=PRODUCTS, orders=ORDERS, letters=LETTERS))
        system = SystemProcess(folder).start()
        try:
            caller = Caller(system)
            warm(caller)
            lines = [
                measure(caller, one, system.pid)
                for one in track(LISTINGS, description="  lists", transient=True)
            ]
        finally:
            system.stop()
        audit = system.run("audit")
    print("\n".join(lines))
    print(f"  {CALLS} calls each; {sum('SLOW' in line for line in lines)} above {TARGET_MS:.0f} ms")
    print(f"  audit {'holds' if audit.returncode == 0 else audit.stdout}")
