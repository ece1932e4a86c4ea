"""What the calls about stock promise beyond the decisions: answers to repetition, and to asking."""

import asyncio

import attrs
import pytest

from inventory_domain.errors import (
    Contention,
    DependencyUnavailable,
    ReservationEnded,
    ReservationHeld,
    Shortage,
    StockConflict,
)
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.stock import HeldLine, ReservationState
from inventory_domain.testing.builders import a_consume, a_line, a_product
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.keep_catalogue import ProductEdit
from inventory_domain.use_cases.serve_stock import ReservedNow

ORDER = OrderId("order-1")


@pytest.fixture
async def shop() -> MemoryShop:
    shop = MemoryShop()
    await shop.add_products({"lamp": 10, "desk": 3})
    return shop


def held(product_id: str, quantity: int) -> HeldLine:
    return HeldLine(product_id=ProductId(product_id), quantity=quantity)


async def test_a_delivered_order_answers_its_own_lines_again_and_refuses_others(
    shop: MemoryShop,
) -> None:
    await shop.serve.reserve(ORDER, (a_line("lamp", 2),))
    await shop.ledger.apply([a_consume(ORDER)])

    again = await shop.serve.reserve(ORDER, (a_line("lamp", 2),))
    assert again.repeated
    assert again.reservation.state is ReservationState.CONSUMED

    with pytest.raises(ReservationHeld):
        await shop.serve.reserve(ORDER, (a_line("lamp", 3),))
    assert (await shop.product("lamp")).stock == 8


async def test_a_released_order_takes_nothing_again(shop: MemoryShop) -> None:
    await shop.serve.reserve(ORDER, (a_line("lamp", 2),))
    await shop.serve.release(ORDER, reason="changed their mind")

    with pytest.raises(ReservationEnded):
        await shop.serve.reserve(ORDER, (a_line("lamp", 2),))
    assert (await shop.product("lamp")).stock == 10


async def test_releasing_only_some_lines_leaves_an_order_of_other_lines_alone(
    shop: MemoryShop,
) -> None:
    await shop.serve.reserve(ORDER, (a_line("lamp", 2), a_line("desk", 1)))

    for lines in ((held("lamp", 2),), (held("desk", 1), held("lamp", 1))):
        with pytest.raises(ReservationHeld):
            await shop.serve.release(ORDER, reason="one line", only=lines)
    assert (await shop.product("lamp")).reserved == 2

    both = (held("desk", 1), held("lamp", 2))
    released = await shop.serve.release(ORDER, reason="both", only=both)
    assert released.state is ReservationState.RELEASED
    assert (await shop.product("lamp")).stock == 10


async def test_each_line_that_is_asked_about_is_judged_by_itself(shop: MemoryShop) -> None:
    asked = [a_line("lamp", 10), a_line("lamp", 1), a_line("desk", 4), a_line("rug", 1)]

    answers = await shop.serve.availability(asked)

    reasons = [answer.refused and answer.refused.reason for answer in answers]
    assert reasons == [None, None, "insufficient_stock", "unknown_product"]
    assert [answer.stock for answer in answers] == [10, 10, 3, 0]


async def test_no_order_of_any_name_changes_what_can_be_had(shop: MemoryShop) -> None:
    await shop.serve.reserve(OrderId("line-0"), (a_line("lamp", 10),))

    [answer] = await shop.serve.availability([a_line("lamp", 10)])

    assert answer.refused is not None
    assert (answer.refused.reason, answer.stock) == ("insufficient_stock", 0)


async def test_a_reservation_by_call_carries_its_order_number_into_the_outcome(
    shop: MemoryShop,
) -> None:
    reserved = await shop.serve.reserve(ORDER, (a_line("lamp"),), order_number="ORD-1")

    assert reserved.reservation.order_number == "ORD-1"
    [record] = (await shop.stock.pending(10))[-1].records
    assert b"ORD-1" in (record.value or b"")


def test_an_empty_text_takes_away_what_a_product_need_not_have() -> None:
    lamp = a_product("lamp", brand="Lumen", sku="L-1", image_url="/lamp.svg")

    assert ProductEdit(name="Oak lamp").apply(lamp) == attrs.evolve(lamp, name="Oak lamp")
    bare = ProductEdit(brand="", sku="", image_url="").apply(lamp)
    assert bare == attrs.evolve(lamp, brand=None, sku=None, image_url=None)


# --- many calls at once -------------------------------------------------------------------------


async def reserve_at_once(shop: MemoryShop, count: int) -> list[ReservedNow | BaseException]:
    calls = [shop.serve.reserve(OrderId(f"o-{x}"), (a_line("lamp", 1),)) for x in range(count)]
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_of_many_calls_at_once_as_many_win_as_there_are_units(shop: MemoryShop) -> None:
    entries = len(await shop.stock.pending(1000))

    answers = await reserve_at_once(shop, 200)

    assert sum(isinstance(answer, ReservedNow) for answer in answers) == 10
    assert sum(isinstance(answer, Shortage) for answer in answers) == 190
    assert len(await shop.stock.pending(1000)) - entries == 1, "all went out together"
    assert (await shop.audit()).holds


async def test_calls_that_lose_against_another_instance_are_split_and_each_is_answered(
    shop: MemoryShop,
) -> None:
    shop.stock.faults.fail_next("commit", StockConflict(), skip=1, times=11)

    answers = await reserve_at_once(shop, 8)

    assert all(isinstance(answer, ReservedNow) for answer in answers)
    assert (await shop.product("lamp")).reserved == 8


async def test_calls_that_lose_for_ever_are_each_told_so_and_nothing_is_stored(
    shop: MemoryShop,
) -> None:
    shop.stock.faults.fail_next("commit", StockConflict(), times=1000)

    answers = await reserve_at_once(shop, 5)

    assert all(isinstance(answer, Contention) for answer in answers)
    assert (await shop.product("lamp")).reserved == 0


async def test_an_outage_is_told_to_everybody_and_the_next_call_is_served(
    shop: MemoryShop,
) -> None:
    shop.stock.faults.available = False
    answers = await reserve_at_once(shop, 5)
    assert all(isinstance(answer, DependencyUnavailable) for answer in answers)

    shop.stock.faults.available = True
    assert not (await shop.serve.reserve(ORDER, (a_line("lamp", 1),))).repeated


async def test_a_call_that_cannot_be_decided_fails_alone(shop: MemoryShop) -> None:
    no_request = (a_line("lamp", 1), a_line("lamp", 2))

    answers = await asyncio.gather(
        shop.serve.reserve(OrderId("o1"), (a_line("lamp", 1),)),
        shop.serve.reserve(OrderId("o2"), no_request),
        shop.serve.reserve(OrderId("o3"), (a_line("lamp", 1),)),
        return_exceptions=True,
    )

    assert [isinstance(answer, ReservedNow) for answer in answers] == [True, False, True]
    assert isinstance(answers[1], ValueError)
    assert (await shop.product("lamp")).stock == 8


async def test_a_caller_who_leaves_before_the_turn_asked_for_nothing(shop: MemoryShop) -> None:
    first = asyncio.create_task(shop.serve.reserve(ORDER, (a_line("lamp", 1),)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = asyncio.create_task(shop.serve.reserve(OrderId("order-2"), (a_line("lamp", 1),)))
    await asyncio.sleep(0)

    second.cancel()
    await first

    with pytest.raises(asyncio.CancelledError):
        await second
    assert (await shop.product("lamp")).reserved == 1


async def test_a_program_that_ends_leaves_no_caller_waiting(shop: MemoryShop) -> None:
    calls = [
        asyncio.create_task(shop.serve.reserve(OrderId(f"o-{x}"), (a_line("lamp", 1),)))
        for x in range(3)
    ]
    await asyncio.sleep(0)
    [work] = [task for task in asyncio.all_tasks() if task.get_name() == "stock calls"]

    work.cancel()

    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers)
