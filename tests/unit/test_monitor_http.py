"""The monitor over HTTP, on a shop in memory."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from apps.monitor.audits import Audit
from apps.monitor.messages import MessageFilter, MessageReader
from apps.monitor.redrives import Redrives
from inventory_domain.audit import AuditReport, ProductSum
from inventory_domain.ids import ProductId
from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.builders import NOW
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.redrive import DeadLetterFilter
from tests.support.monitor_app import Caller, caller_of, monitor_of
from tests.support.orders_app import bearer

PATHS = [
    "/overview",
    "/samples",
    "/topics",
    "/topics/order.created/messages",
    "/groups",
    "/dead-letters",
    "/dead-letters/inventory.reserve.dlq-0-0",
    "/dead-letters/redrives/1",
    "/audit",
    "/orders/1/story",
]


@pytest.fixture
def shop() -> MemoryShop:
    return MemoryShop()


@pytest.fixture
async def monitor(shop: MemoryShop) -> AsyncIterator[Caller]:
    async with caller_of(monitor_of(shop)) as caller:
        yield caller


async def failing_shop(shop: MemoryShop) -> MemoryShop:
    """Return the shop with three dead letters: two orders fell short, one message is broken."""
    await shop.add_products({"lamp": 1})
    await shop.log.publish([OutgoingRecord("inventory.reserve", b"broken", b"{")])
    for _ in range(2):
        await shop.place({"lamp": 5})
    await shop.settle()
    return shop


@pytest.mark.parametrize("path", PATHS)
async def test_everything_is_for_admins(monitor: Caller, path: str) -> None:
    nobody = await monitor.call("GET", path, as_={})
    customer = await monitor.call("GET", path, as_=bearer("anna"))

    assert (nobody.status_code, customer.status_code) == (401, 403)


@pytest.mark.parametrize("path", ["/dead-letters/redrive"])
async def test_nobody_else_may_act(monitor: Caller, path: str) -> None:
    body: dict[str, object] = {"filter": {}}

    assert (await monitor.call("POST", path, body, as_={})).status_code == 401
    assert (await monitor.call("POST", path, body, as_=bearer("anna"))).status_code == 403


async def test_outside_the_demo_there_are_no_switches(monitor: Caller) -> None:
    assert (await monitor.call("GET", "/demo")).status_code == 404
    assert (await monitor.call("POST", "/demo/consumer", {"on": False})).status_code == 404


async def test_topics_tell_messages_and_lag_by_partition(monitor: Caller, shop: MemoryShop) -> None:
    await shop.consumers()
    await shop.log.publish([OutgoingRecord("inventory.reserve", b"order-1", b"{}")] * 3)

    topics = {topic["name"]: topic for topic in (await monitor.get("/topics"))["topics"]}

    found = topics["inventory.reserve"]
    assert (found["messages"], len(found["partitions"])) == (3, 3)
    assert found["lag"] == {"products-service-group": 3}
    assert sum(one["lag"]["products-service-group"] for one in found["partitions"]) == 3
    assert topics["order.created"]["lag"] == {}
    assert topics["inventory.reserve.dlq"]["isDeadLetters"]


async def test_groups_tell_members_partitions_and_lag(monitor: Caller, shop: MemoryShop) -> None:
    await shop.consumers()
    await shop.log.publish([OutgoingRecord("inventory.reserve", b"order-1", b"{}")])
    await shop.clock.sleep(4)

    groups = {group["name"]: group for group in (await monitor.get("/groups"))["groups"]}

    found = groups["products-service-group"]
    assert found["state"] == "Stable"
    assert len(found["members"][0]["partitions"]) == 9
    assert found["lag"] == {"messages": 1, "seconds": 4.0}
    assert groups["orders-service-group"]["lag"]["messages"] == 0


async def test_messages_come_newest_first_and_page_back(monitor: Caller, shop: MemoryShop) -> None:
    for number in range(25):
        await shop.log.publish([OutgoingRecord("notes", b"%d" % number, b'{"n":%d}' % number)])
        await shop.clock.sleep(1)

    seen, query = [], ""
    for _ in range(3):
        page = await monitor.get(f"/topics/notes/messages?limit=10{query}")
        seen += [message["value"]["n"] for message in page["messages"]]
        query = f"&before={page['older']}"

    assert seen == list(range(24, -1, -1))


async def test_what_is_new_follows_on_what_was_seen(monitor: Caller, shop: MemoryShop) -> None:
    await shop.log.publish([OutgoingRecord("notes", b"a", b'{"n":1}')])
    first = await monitor.get("/topics/notes/messages")
    for number in (2, 3):
        await shop.clock.sleep(1)
        await shop.log.publish([OutgoingRecord("notes", b"%d" % number, b'{"n":%d}' % number)])

    second = await monitor.get(f"/topics/notes/messages?after={first['newer']}")
    third = await monitor.get(f"/topics/notes/messages?after={second['newer']}")

    assert [message["value"]["n"] for message in second["messages"]] == [3, 2]
    assert third["messages"] == []


@pytest.mark.parametrize("query", ["", "?order=order-1", "?from=0", "?search=order-1"])
async def test_messages_are_all_that_were_there_when_the_call_came(
    monitor: Caller, shop: MemoryShop, query: str
) -> None:
    """However short ago others looked at the log."""
    unknown = await monitor.call("GET", "/topics/notes/messages")
    for count in range(1, 4):
        await monitor.get("/topics")
        await shop.log.publish([OutgoingRecord("notes", b"order-1", b"%d" % count)])

        page = await monitor.get(f"/topics/notes/messages{query}")

        assert (page["count"], page["isComplete"]) == (count, True)
    assert unknown.status_code == 404


async def test_stories_and_dead_letters_are_up_to_date_when_the_call_comes(
    monitor: Caller, shop: MemoryShop
) -> None:
    await shop.add_products({"lamp": 1})
    await monitor.get("/topics")
    await monitor.get("/dead-letters")
    order = await shop.place({"lamp": 5})
    await shop.settle()

    story = await monitor.get(f"/orders/{order.order_id}/story")
    letters = await monitor.get("/dead-letters")

    assert "deadLetter" in {entry["kind"] for entry in story["entries"]}
    assert (letters["count"], letters["isComplete"]) == (1, True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("key=ORDER-7", [7]),
        ("order=order-7", [7]),
        ("search=blue", [3]),
        ("search=x-mark", [5]),
        ("search=nothing", []),
        ("partition=0&from=0&limit=1", None),
    ],
)
async def test_messages_are_found_by_key_order_and_text(
    monitor: Caller, shop: MemoryShop, query: str, found: list[int] | None
) -> None:
    for number in range(10):
        colour = "Blue" if number == 3 else "red"
        value = f'{{"orderId":"order-{number}","n":{number},"colour":"{colour}"}}'.encode()
        headers = (("x-mark", b"1"),) if number == 5 else ()
        await shop.log.publish([OutgoingRecord("notes", b"order-%d" % number, value, headers)])

    page = await monitor.get(f"/topics/notes/messages?{query}")

    if found is None:
        assert [message["offset"] for message in page["messages"]] == [0]
    else:
        assert [message["value"]["n"] for message in page["messages"]] == found


async def test_what_is_not_json_is_shown_as_text(monitor: Caller, shop: MemoryShop) -> None:
    deep = b"[" * 100_000
    for content in (b"<script>\xff", None, b"x" * 100_000, deep[:10_000]):
        await shop.log.publish([OutgoingRecord("notes", b"one", content)])

    found = (await monitor.get("/topics/notes/messages"))["messages"]

    assert [message["size"] for message in found] == [10_000, 100_000, 0, 9]
    assert found[3]["text"] == "<script>\\xff"
    assert found[2]["text"] is None
    assert not found[1]["isWhole"]
    place = f"partition={found[1]['partition']}&from={found[1]['offset']}&limit=1"
    [whole] = (await monitor.get(f"/topics/notes/messages?{place}"))["messages"]
    assert len(whole["text"]) == 100_000


async def test_a_search_reads_no_more_than_its_bound(shop: MemoryShop) -> None:
    for _ in range(40):
        await shop.log.publish([OutgoingRecord("notes", b"same", b"{}")] * 250)
    [topic] = [one for one in await shop.log.topics() if one.name == "notes"]
    reader = MessageReader(shop.log, topic, MessageFilter(search="absent"), 50)

    page = await reader.older({})
    rest = await reader.newer(dict.fromkeys(range(3), 0))

    assert not page.is_complete
    assert page.scanned <= 2_500
    assert not rest.is_complete


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "from=x", "before=x", "partition=7", "from=1&after=0:1", "colour=red"],
)
async def test_bad_places_are_refused(monitor: Caller, shop: MemoryShop, query: str) -> None:
    answer = await monitor.call("GET", f"/topics/order.created/messages?{query}")

    assert answer.status_code == 400
    assert answer.json()["fields"]


@pytest.mark.parametrize(
    "path",
    [
        "/topics/nowhere/messages",
        "/dead-letters/inventory.reserve.dlq-0-99",
        "/dead-letters/nonsense",
        "/dead-letters/redrives/none",
        "/orders/nobody/story",
    ],
)
async def test_what_is_not_there_is_named(monitor: Caller, path: str) -> None:
    answer = await monitor.call("GET", path)

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_dead_letters_are_listed_counted_and_read(monitor: Caller, shop: MemoryShop) -> None:
    await failing_shop(shop)

    everything = await monitor.get("/dead-letters?limit=2")
    broken = await monitor.get("/dead-letters?reason=broken_message")
    [letter] = broken["deadLetters"]
    read = (await monitor.get(f"/dead-letters/{letter['id']}"))["deadLetter"]

    assert everything["count"] == 2
    assert everything["reasons"] == [
        {"reason": "insufficient_stock", "count": 2},
        {"reason": "broken_message", "count": 1},
    ]
    assert (letter["topic"], letter["orderId"]) == ("inventory.reserve", "broken")
    assert read["record"]["text"] == "{"
    assert {"name": "error-class", "value": "broken_message"} in read["record"]["headers"]


async def test_the_overview_counts_open_dead_letters_alone(
    monitor: Caller, shop: MemoryShop
) -> None:
    await failing_shop(shop)
    await shop.serve.adjust(ProductId("lamp"), 20, reason="found", actor="boss")
    before = (await monitor.get("/overview"))["deadLetters"]

    body = {"filter": {"reason": "insufficient_stock"}, "dryRun": False, "perSecond": 1000}
    plan = await monitor.post("/dead-letters/redrive", body, status=202)
    await finished(monitor, plan["redrive"]["id"])

    assert (before["open"], plan["matching"]) == (3, 2)
    assert (await monitor.get("/overview"))["deadLetters"]["open"] == 1
    left = await monitor.get("/dead-letters")
    sent = await monitor.get("/dead-letters?state=sent_back")
    assert [letter["isOpen"] for letter in left["deadLetters"]] == [True]
    assert [letter["isOpen"] for letter in sent["deadLetters"]] == [False, False]
    assert (await monitor.get("/dead-letters?state=any"))["count"] == 3
    assert (await monitor.call("GET", "/dead-letters?state=lost")).status_code == 400


async def test_a_preview_says_what_would_happen_and_sends_nothing(
    monitor: Caller, shop: MemoryShop
) -> None:
    await failing_shop(shop)
    before = await shop.log.topics()

    plan = await monitor.post("/dead-letters/redrive", {"filter": {}})

    assert (plan["count"], plan["going"], plan["redrive"]) == (3, 3, None)
    assert plan["forecasts"] == {"still short": 2, "still broken": 1}
    assert await shop.log.topics() == before


async def test_a_redrive_runs_in_the_background_and_tells_its_progress(
    monitor: Caller, shop: MemoryShop
) -> None:
    await failing_shop(shop)
    await shop.serve.adjust(ProductId("lamp"), 20, reason="found", actor="boss")
    letters = (await monitor.get("/dead-letters?reason=insufficient_stock"))["deadLetters"]
    body = {"ids": [letter["id"] for letter in letters], "dryRun": False, "perSecond": 2}

    plan = await monitor.post("/dead-letters/redrive", body, status=202)
    run = await finished(monitor, plan["redrive"]["id"])
    await shop.settle()

    assert plan["forecasts"] == {"would be reserved": 2}
    assert (run["state"], run["done"], run["sent"]) == ("done", 2, 2)
    assert (await shop.product("lamp")).reserved == 10
    again = await monitor.post("/dead-letters/redrive", {"ids": body["ids"]})
    assert again["forecasts"] == {"done already": 2}
    assert again["going"] == 0


async def finished(monitor: Caller, run_id: str) -> Any:
    async with asyncio.timeout(10):
        while True:
            run = (await monitor.get(f"/dead-letters/redrives/{run_id}"))["redrive"]
            if run["state"] != "running":
                return run
            await asyncio.sleep(0)


async def test_a_redrive_that_fails_says_why(monitor: Caller, shop: MemoryShop) -> None:
    await failing_shop(shop)
    shop.log.faults.fail_next("publish")

    plan = await monitor.post("/dead-letters/redrive", {"filter": {}, "dryRun": False}, status=202)
    run = await finished(monitor, plan["redrive"]["id"])

    assert run["state"] == "failed"
    assert "event log" in run["fault"]


async def test_a_redrive_that_is_under_way_ends_with_the_app(shop: MemoryShop) -> None:
    await failing_shop(shop)
    plans = await shop.redrive.plan(await shop.redrive.letters(DeadLetterFilter()))
    runs = Redrives(shop.redrive, clock=shop.clock, ids=shop.ids)
    started = [runs.start(plans, per_second=0.001) for _ in range(60)]

    await runs.aclose()

    assert runs.get(started[0].run_id) is None
    assert runs.get(started[-1].run_id) is started[-1]
    assert started[-1].state == "running"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": ["a"], "filter": {}},
        {"ids": []},
        {"filter": {"colour": "red"}},
        {"filter": {}, "perSecond": 0},
        {"filter": {}, "dryRun": "no"},
    ],
)
async def test_a_redrive_that_is_not_clear_is_refused(monitor: Caller, body: object) -> None:
    answer = await monitor.call("POST", "/dead-letters/redrive", body)

    assert answer.status_code == 400, answer.text


async def test_the_audit_tells_sums_and_names_what_breaks_them(
    monitor: Caller, shop: MemoryShop
) -> None:
    await shop.add_products({"lamp": 9, "desk": 4})
    order = await shop.place({"lamp": 2})
    await shop.settle()
    good = await monitor.get("/audit?search=LAMP")
    await shop.clock.sleep(60)
    spoil(shop, order.order_id)

    bad = await monitor.get("/audit?broken=true")

    assert good["holds"]
    assert [product["productId"] for product in good["products"]] == ["lamp"]
    assert good["sums"]["received"] == 13
    assert not bad["holds"]
    assert bad["differences"][0]["orderId"] == order.order_id


def spoil(shop: MemoryShop, order_id: str) -> None:
    """Lose an order's reservation, as only a fault of the program could."""
    disk = shop.stock.disk
    disk.reservations.pop(next(key for key in disk.reservations if key == order_id))


async def test_an_audit_is_shared_for_a_moment(monitor: Caller, shop: MemoryShop) -> None:
    first = await monitor.get("/audit")
    await shop.clock.sleep(1)
    second = await monitor.get("/audit")
    await shop.clock.sleep(5)
    third = await monitor.get("/audit")

    assert first["at"] == second["at"] != third["at"]


async def test_a_store_that_is_away_is_told_as_such(monitor: Caller, shop: MemoryShop) -> None:
    shop.stock.faults.available = False

    answer = await monitor.call("GET", "/audit")
    overview = await monitor.get("/overview")

    assert answer.status_code == 503
    parts = {part["name"]: part["status"] for part in overview["parts"]}
    assert (parts["stock store"], overview["status"]) == ("down", "down")


async def test_a_story_is_told_by_id_or_number(monitor: Caller, shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 1})
    order = await shop.place({"lamp": 3})
    await shop.settle()

    story = await monitor.get(f"/orders/{order.order_number}/story")

    assert story["orderId"] == order.order_id
    kinds = [entry["kind"] for entry in story["entries"]]
    assert set(kinds) == {"history", "record", "deadLetter"}
    assert [entry["at"] for entry in story["entries"]] == sorted(
        entry["at"] for entry in story["entries"]
    )
    assert story["isComplete"]
    assert story["reservation"]["state"] == "rejected"


async def test_a_story_begins_with_the_call_that_began_it(
    monitor: Caller, shop: MemoryShop
) -> None:
    for value in (b'{"occurredAt":"2026-01-31T11:59:59.500Z"}', b"7"):
        headers = (("correlation-id", b"call-1"), ("event-type", b"ORDER_CREATED"))
        await shop.log.publish([OutgoingRecord("order.created", b"order-1", value, headers)])
    other = (("correlation-id", b"call-2"),)
    await shop.log.publish([OutgoingRecord("order.created", b"order-1", b"[", other)])

    entries = (await monitor.get("/orders/order-1/story"))["entries"]

    assert [entry["kind"] for entry in entries] == ["call", "call", "record", "record", "record"]
    assert entries[0]["at"] == "2026-01-31T11:59:59.500Z"
    assert entries[0]["call"] == {"requestId": "call-1"}


def test_an_audit_lists_what_is_broken_first_and_names_in_any_case_by_their_letters() -> None:
    sums = [
        ProductSum(
            product_id=ProductId(name),
            name=name,
            received=1,
            stock=1,
            reserved=0,
            sold=0,
            written_off=0,
            holds=name != "wrong",
        )
        for name in ("Zebra", "apple", "wrong", "Bowl")
    ]
    report = AuditReport(products=tuple(sums), differences=(), orders_reserved=0, movements=4)

    audit = Audit(at=NOW, seconds=0.1, report=report)

    assert [product.name for product in audit.products] == ["wrong", "apple", "Bowl", "Zebra"]
