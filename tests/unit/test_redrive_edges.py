"""Redrive at its edges: what came too early, and bounds that are none."""

import pytest

from inventory_domain.ids import EventId, ProductId
from inventory_domain.messages import OrderFact, OrderFactKind
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
