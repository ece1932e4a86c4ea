"""What has to hold when a system has come to rest, whatever happened to it before."""

import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from inventory_domain.topics import (
    ALL_TOPICS,
    DEAD_LETTER_SUFFIX,
    INVENTORY_REJECTED,
    INVENTORY_RELEASED,
    INVENTORY_RESERVED,
)
from tests.support.deployment import ManyProcesses
from tests.support.foreign_kafka import read_topics
from tests.support.load import Load
from tests.support.waiting import until

__all__ = ["SHORTAGES", "dead_letters", "nothing_lost_nothing_twice"]

SHORTAGES = frozenset({"insufficient_stock"})
# A backlog of thousands may take minutes; this long nothing at all may happen.
STANDSTILL_SECONDS_MAX = 60.0
OUTCOMES = {
    "reserved": INVENTORY_RESERVED,
    "rejected": INVENTORY_REJECTED,
    "released": INVENTORY_RELEASED,
}
CANCELLED = 5


async def nothing_lost_nothing_twice(
    system: ManyProcesses, load: Load, stocks: Mapping[str, int]
) -> None:
    """Wait until every order has its outcome; then look at everything from outside.

    *stocks* says how much of each product there was at first.
    """
    await _come_to_rest(system)
    stored = await asyncio.to_thread(system.all_orders)
    assert stored.keys() == load.accepted, "stored is not what was accepted"
    stopped = {name for name, order in stored.items() if order["status"] == CANCELLED}
    assert stopped == load.cancelled
    assert {stored[name]["stockState"] for name in stopped} <= {"released", "rejected"}
    await asyncio.to_thread(_check_stock, system, stored, stocks)
    audit = await asyncio.to_thread(system.run, "audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr
    twice = await asyncio.to_thread(_check_outcomes, system, stored)
    _, strange = await asyncio.to_thread(dead_letters, system.bootstrap)
    assert not strange, strange
    states = Counter(order["stockState"] for order in stored.values())
    sys.stdout.write(
        f"{len(stored)} orders: {dict(states)}; {load.unanswered} calls without an answer, "
        f"{load.answers[503]} answered 503; {twice} outcomes were told again\n"
    )


def dead_letters(bootstrap: str) -> tuple[int, list[str]]:
    """Return how many there are, and those that are no shortage."""
    topics = [topic for topic in ALL_TOPICS if topic.endswith(DEAD_LETTER_SUFFIX)]
    found = read_topics(bootstrap, topics)
    reasons = [dict(letter.headers)["error-class"].decode() for letter in found]
    return len(found), [
        f"{letter.topic}: {reason}: {letter.value!r}"
        for letter, reason in zip(found, reasons, strict=True)
        if reason not in SHORTAGES
    ]


async def _come_to_rest(system: ManyProcesses) -> None:
    """Wait until no order waits for stock or for having given it back, as long as it goes on."""
    is_open = {"stockState": "requested", "limit": 1}
    is_stopped = {"stockState": "reserved", "status": CANCELLED, "limit": 1}

    def count_open() -> int:
        total = 0
        for query in (is_open, is_stopped):
            answer = system.call("GET", "orders", "/orders", role="admin", params=query)
            total += answer.json()["meta"]["total"]
        return total

    least = await asyncio.to_thread(count_open)
    while least:

        async def are_fewer(than: int = least) -> bool:
            return await asyncio.to_thread(count_open) < than

        what = f"an end of {least} orders"
        await until(are_fewer, seconds=STANDSTILL_SECONDS_MAX, what=what, every=1.0)
        least = await asyncio.to_thread(count_open)


def _check_stock(
    system: ManyProcesses, stored: Mapping[str, Mapping[str, Any]], stocks: Mapping[str, int]
) -> None:
    held: Counter[str] = Counter()
    for order in stored.values():
        if order["stockState"] == "reserved":
            for line in order["items"]:
                held[line["productId"]] += line["qty"]
    for name, stock in stocks.items():
        product = system.call("GET", "products", f"/products/{name}").json()["data"]["product"]
        assert (product["stock"], product["reserved"]) == (stock - held[name], held[name])


def _check_outcomes(system: ManyProcesses, stored: Mapping[str, Mapping[str, Any]]) -> int:
    """See that everybody outside was told the same; return how many were told again."""
    told = defaultdict(set)
    seen: Counter[str] = Counter()
    for message in read_topics(system.bootstrap, OUTCOMES.values()):
        event = message.json()
        if event["orderId"] in stored:
            told[message.topic].add(event["orderId"])
            seen[event["eventId"]] += 1
    for name, order in stored.items():
        state = order["stockState"]
        assert name in told[OUTCOMES[state]], f"nobody was told that {name} is {state}"
    return seen.total() - len(seen)
