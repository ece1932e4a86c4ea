"""Faults of ours and a handler's own retries: neither uses up the patience with the other."""

from collections.abc import Sequence

import pytest

from inventory_domain.dead_letters import read_letter
from inventory_domain.orders import StockState
from inventory_domain.records import OutgoingRecord, TopicPartition
from inventory_domain.testing.fakes import MemoryBroker, MemoryEventLog, SequentialIds, VirtualClock
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.consume import (
    Broken,
    Consumer,
    ConsumerSettings,
    Ended,
    Ending,
    HandlerResult,
    TryAgain,
)
from inventory_domain.use_cases.waiting_room import Delivery


class Scripted:
    """A handler that tries one record as it is told: s for short, f for a fault, e for the end."""

    def __init__(self, script: str) -> None:
        self._script = iter(script)
        self.attempts: list[int] = []

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        [delivery] = deliveries
        self.attempts.append(delivery.attempt)
        match next(self._script):
            case "f":
                raise RuntimeError("a fault of the moment")
            case "s":
                return [TryAgain()]
            case "b":
                return [Broken("short", "for good")]
            case _:
                return [Ended(Ending.APPLIED)]


async def consumed(handler: Scripted) -> tuple[Consumer, MemoryBroker]:
    clock = VirtualClock(autojump=True)
    broker = MemoryBroker(clock, partition_count=1)
    log = MemoryEventLog(broker)
    subscription = await log.subscribe("group", ["work"])
    await log.publish([OutgoingRecord("work", b"key", b"value")])
    settings = ConsumerSettings(service="tests")
    consumer = Consumer(
        subscription, handler, log, clock=clock, ids=SequentialIds(), settings=settings
    )
    await consumer.step()
    while consumer.waiting_count:
        await consumer.step()
    return consumer, broker


@pytest.mark.parametrize(
    ("script", "attempts"),
    [
        # A fault after more attempts than faults are borne.
        ("sssssfe", [1, 2, 3, 4, 5, 6, 6]),
        # Faults before the handler gets anywhere.
        ("fffse", [1, 1, 1, 1, 2]),
        # As many faults as would end it, but never in a row.
        ("fsfsfsfsfse", [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]),
    ],
)
async def test_a_passing_fault_takes_no_attempt_and_ends_nothing(
    script: str, attempts: list[int]
) -> None:
    handler = Scripted(script)

    consumer, _ = await consumed(handler)

    assert consumer.endings == {Ending.APPLIED: 1}
    assert handler.attempts == attempts


@pytest.mark.parametrize(
    ("script", "error_class", "tries"), [("ssfffff", "unexpected_fault", 7), ("ssffb", "short", 5)]
)
async def test_a_dead_letter_tells_of_every_try(script: str, error_class: str, tries: int) -> None:
    _, broker = await consumed(Scripted(script))

    [letter] = map(read_letter, broker.read(TopicPartition("work.dlq", 0), 0, 10))
    assert (letter.failure.error_class, letter.failure.attempts) == (error_class, tries)


@pytest.mark.parametrize(("retry_count_max", "faulty_loads"), [(10, {6}), (3, {1, 2, 3})])
async def test_a_short_order_is_rejected_for_its_shortage_though_faults_came_between(
    retry_count_max: int, faulty_loads: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The shop lets a fault end its test; here it is what is looked at.
    monkeypatch.setattr("inventory_domain.testing.shop._raise", lambda _record, _fault: None)
    shop = MemoryShop(retry_count_max=retry_count_max)
    await shop.add_products({"lamp": 1})
    keeper, _ = await shop.consumers()
    order = await shop.place({"lamp": 5})
    await shop.orders_relay.flush()
    load, loads = shop.stock.load, 0

    async def load_with_faults(*wanted: object) -> object:
        nonlocal loads
        loads += 1
        if loads in faulty_loads:
            raise RuntimeError("a fault of the moment")
        return await load(*wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(shop.stock, "load", load_with_faults)
    await keeper.step()
    while keeper.waiting_count:
        await keeper.step()
    await shop.settle()

    [letter] = await shop.dead_letters()
    assert letter.failure.error_class != "unexpected_fault"
    assert loads >= retry_count_max + 1 + len(faulty_loads)
    assert (await shop.order(order.order_id)).stock_state is StockState.REJECTED
