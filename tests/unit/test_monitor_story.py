"""The story of an order, found in a log and a ledger of any length."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from inventory_domain.dead_letters import DeadLetter
from inventory_domain.orders import HistoryEntry
from inventory_domain.records import OutgoingRecord, Record
from inventory_domain.stock import Movement, StockChange
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.tell_story import StoryTeller
from inventory_domain.use_cases.timelines import Placed, Window, find_within, windows_around

START = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def teller_of(shop: MemoryShop) -> StoryTeller:
    return StoryTeller(orders=shop.orders, stock=shop.stock, inspector=shop.log)


async def test_everything_that_carries_the_id_is_told_in_time() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    order = await shop.place({"lamp": 2})
    await shop.place({"lamp": 1}, user="bea")
    await shop.settle()

    story = await teller_of(shop).tell(order.order_id)

    assert story is not None
    assert story.order is not None
    assert story.reservation is not None
    assert story.is_complete
    assert [chapter.at for chapter in story.chapters] == sorted(
        chapter.at for chapter in story.chapters
    )
    kinds = {type(chapter.what) for chapter in story.chapters}
    assert kinds == {HistoryEntry, Record, Movement}
    topics = {one.what.topic for one in story.chapters if isinstance(one.what, Record)}
    assert topics == {"order.created", "inventory.reserve", "inventory.reserved"}
    [moved] = [one.what for one in story.chapters if isinstance(one.what, Movement)]
    assert moved.quantity == 2


async def test_what_waits_in_the_outbox_is_told_as_pending() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    order = await shop.place({"lamp": 2})

    story = await teller_of(shop).tell(order.order_id)

    assert story is not None
    assert {record.topic for record in story.pending} == {"order.created", "inventory.reserve"}


async def test_a_second_dead_letter_of_an_order_is_pending_though_the_first_is_in_the_log() -> None:
    shop = MemoryShop()
    order = await shop.place({"lamp": 2})
    await shop.settle()
    [letter] = await shop.dead_letters()
    first = letter.record
    headers = (*first.headers, ("redrive-count", b"1"))
    second = OutgoingRecord(first.topic, first.key, first.value, headers)
    await shop.stock.commit(StockChange(events=(second,)))

    story = await teller_of(shop).tell(order.order_id)

    assert story is not None
    assert story.pending == (second,)


@pytest.mark.parametrize("read", ["topics", "find_movements"])
async def test_what_is_published_while_the_story_is_read_is_told_once(
    monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    order = await shop.place({"lamp": 2})
    part = shop.log if read == "topics" else shop.stock
    inner = getattr(part, read)

    async def with_a_flush(*asked: Any) -> Any:
        await shop.orders_relay.flush()
        return await inner(*asked)

    monkeypatch.setattr(part, read, with_a_flush)

    story = await teller_of(shop).tell(order.order_id)

    assert story is not None
    told = [one.what.topic for one in story.chapters if isinstance(one.what, Record)]
    waiting = [record.topic for record in story.pending]
    assert sorted([*told, *waiting]) == ["inventory.reserve", "order.created"]


async def test_dead_letters_are_told_with_their_attempts() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 1})
    order = await shop.place({"lamp": 2})
    await shop.settle()

    story = await teller_of(shop).tell(order.order_number)

    assert story is not None
    [letter] = [one.what for one in story.chapters if isinstance(one.what, DeadLetter)]
    assert letter.failure.attempts == 4


async def test_records_of_an_order_that_nobody_stored_are_a_story_too() -> None:
    shop = MemoryShop()
    await shop.log.publish([OutgoingRecord("inventory.release", b"stranger", b"{}")])

    story = await teller_of(shop).tell("stranger")

    assert story is not None
    assert story.order is None
    assert len(story.chapters) == 1


@pytest.mark.parametrize("name", ["nobody", "not an id", "ORD-1-ABCD"])
async def test_there_is_no_story_of_what_nobody_has_seen(name: str) -> None:
    assert await teller_of(MemoryShop()).tell(name) is None


@attrs.define
class Line:
    """Numbers in time, one a second, with gaps in the places; it counts what is read."""

    end: int
    begin: int = 0
    step: int = 1
    read_count: int = 0

    async def read(self, start: int, count_max: int) -> Sequence[Placed[int]]:
        first = -(-start // self.step) * self.step
        places = range(first, self.end, self.step)[:count_max]
        self.read_count += len(places)
        return [Placed(place, START + place * SECOND, place) for place in places]


def window(first: int, last: int) -> Window:
    return Window(START + first * SECOND, START + last * SECOND)


async def test_of_a_long_line_only_the_windows_are_read() -> None:
    line = Line(1_000_000)

    found = await find_within(
        line,
        [window(500, 510), window(900_000, 900_002)],
        lambda _: True,
        read_count_max=200,
        chunk=50,
    )

    assert found.items == (*range(500, 511), 900_000, 900_001, 900_002)
    assert found.is_complete
    assert line.read_count < 300


async def test_places_without_anything_are_stepped_over() -> None:
    found = await find_within(
        Line(10_000, step=7), [window(700, 714)], lambda _: True, read_count_max=100
    )

    assert found.items == (700, 707, 714)


async def test_a_short_line_is_read_whole() -> None:
    found = await find_within(Line(50), [], lambda one: one == 40, read_count_max=50)

    assert found.items == (40,)


async def test_a_search_that_reaches_its_bound_says_so() -> None:
    found = await find_within(
        Line(10_000), [window(0, 9_000)], lambda _: True, read_count_max=100, chunk=30
    )

    assert found.items == tuple(range(100))
    assert not found.is_complete


def test_windows_that_overlap_are_one() -> None:
    moments = [START + 60 * SECOND, START, START + 2 * SECOND]

    found = windows_around(moments, before=SECOND, after=5 * SECOND)

    assert found == (window(-1, 7), window(59, 65))


async def test_movements_are_found_in_a_ledger_of_many_orders() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 1_000})
    orders = [await shop.place({"lamp": 1}) for _ in range(250)]
    await shop.settle()

    story = await teller_of(shop).tell(orders[3].order_id)

    assert story is not None
    moved = [one.what for one in story.chapters if isinstance(one.what, Movement)]
    assert [one.order_id for one in moved] == [orders[3].order_id]
