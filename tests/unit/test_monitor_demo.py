"""The demo's switches: what is broken on purpose comes back, and says so."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import attrs
import pytest

from apps.bootstrap import Part, is_embedded_demo, open_container
from apps.monitor.demo_parts import PushJournal, RemovableStockStore
from apps.monitor.samples import Samples
from apps.monitor.switches import CONSUMER, Switches
from apps.monitor.watch import LogWatch
from apps.monitor.work import Auditing, Sampling
from apps.settings import Settings
from apps.workers import Supervisor, supervised
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.testing.contracts import StockStoreContract
from inventory_domain.testing.contracts.stock_store import OpenStockStore
from inventory_domain.testing.fakes import MemoryStockStore, VirtualClock
from inventory_domain.testing.fakes.stock_store import StockDisk
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.consume import Consumer
from inventory_domain.writes import Push
from tests.support.monitor_app import ADMIN, Caller, caller_of, container_of, demo_parts, monitor_of
from tests.support.orders_app import bearer


class Line:
    """A channel of pushes that can be cut."""

    def __init__(self) -> None:
        self.is_cut = False
        self.pushed: list[Push] = []

    def push(self, pushes: Sequence[Push]) -> None:
        self.pushed.extend(pushes)

    async def cut(self) -> int:
        self.is_cut = True
        return 3

    def join(self) -> None:
        self.is_cut = False


@attrs.define
class Membership:
    """The products consumer as a supervisor keeps it."""

    consumer: Consumer
    outage: Exception | None = None

    async def run(self) -> None:
        try:
            await self.consumer.run()
        finally:
            await self.consumer.aclose()

    def stop(self) -> None:
        self.consumer.stop()


@attrs.frozen
class Demo:
    shop: MemoryShop
    line: Line
    monitor: Caller

    async def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while True:
                state: dict[str, Any] = await self.monitor.get("/demo")
                if condition(state):
                    return state
                await self.shop.clock.sleep(0.1)

    async def ends_well(self, words: str = "Caught up") -> dict[str, Any]:
        return await self.until(lambda state: has_note(state, words))


def has_note(state: dict[str, Any], words: str) -> bool:
    return any(words in note["text"] for note in state["notes"])


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    shop, line = MemoryShop(), Line()
    await shop.add_products({"lamp": 100})
    parts = {**demo_parts(shop), "notifier": PushJournal(line, shop.clock)}
    object.__setattr__(shop.ledger, "store", parts["stock_store"])
    await shop.consumers()
    shop._consumers[0]._subscription.expel()  # type: ignore[attr-defined]

    async def open_work() -> Membership:
        shop._consumers.clear()
        products, _ = await shop.consumers()
        return Membership(products)

    async with supervised(Supervisor(shop.clock)) as supervisor:
        supervisor.start(CONSUMER, open_work)
        await supervisor.until_up()
        async with caller_of(monitor_of(shop, supervisor, **parts)) as monitor:
            yield Demo(shop, line, monitor)


async def place(demo: Demo, count: int = 1) -> None:
    for _ in range(count):
        await demo.shop.place({"lamp": 1})
    await demo.shop.orders_relay.flush()


async def test_switches_are_for_admins(demo: Demo) -> None:
    for path in ("/demo/consumer", "/demo/pushes", "/demo/redeliver", "/demo/outage"):
        answer = await demo.monitor.call("POST", path, {"on": True}, as_=bearer("anna"))
        assert answer.status_code == 403, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "monitor.shop.example"},
        {"Host": "evil.example:8080"},
        {"X-Forwarded-For": "192.0.2.7"},
        {"Forwarded": "for=192.0.2.7"},
    ],
)
async def test_nothing_is_switched_through_a_proxy_or_under_another_name(
    demo: Demo, headers: dict[str, str]
) -> None:
    asked = {**ADMIN, **headers}
    for path in ("/demo/consumer", "/demo/pushes", "/demo/redeliver", "/demo/outage"):
        answer = await demo.monitor.call("POST", path, {"on": False}, as_=asked)
        assert answer.status_code == 404, path
    assert (await demo.monitor.call("GET", "/demo", as_=asked)).status_code == 404

    state = await demo.monitor.get("/demo")
    assert (state["consumerRuns"], state["pushesFlow"]) == (True, True)


async def test_a_stopped_consumer_shows_and_loses_nothing(demo: Demo) -> None:
    state = await demo.monitor.post("/demo/consumer", {"on": False})
    assert not state["consumerRuns"]
    await place(demo, 3)

    async with asyncio.timeout(20):
        while (overview := await demo.monitor.get("/overview"))["status"] != "down":
            await demo.shop.clock.sleep(0.1)
    parts = {part["name"]: part for part in overview["parts"]}
    assert parts["products consumer"]["detail"] == "It is paused."
    await demo.monitor.post("/demo/consumer", {"on": True})
    await demo.monitor.post("/demo/consumer", {"on": True})
    state = await demo.ends_well()

    assert state["consumerRuns"]
    assert (await demo.shop.product("lamp")).reserved == 3


async def test_a_hundred_messages_again_move_nothing_twice(demo: Demo) -> None:
    await place(demo, 5)
    async with asyncio.timeout(20):
        while (await demo.shop.product("lamp")).reserved < 5:
            await demo.shop.clock.sleep(0.1)

    await demo.monitor.post("/demo/redeliver")
    state = await demo.ends_well()

    assert has_note(state, "5 messages are delivered once more")
    assert has_note(state, "Not one unit moved twice")
    assert (await demo.shop.product("lamp")).reserved == 5


async def test_a_store_that_is_away_comes_back_and_nothing_is_lost(demo: Demo) -> None:
    state = await demo.monitor.post("/demo/outage")
    assert 0 < state["storeAwaySeconds"] <= 10
    await place(demo, 2)

    await demo.ends_well()

    assert (await demo.shop.product("lamp")).reserved == 2
    assert not await demo.shop.dead_letters()


async def test_a_cut_channel_refuses_until_it_is_joined(demo: Demo) -> None:
    state = await demo.monitor.post("/demo/pushes", {"on": False})
    assert (state["pushesFlow"], demo.line.is_cut) == (False, True)
    assert has_note(state, "3 connections")

    state = await demo.monitor.post("/demo/pushes", {"on": True})

    assert (state["pushesFlow"], demo.line.is_cut) == (True, False)
    assert (await demo.monitor.call("POST", "/demo/pushes", {})).status_code == 400


async def test_what_still_waits_after_long_is_told(demo: Demo) -> None:
    await demo.monitor.post("/demo/outage")
    demo.shop.stock.faults.available = False

    state = await demo.ends_well("something else holds them up")

    assert state["notes"][0]["isGood"] is False
    demo.shop.stock.faults.available = True


def test_the_journal_tells_which_pushes_were_about_an_order() -> None:
    line, clock = Line(), VirtualClock()
    journal = PushJournal(line, clock)
    about = Push("order:created", ("admins",), {"order": {"_id": "one"}})
    alert = Push("admin:alert", ("admins",), {"orderId": "one"})
    journal.push([about, Push("order:created", ("admins",), {"order": {"_id": "two"}})])
    line.is_cut = True
    journal.push([alert])

    found = journal.of_order("one")

    assert [(entry.push, entry.reached) for entry in found] == [(about, True), (alert, False)]
    assert len(line.pushed) == 3


async def test_nothing_is_answered_by_a_store_that_was_taken_away() -> None:
    clock = VirtualClock()
    store = RemovableStockStore(MemoryStockStore(), clock)
    store.take_away(10)

    with pytest.raises(DependencyUnavailable):
        await store.load((), ())
    with pytest.raises(DependencyUnavailable):
        [part async for part in store.audit_parts()]
    await clock.advance(10)

    assert not await store.pending(1)


class TestRemovableStockStore(StockStoreContract):
    @pytest.fixture
    def open_store(self) -> OpenStockStore:
        disk = StockDisk()

        @asynccontextmanager
        async def open_store() -> AsyncIterator[RemovableStockStore]:
            yield RemovableStockStore(MemoryStockStore(disk), VirtualClock())

        return open_store


async def test_sampling_and_auditing_outlive_what_they_look_at() -> None:
    shop = MemoryShop()
    container = container_of(shop)
    samples, audits = Samples(), container.audits()
    works = [
        Sampling(LogWatch(shop.log, shop.clock), samples, shop.clock),
        Auditing(audits, shop.clock),
    ]
    shop.log.faults.fail_next("inspect")
    shop.stock.faults.available = False
    tasks = [asyncio.create_task(work.run()) for work in works]
    await shop.clock.sleep(3)
    shop.stock.faults.available = True
    await shop.clock.sleep(60)

    for work in works:
        assert work.outage is None
        work.stop()
    await asyncio.gather(*tasks)

    assert len(samples.since(None)) > 20
    assert audits.latest is not None
    assert audits.due_in_seconds() > -20


async def test_only_the_embedded_demo_can_be_broken(tmp_path: Any) -> None:
    secret = "s" * 40
    demo = Settings(access_token_secret=secret, demo=True, data_dir=str(tmp_path))
    assert is_embedded_demo(demo)
    assert not is_embedded_demo(attrs.evolve(demo, demo=False))
    assert not is_embedded_demo(attrs.evolve(demo, event_log="kafka"))

    async with open_container(demo) as container:
        assert isinstance(container.stock_store(), RemovableStockStore)
        assert isinstance(container.notifier(), PushJournal)
    async with open_container(demo, parts=[Part.STOCK], owner=False) as container:
        assert not isinstance(container.stock_store(), RemovableStockStore)


async def test_a_switch_that_is_followed_ends_with_the_app() -> None:
    shop = MemoryShop()
    parts = demo_parts(shop)
    container = container_of(shop, **parts)
    supervisor = Supervisor(shop.clock)
    switches = Switches(
        supervisor=supervisor,
        stock=parts["stock_store"],
        pushes=parts["notifier"],
        log=shop.log,
        watch=container.log_watch(),
        audits=container.audits(),
        clock=VirtualClock(),
    )
    switches.take_stock_away()

    with suppress(asyncio.CancelledError):
        await switches.aclose()

    assert len(switches.notes) == 1
