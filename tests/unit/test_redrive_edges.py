"""Redrive at its edges: what came too early, and bounds that are none."""

import pytest

from inventory_domain.dead_letters import Failure, abridge, bury
from inventory_domain.ids import EventId, ProductId
from inventory_domain.messages import OrderFact, OrderFactKind
from inventory_domain.records import Record
from inventory_domain.testing import NOW
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.redrive import Forecast


async def test_an_order_delivered_before_its_reserve_can_be_redriven() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 0})
    order = await shop.place({"lamp": 2})
    done = OrderFact(
        event_id=EventId("done"),
        occurred_at=NOW,
        order_id=order.order_id,
        order_number=order.order_number,
        kind=OrderFactKind.COMPLETED,
        user_id=order.user_id,
        lines=(),
        total=order.total,
        status=order.status,
    )
    await shop.log.publish([shop.codec.record(done)])
    await shop.settle()
    letters = await shop.dead_letters()
    await shop.serve.adjust(ProductId("lamp"), 5, reason="restock", actor="admin")

    plans = await shop.redrive.plan(letters)
    await shop.redrive.run(plans)
    await shop.settle()

    assert [plan.forecast for plan in plans] == [Forecast.RESERVED]
    product = await shop.product("lamp")
    assert (product.stock, product.reserved, product.sold) == (3, 0, 2)
    assert (await shop.audit()).holds


@pytest.mark.parametrize("per_second", [0, -1.0, float("nan")])
async def test_a_redrive_at_no_speed_is_refused(per_second: float) -> None:
    shop = MemoryShop()
    await shop.place({"lamp": 2})
    await shop.place({"lamp": 2})
    await shop.settle()
    plans = await shop.redrive.plan(await shop.dead_letters())

    with pytest.raises(ValueError, match="per_second"):
        await shop.redrive.run(plans, per_second=per_second)

    assert len(plans) == 2
    assert not await shop.lag()


async def test_what_is_not_kept_whole_is_left_out_of_a_redrive_and_its_place_is_told() -> None:
    shop = MemoryShop()
    headers = (("original-bytes", b"theirs"),)
    large, empty = (
        Record("inventory.reserve", 1, 7 + place, b"o1", value, headers, NOW)
        for place, value in enumerate((b"x" * 100, None))
    )
    failure = Failure(
        error_class="broken_message", message="Why.", attempts=1, first_at=NOW, last_at=NOW
    )
    cut = abridge(bury(large, failure, service="products-service"))
    await shop.log.publish([cut, bury(empty, failure, service="products-service")])

    plans = await shop.redrive.plan(await shop.dead_letters())

    assert {plan.letter.offset: (plan.forecast, plan.is_sent) for plan in plans} == {
        7: (Forecast.NOT_KEPT, False),
        8: (Forecast.BROKEN, True),
    }
    (told,) = [plan.detail for plan in plans if plan.forecast is Forecast.NOT_KEPT]
    assert told == "It lies in inventory.reserve, partition 1, offset 7 only."
    assert await shop.redrive.run(plans) == 1
