"""What the calls about stock promise beyond the decisions: answers to repetition, and to asking."""

import attrs
import pytest

from inventory_domain.errors import ReservationEnded, ReservationHeld
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.stock import HeldLine, ReservationState
from inventory_domain.testing.builders import a_consume, a_line, a_product
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.keep_catalogue import ProductEdit

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
