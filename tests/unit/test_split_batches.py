"""A batch that is handled in parts: what one order asked for still takes effect in its order."""

import json
from collections.abc import Callable, Mapping, Sequence

import pytest

from inventory_domain.errors import Contention, ProductNotFound, StockConflict
from inventory_domain.ids import EventId, OrderId, ProductId
from inventory_domain.records import OutgoingRecord, Record
from inventory_domain.stock import Command, ReservationState
from inventory_domain.testing import NOW
from inventory_domain.testing.builders import a_consume, a_release, a_reserve
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.consume import Ended, Ending, HandlerResult, TryAgain
from inventory_domain.use_cases.isolation import IsolatedHandler, Stumbled
from inventory_domain.use_cases.waiting_room import Delivery

DONE = Ended(Ending.APPLIED)
SHORT = TryAgain()


# --- against other instances ----------------------------------------------------------------------


async def a_shop() -> MemoryShop:
    shop = MemoryShop()
    await shop.add_products({"lamp": 0, "desk": 5, "rug": 5})
    return shop


def another(order_id: str, wanted: Mapping[str, int]) -> Command:
    return a_reserve(order_id, wanted, event_id=EventId(f"{order_id}.another"))


def held(shop: MemoryShop) -> dict[OrderId, tuple[EventId, ReservationState]]:
    kept = shop.stock.disk.reservations
    return {order_id: (one.event_id, one.state) for order_id, one in kept.items()}


BATCHES = [
    ([a_reserve("o1", {"lamp": 1}), another("o1", {"desk": 1}), a_reserve("o2", {"rug": 1})]),
    ([a_reserve("o2", {"rug": 1}), a_reserve("o1", {"lamp": 1}), a_consume("o1")]),
    (
        [
            a_reserve("o1", {"lamp": 1}),
            a_reserve("o2", {"rug": 1}),
            a_release("o1"),
            a_reserve("o3", {"lamp": 1}),
            another("o1", {"desk": 1}),
            another("o2", {"rug": 1}),
            another("o3", {"desk": 1}),
        ]
    ),
]


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("lost_count", [5, 10])
async def test_a_batch_that_loses_is_answered_as_one_that_wins(
    batch: Sequence[Command], lost_count: int
) -> None:
    calm, contended = await a_shop(), await a_shop()
    contended.stock.faults.fail_next("commit", StockConflict(), times=lost_count)

    expected = await calm.ledger.apply(batch)
    answers = await contended.ledger.apply(batch)

    assert [one.verdict for one in answers] == [one.verdict for one in expected]
    assert held(contended) == held(calm)


async def test_what_one_order_asked_for_is_stored_together_or_not_at_all() -> None:
    shop = await a_shop()
    batch = [a_reserve("o1", {"rug": 1}), another("o1", {"desk": 1}), a_release("o1")]
    shop.stock.faults.fail_next("commit", StockConflict(), times=1000)

    with pytest.raises(Contention):
        await shop.ledger.apply(batch)

    assert not shop.stock.disk.reservations


# --- after a fault --------------------------------------------------------------------------------


class Stumbling:
    """Answers by the record's value, and stumbles over every batch with a "bad" one in it."""

    def __init__(self, answers: Mapping[str, HandlerResult]) -> None:
        self.answers = answers
        self.handled: list[str] = []

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        texts = [(one.record.value or b"").decode() for one in deliveries]
        if "bad" in texts:
            raise RuntimeError("a fault of the moment")
        self.handled += texts
        return [self.answers.get(text, DONE) for text in texts]


async def results(handler: Stumbling, *records: str) -> dict[str, HandlerResult]:
    """Handle records, each told as "topic key value", and return what became of each value."""
    deliveries = []
    for offset, told in enumerate(records):
        topic, key, value = told.split()
        key_bytes = None if key == "-" else key.encode()
        deliveries.append(Delivery(Record(topic, 0, offset, key_bytes, value.encode(), (), NOW)))
    isolated = IsolatedHandler(handler, lambda _record, _fault: None, frozenset({"urgent"}))
    got = await isolated.handle(deliveries)
    values = [told.split()[2] for told in records]
    return dict(zip(values, got, strict=True))


async def test_what_follows_a_record_that_stumbled_waits_untried() -> None:
    handler = Stumbling({})

    got = await results(handler, "work o1 bad", "work o1 second", "work o2 other", "work o1 third")

    assert got == {"bad": Stumbled(), "second": Stumbled(), "other": DONE, "third": Stumbled()}
    assert handler.handled == ["other"]


async def test_what_follows_a_short_record_waits_untried_though_another_stumbled() -> None:
    handler = Stumbling({"first": SHORT})

    got = await results(
        handler, "work o1 first", "work o2 other", "work o1 second", "work o3 bad", "work o1 third"
    )

    assert got["first"] == SHORT
    assert got["second"] == got["third"] == Stumbled()
    assert handler.handled == ["first", "other"]


async def test_a_record_that_overtakes_waits_for_nothing_that_stumbled() -> None:
    handler = Stumbling({})

    got = await results(handler, "work o1 bad", "urgent o1 release", "work o1 second")

    assert got == {"bad": Stumbled(), "release": DONE, "second": Stumbled()}


async def test_what_ended_holds_nothing_up_and_without_a_key_nothing_is_behind() -> None:
    handler = Stumbling({"short": SHORT})

    got = await results(
        handler, "work o1 first", "work - short", "work o1 second", "work - free", "work o2 bad"
    )

    assert got["first"] == got["second"] == got["free"] == DONE


# --- in the shop ----------------------------------------------------------------------------------


def a_request(order_id: str, event_id: str, product: str) -> OutgoingRecord:
    value = {
        "eventType": "STOCK_RESERVE_REQUEST",
        "eventId": event_id,
        "orderId": order_id,
        "items": [{"productId": product, "qty": 1}],
    }
    return OutgoingRecord("inventory.reserve", order_id.encode(), json.dumps(value).encode())


def lose_races(shop: MemoryShop, _patch: pytest.MonkeyPatch) -> None:
    shop.stock.faults.fail_next("commit", StockConflict(), times=5)


def stumble(shop: MemoryShop, patch: pytest.MonkeyPatch) -> None:
    # The shop lets a fault end its test; here it is what is looked at.
    patch.setattr("inventory_domain.testing.shop._raise", lambda _record, _fault: None)
    shop.stock.faults.fail_next("load", ProductNotFound(product_id=ProductId("lamp")), times=2)


@pytest.mark.parametrize("trouble", [lose_races, stumble])
async def test_of_two_requests_of_an_order_the_first_one_has_it_however_they_were_parted(
    trouble: Callable[[MemoryShop, pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await a_shop()
    trouble(shop, monkeypatch)
    keeper, _ = await shop.consumers()
    requests = [
        a_request("order-1", "first", "lamp"),
        a_request("order-1", "second", "desk"),
        a_request("order-7", "other", "rug"),
    ]
    await shop.log.publish(requests)
    while not held(shop):
        await keeper.step()

    await shop.serve.adjust(ProductId("lamp"), 3, reason="restock", actor="admin")
    await shop.settle()

    [letter] = await shop.dead_letters()
    assert held(shop)[OrderId("order-1")] == ("first", ReservationState.RESERVED)
    assert json.loads(letter.record.value or b"")["eventId"] == "second"
