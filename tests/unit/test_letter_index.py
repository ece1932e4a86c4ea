"""What is known of dead letters: read once, and told apart by what became of them."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory_domain.codec import MESSAGE_BYTES_MAX
from inventory_domain.dead_letters import read_letter, revive
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.log_view import GroupInfo, TopicInfo
from inventory_domain.ports import LogInspector
from inventory_domain.records import Headers, OutgoingRecord, Record, TopicPartition
from inventory_domain.testing.builders import a_record
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.topics import INVENTORY_RESERVE
from inventory_domain.use_cases import letter_index
from inventory_domain.use_cases.letter_filter import DeadLetterFilter, LetterState
from inventory_domain.use_cases.letter_index import LetterIndex
from inventory_domain.use_cases.letters import Letters
from inventory_domain.use_cases.redrive import Forecast

EVERY = DeadLetterFilter(state=None)
OPEN = DeadLetterFilter()
SENT_BACK = DeadLetterFilter(state=LetterState.SENT_BACK)
DEAD = "inventory.reserve.dlq"


class CountingInspector:
    """Counts the records that are read through it."""

    def __init__(self, inspector: LogInspector) -> None:
        self._inspector = inspector
        self.read_count = 0

    async def topics(self) -> Sequence[TopicInfo]:
        return await self._inspector.topics()

    async def groups(self) -> Sequence[GroupInfo]:
        return await self._inspector.groups()

    async def read(self, at: TopicPartition, *, start: int, count_max: int) -> Sequence[Record]:
        found = await self._inspector.read(at, start=start, count_max=count_max)
        self.read_count += len(found)
        return found


@pytest.fixture
def shop() -> MemoryShop:
    return MemoryShop()


async def short_orders(shop: MemoryShop, count: int) -> list[str]:
    """Let so many orders fall short, one after the other, and return their ids."""
    if not (await shop.stock.load((), [ProductId("lamp")])).products:
        await shop.add_products({"lamp": 1})
    orders = []
    for _ in range(count):
        orders.append((await shop.place({"lamp": 5})).order_id)
        await shop.settle()
    return [str(order) for order in orders]


async def restock(shop: MemoryShop, quantity: int) -> None:
    await shop.serve.adjust(ProductId("lamp"), quantity, reason="found", actor="boss")


async def send_back(shop: MemoryShop, order_id: str) -> None:
    wanted = DeadLetterFilter(order_id=order_id)
    await shop.redrive.run(await shop.redrive.plan(await shop.redrive.letters(wanted)))
    await shop.settle()


async def test_what_was_sent_back_is_no_longer_open(shop: MemoryShop) -> None:
    first, second = await short_orders(shop, 2)
    await restock(shop, 5)

    await send_back(shop, first)

    [still] = await shop.redrive.letters(OPEN)
    [gone] = await shop.redrive.letters(SENT_BACK)
    assert (still.order_id, still.is_open) == (second, True)
    assert (gone.order_id, gone.is_open) == (first, False)
    assert len(await shop.redrive.letters(EVERY)) == 2


async def test_what_failed_again_is_open_once(shop: MemoryShop) -> None:
    [order] = await short_orders(shop, 1)

    await send_back(shop, order)

    assert [letter.redrives for letter in await shop.redrive.letters(OPEN)] == [1]
    assert [letter.redrives for letter in await shop.redrive.letters(SENT_BACK)] == [0]


async def test_another_process_sees_what_was_sent_back_too(shop: MemoryShop) -> None:
    first, second = await short_orders(shop, 2)
    await restock(shop, 5)
    await send_back(shop, first)

    fresh = Letters(shop.log)

    assert [letter.order_id for letter in await fresh.find(OPEN)] == [second]


async def test_letters_come_oldest_first_to_be_sent_and_newest_first_to_be_read(
    shop: MemoryShop,
) -> None:
    orders = await short_orders(shop, 3)

    letters = await shop.redrive.letters(OPEN)
    page = await shop.redrive.kept.page(OPEN, start=1, count=5)

    assert [letter.order_id for letter in letters] == orders
    assert [letter.order_id for letter in page.letters] == orders[1::-1]
    assert (page.total, page.is_complete) == (3, True)
    assert page.reasons == {"insufficient_stock": 3}
    assert len(await shop.redrive.letters(OPEN, count_max=2)) == 2


async def test_a_page_reads_what_it_returns_and_what_is_new(shop: MemoryShop) -> None:
    garbage = [OutgoingRecord(DEAD, b"order-%d" % number, b"{") for number in range(3_000)]
    await shop.log.publish(garbage)
    counting = CountingInspector(shop.log)
    letters = Letters(counting)
    await letters.index.catch_up()
    counting.read_count = 0

    await shop.log.publish([OutgoingRecord(DEAD, b"new", b"{")])
    page = await letters.page(OPEN, start=0, count=10)

    assert page.total == 3_001
    assert len(page.letters) == 10
    assert counting.read_count < 300


async def test_reading_takes_small_steps_if_it_is_told_to(shop: MemoryShop) -> None:
    await shop.log.publish([OutgoingRecord(DEAD, b"one", b"%d" % n) for n in range(2_500)])
    index = LetterIndex(shop.log)

    steps = [await index.catch_up(1_000) for _ in range(3)]

    assert steps == [False, False, True]
    assert len(index.find(EVERY)) == 2_500


async def test_letters_of_others_are_told_each_by_itself(shop: MemoryShop) -> None:
    await shop.log.publish([OutgoingRecord(DEAD, None, b"{%d" % number) for number in range(5)])

    letters = await shop.redrive.letters(OPEN)
    await shop.log.publish([revive(letters[0], redrives=1)])

    assert len(letters) == 5
    assert len(await shop.redrive.letters(OPEN)) == 4


async def test_a_letter_that_was_written_twice_is_told_once(shop: MemoryShop) -> None:
    await short_orders(shop, 1)
    [letter] = await shop.dead_letters()
    record = letter.record
    again = OutgoingRecord(record.topic, record.key, record.value, record.headers)

    await shop.log.publish([again])

    assert len(await shop.redrive.letters(EVERY)) == 1


async def test_a_letter_is_told_again_when_the_log_has_let_the_first_of_it_go(
    shop: MemoryShop,
) -> None:
    await short_orders(shop, 1)
    [letter] = await shop.redrive.letters(EVERY)
    record = letter.record
    shop.broker.forget(record.topic_partition, record.offset + 1)
    assert not await shop.redrive.letters(EVERY)

    await shop.log.publish([OutgoingRecord(record.topic, record.key, record.value, record.headers)])

    assert len(await shop.redrive.letters(EVERY)) == 1


class ShrinkingInspector(CountingInspector):
    """A log that was made anew with fewer records, or has let the oldest go."""

    ends: int | None = None
    begins = 0

    async def topics(self) -> Sequence[TopicInfo]:
        found = await super().topics()
        return [_cut(topic, self.begins, self.ends) for topic in found if topic.name == DEAD]


def _cut(topic: TopicInfo, begin: int, end: int | None) -> TopicInfo:
    parts = tuple(
        type(one)(
            partition=one.partition,
            begin=min(begin, one.end),
            end=one.end if end is None else min(end, one.end),
        )
        for one in topic.partitions
    )
    return TopicInfo(name=topic.name, partitions=parts)


async def test_what_the_log_let_go_is_forgotten(shop: MemoryShop) -> None:
    await shop.log.publish([OutgoingRecord(DEAD, b"one", b"%d" % number) for number in range(9)])
    inspector = ShrinkingInspector(shop.log)
    index = LetterIndex(inspector)
    await index.catch_up()

    inspector.begins = 4
    await index.catch_up()
    kept = index.find(EVERY)
    inspector.begins, inspector.ends = 0, 2
    await index.catch_up()

    assert [entry.offset for entry in kept] == [4, 5, 6, 7, 8]
    assert [entry.offset for entry in index.find(EVERY)] == [0, 1]


async def test_nobody_says_what_became_of_a_letter_that_was_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = MemoryShop()
    await short_orders(shop, 4)
    letters = await shop.dead_letters()
    first, *_, last = sorted(letters, key=lambda one: one.record.timestamp)
    await shop.log.publish([revive(one, redrives=1) for one in (first, last)])
    monkeypatch.setattr(letter_index, "_ENTRIES_MAX", 2)
    monkeypatch.setattr(letter_index, "_READ_COUNT_MAX", 1)
    index = LetterIndex(shop.log)

    await index.catch_up()

    assert len(index.find(EVERY)) == 2
    assert index.with_state(first).is_open is None
    assert index.with_state(last).is_open is False


async def test_a_letter_by_its_id_is_the_one_that_is_listed(shop: MemoryShop) -> None:
    await short_orders(shop, 1)

    [letter] = await shop.redrive.letters(EVERY)

    assert await shop.redrive.letter(letter.letter_id) == letter


BROKEN = (("error-class", b"broken_message"),)


def a_letter_of(
    key: bytes | None, value: bytes | None, headers: Headers = BROKEN
) -> OutgoingRecord:
    return OutgoingRecord(DEAD, key, value, headers)


@pytest.mark.parametrize(
    ("letter", "order_id"),
    [
        (a_letter_of(None, b'{"orderId":"o1","items":[]}'), "o1"),
        (a_letter_of(None, b'{"orderId":"o1"}', headers=()), "o1"),
        (a_letter_of(b"o2", b'{"orderId":"o1"}'), "o1"),
        (a_letter_of(b"o1", b'{"orderId":"o1","items":[]}'), "o1"),
        # Nothing that could be told apart from the key, or nothing at all.
        (a_letter_of(b"o1", b"{"), "o1"),
        (a_letter_of(b"o1", None), "o1"),
        (a_letter_of(b"o1", b'{"orderId":null}'), "o1"),
        (a_letter_of(b"o1", b'[{"orderId":"o2"}]'), "o1"),
        (a_letter_of(b"o1", b'{"orderId":["o2"]}'), "o1"),
        (a_letter_of(b"o1", b'{"orderId":7}'), "o1"),
        (a_letter_of(b"o1", b'{"orderId":7.5}'), "o1"),
        (a_letter_of(b"\xff", b"\xff"), "\N{REPLACEMENT CHARACTER}"),
        (a_letter_of(None, b"not JSON"), None),
        (a_letter_of(None, b'"o1"'), None),
        (a_letter_of(None, None), None),
        # A number that no program can hold is no reason not to find it.
        (a_letter_of(None, b'{"n":' + b"9" * 9_999 + b',"orderId":"o1"}'), "o1"),
        (a_letter_of(None, b'{"n":1e999999999999,"orderId":"o1"}'), "o1"),
        # What is very long is not looked into.
        (a_letter_of(b"o2", b'{"orderId":"o1"}' + b" " * MESSAGE_BYTES_MAX), "o2"),
        # The service has read it, and would have refused another key.
        (a_letter_of(b"o1", b'{"orderId":"o2"}', (("error-class", b"unknown_product"),)), "o1"),
    ],
)
async def test_a_letter_is_found_by_the_order_that_it_is_about(
    shop: MemoryShop, letter: OutgoingRecord, order_id: str | None
) -> None:
    await shop.log.publish([letter])

    [found] = await shop.redrive.letters(OPEN)

    assert found.order_id == order_id
    if order_id is not None:
        assert await shop.redrive.letters(DeadLetterFilter(order_id=order_id)) == [found]
    assert not await shop.redrive.letters(DeadLetterFilter(order_id="another"))


@given(
    key=st.none() | st.binary(max_size=20),
    value=st.binary(max_size=60)
    | st.sampled_from([b"[" * 50_000, b'{"orderId":' * 5_000, b'{"orderId":"\\ud800"}'])
    | st.text(max_size=20).map(lambda text: b'{"orderId":"' + text.encode() + b'"}'),
)
def test_the_order_of_any_letter_can_be_told(key: bytes | None, value: bytes) -> None:
    order_id = read_letter(a_record(a_letter_of(key, value))).order_id

    assert order_id is None or order_id.encode().decode() == order_id


async def test_a_letter_without_a_key_is_left_out_once_its_order_is_cancelled(
    shop: MemoryShop,
) -> None:
    await shop.add_products({"lamp": 1})
    value = (
        b'{"eventType":"STOCK_RESERVE_REQUEST","orderId":"o1",'
        b'"items":[{"productId":"lamp","qty":5}]}'
    )
    await shop.log.publish([OutgoingRecord(INVENTORY_RESERVE, None, value)])
    await shop.settle()
    await shop.serve.release(OrderId("o1"), reason="ORDER_CANCELLED")

    found = await shop.redrive.letters(DeadLetterFilter(order_id="o1"))
    [plan] = await shop.redrive.plan(found)

    assert (plan.forecast, plan.is_sent) == (Forecast.CANCELLED, False)
