"""A record that overtakes its order's keeps that right when it has to be tried again itself."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from inventory_domain.codec import Codec
from inventory_domain.dead_letters import read_letter
from inventory_domain.ids import UserId
from inventory_domain.order_requests import Actor
from inventory_domain.orders import StockState
from inventory_domain.records import OutgoingRecord, Record, TopicPartition
from inventory_domain.stock import Command
from inventory_domain.testing.fakes import MemoryBroker, MemoryEventLog, SequentialIds, VirtualClock
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases import keep_stock
from inventory_domain.use_cases.consume import (
    Consumer,
    ConsumerSettings,
    Ended,
    Ending,
    HandlerResult,
    TryAgain,
)
from inventory_domain.use_cases.waiting_room import Delivery

SHORT_COUNT = 7
LONG = timedelta(seconds=0.75 * 2 ** (SHORT_COUNT - 1))
"""What the reserve waits at least, before its next try."""


class Scripted:
    """Tries each record by its own script: s for short, f for a fault, then the end."""

    def __init__(self, scripts: Mapping[str, str]) -> None:
        self._scripts = {text: list(script) for text, script in scripts.items()}
        self.tries: list[tuple[str, int]] = []

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        texts = [(one.record.value or b"").decode() for one in deliveries]
        if any(self._scripts.get(text, [])[:1] == ["f"] for text in texts):
            if len(texts) == 1:
                self._scripts[texts[0]].pop(0)
                self.tries.append((texts[0], deliveries[0].attempt))
            raise RuntimeError("a fault of the moment")
        return [self._answer(text, one) for text, one in zip(texts, deliveries, strict=True)]

    def _answer(self, text: str, delivery: Delivery) -> HandlerResult:
        self.tries.append((text, delivery.attempt))
        script = self._scripts.get(text)
        if not script:
            return Ended(Ending.APPLIED)
        script.pop(0)
        return TryAgain()


class Bench:
    """One order whose reserve fell short so often that it waits long for its next try."""

    def __init__(self, **scripts: str) -> None:
        self.clock = VirtualClock(autojump=True)
        self.broker = MemoryBroker(self.clock, partition_count=1)
        self.log = MemoryEventLog(self.broker)
        self.handler = Scripted({"reserve": "s" * SHORT_COUNT, **scripts})

    async def consumer(self) -> Consumer:
        """Return one that has the reserve waiting."""
        consumer = Consumer(
            await self.log.subscribe("group", ["work", "urgent"]),
            self.handler,
            self.log,
            clock=self.clock,
            ids=SequentialIds(),
            settings=ConsumerSettings(service="tests", overtaking_topics=frozenset({"urgent"})),
        )
        await self.send("reserve")
        while len(self.handler.tries) < SHORT_COUNT:
            await consumer.step()
        return consumer

    async def send(self, *texts: str, topic: str = "work") -> None:
        await self.log.publish([OutgoingRecord(topic, b"o1", text.encode()) for text in texts])

    async def finish(self, consumer: Consumer) -> list[tuple[str, int]]:
        """Go on until nothing waits, and return every try that was made since."""
        before = len(self.handler.tries)
        await consumer.step()
        while consumer.waiting_count:
            await consumer.step()
        return self.handler.tries[before:]


async def test_it_is_tried_again_before_what_it_overtook_and_wakes_that_in_the_end() -> None:
    bench = Bench(release="f")
    consumer = await bench.consumer()
    await bench.send("release", topic="urgent")
    await bench.send("later")

    tries = await bench.finish(consumer)

    assert tries == [("release", 1), ("release", 1), ("reserve", SHORT_COUNT + 1), ("later", 1)]
    assert consumer.endings == {Ending.APPLIED: 3}


async def test_it_waits_out_its_own_pauses_and_not_those_of_what_it_overtook() -> None:
    bench = Bench(release="ff")
    consumer = await bench.consumer()
    since = bench.clock.now()
    await bench.send("release", topic="urgent")

    await bench.finish(consumer)

    assert timedelta(seconds=2) < bench.clock.now() - since < LONG / 5


async def test_two_that_overtake_are_each_tried_again_before_what_waits() -> None:
    bench = Bench(release="ff", other="f")
    consumer = await bench.consumer()
    await bench.send("release", "other", topic="urgent")

    tries = await bench.finish(consumer)

    assert tries[-1] == ("reserve", SHORT_COUNT + 1)
    assert [text for text, _ in tries].count("release") == 3
    assert [text for text, _ in tries].count("other") == 2
    assert consumer.endings == {Ending.APPLIED: 3}


async def test_one_for_which_the_handler_wants_a_next_try_goes_before_the_others_as_well() -> None:
    bench = Bench(release="s")
    consumer = await bench.consumer()
    await bench.send("release", topic="urgent")

    tries = await bench.finish(consumer)

    # The reserve was tried right behind it, as always, and ended there.
    assert tries == [("release", 1), ("reserve", SHORT_COUNT + 1), ("release", 2)]
    assert consumer.endings == {Ending.APPLIED: 2}


async def test_what_was_due_in_the_very_batch_of_what_overtook_it_is_woken_as_well() -> None:
    bench = Bench(reserve="s" * (SHORT_COUNT + 1))
    consumer = await bench.consumer()
    await bench.clock.sleep(2 * LONG.total_seconds())
    since = bench.clock.now()
    await bench.send("release", topic="urgent")

    tries = await bench.finish(consumer)

    assert sorted(tries) == [
        ("release", 1),
        ("reserve", SHORT_COUNT + 1),
        ("reserve", SHORT_COUNT + 2),
    ]
    assert bench.clock.now() - since < LONG / 5


async def test_one_that_stumbles_for_good_is_parked_and_lets_what_waits_go_on() -> None:
    bench = Bench(release="fffff")
    consumer = await bench.consumer()
    await bench.send("release", topic="urgent")

    tries = await bench.finish(consumer)

    assert tries == [("release", 1)] * 5 + [("reserve", SHORT_COUNT + 1)]
    [letter] = map(read_letter, bench.broker.read(TopicPartition("urgent.dlq", 0), 0, 10))
    assert letter.failure.error_class == "unexpected_fault"


@pytest.mark.parametrize("fault_count", [0, 1, 4])
async def test_a_cancelled_order_is_not_rejected_because_its_release_stumbled(
    fault_count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The shop lets a fault end its test; here it is what is looked at.
    monkeypatch.setattr("inventory_domain.testing.shop._raise", lambda _record, _fault: None)
    shop = MemoryShop()
    await shop.add_products({"lamp": 0})
    keeper, _ = await shop.consumers()
    order = await shop.place({"lamp": 1})
    await shop.orders_relay.flush()
    while not keeper.waiting_count:
        await keeper.step()
    stumble_over_releases(fault_count, monkeypatch)

    await shop.change_order.cancel(order.order_id, actor=Actor(subject=UserId("anna")))
    await shop.settle()

    assert (await shop.order(order.order_id)).stock_state is StockState.RELEASED
    assert keeper.endings == {Ending.APPLIED: 1, Ending.SUPERSEDED: 1}
    assert not await shop.dead_letters()
    assert "admin:alert" not in [push.event for push in shop.notifier.pushes]


def stumble_over_releases(fault_count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the keeper stumble over a release in as many of its tries."""
    read = keep_stock.stock_command
    # The first time it is in a batch, and then by itself.
    left = fault_count and fault_count + 1

    def stumbling(record: Record, codec: Codec, *, final: bool) -> Command:
        nonlocal left
        if left and record.topic == "inventory.release":
            left -= 1
            raise RuntimeError("a fault of the moment")
        return read(record, codec, final=final)

    monkeypatch.setattr(keep_stock, "stock_command", stumbling)
