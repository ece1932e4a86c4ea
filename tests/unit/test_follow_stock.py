"""Following the stock: however often and in whatever company an outcome comes, it ends."""

import json
from typing import Any

import pytest

from inventory_domain.errors import Shortage
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.orders import OrderStatus, StockState
from inventory_domain.records import OutgoingRecord
from inventory_domain.testing import a_line
from inventory_domain.testing.shop import ADMIN, MemoryShop
from inventory_domain.topics import INVENTORY_REJECTED, INVENTORY_RESERVE, ORDER_COMPLETED


async def test_many_outcomes_of_one_order_in_one_batch_end() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    order = await shop.place({"lamp": 1})
    await shop.settle()
    [told] = [
        record
        for at in shop.broker.partitions_of("inventory.reserved")
        for record in shop.broker.read(at, 0, 10)
    ]
    again = OutgoingRecord(told.topic, told.key, told.value, told.headers)
    await shop.log.publish([again] * 50)

    _, follower = await shop.consumers()
    await follower.step()

    assert follower.outage is None
    assert not await shop.lag()
    assert (await shop.order(order.order_id)).stock_state is StockState.RESERVED
    assert shop.notifier.events().count("order:stock_reserved") == 1


async def test_an_outcome_whose_saving_was_not_answered_is_told_when_it_comes_again() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    orders = [await shop.place({"lamp": 1}) for _ in range(3)]
    shop.orders.faults.fail_next("save", applied=True)

    await shop.settle()

    for order in orders:
        assert (await shop.order(order.order_id)).stock_state is StockState.RESERVED
    assert shop.notifier.events().count("order:stock_reserved") == len(orders)


async def test_what_was_told_is_not_told_again_after_an_outage() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    await shop.place({"lamp": 1})
    await shop.orders_relay.flush()
    products, follower = await shop.consumers()
    await products.step()
    shop.log.faults.fail_next("commit", skip=0)

    await follower.step()
    assert follower.outage is not None
    await shop.settle()

    assert shop.notifier.events().count("order:stock_reserved") == 1


async def test_a_cancelled_order_is_told_what_became_of_its_stock() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    held, rejected = await shop.place({"lamp": 1}), await shop.place({"lamp": 9})
    await shop.settle()

    for order in (held, rejected):
        await shop.change_order.cancel(order.order_id, actor=ADMIN)
    await shop.settle()

    told = {
        push.payload["order"]["_id"]: push.payload["message"]
        for push in shop.notifier.pushes
        if push.event == "order:updated"
    }
    assert told == {
        held.order_id: f"The stock of order {held.order_number} was given back.",
        rejected.order_id: f"Order {rejected.order_number} held no stock: "
        "there was none to give back.",
    }
    assert (await shop.product("lamp")).stock == 5


@pytest.mark.parametrize("last", [OrderStatus.SHIPPED, OrderStatus.DELIVERED])
async def test_the_admins_are_alarmed_when_what_has_left_is_for_sale_again(
    last: OrderStatus,
) -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    order = await shop.place({"lamp": 2})
    await shop.settle()

    await shop.serve.release(order.order_id, reason="a mistake")
    for status in (OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED):
        if status <= last:
            await shop.change_order.status(order.order_id, status, actor=ADMIN)
    await shop.settle()

    [(kind, reason, order_id, message)] = alerts(shop)
    assert (kind, reason) == ("broken_invariant", "released_after_shipping")
    assert order_id == order.order_id
    assert f"when it was {last.label.lower()} already: 2 of lamp cannot" in message


async def test_nobody_is_alarmed_when_an_order_is_cancelled_on_its_way() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    order = await shop.place({"lamp": 2})
    await shop.settle()

    for status in (OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.CANCELLED):
        await shop.change_order.status(order.order_id, status, actor=ADMIN)
    await shop.settle()

    assert (await shop.order(order.order_id)).stock_state is StockState.RELEASED
    assert alerts(shop) == []


def a_foreign_request(order_id: str, **line: Any) -> OutgoingRecord:
    document = {"eventType": "STOCK_RESERVE_REQUEST", "orderId": order_id, "items": [line]}
    return OutgoingRecord(INVENTORY_RESERVE, order_id.encode(), json.dumps(document).encode())


def alerts(shop: MemoryShop) -> list[tuple[str, str, str, str]]:
    """Return the kind, reason, order and message of what the admins alone were told."""
    told = [push.payload for push in shop.notifier.pushes if push.rooms == ("admins",)]
    return [(one["kind"], one["reason"], one["orderId"], one["message"]) for one in told]


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        ({"productId": "lamp", "qty": 9}, "insufficient_stock", "lamp (wanted 9, available 5)"),
        ({"productId": "rug", "qty": 1}, "unknown_product", "rug (wanted 1, available 0)"),
        ({"productId": "lamp", "qty": 1, "price": 1}, "price_changed", "lamp (price is 29.99 now)"),
    ],
)
async def test_the_admins_are_told_once_of_the_rejected_order_of_another_service(
    line: dict[str, Any], reason: str, detail: str
) -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})

    await shop.log.publish([a_foreign_request("theirs", **line)])
    await shop.settle()

    message = f"Order theirs cannot be served: {detail}."
    assert alerts(shop) == [("reservation_failed", reason, "theirs", message)]


@pytest.mark.parametrize(
    ("line", "reason", "letter_count"),
    [
        ({"productId": "lamp", "qty": 9}, "insufficient_stock", 1),
        ({"productId": "lamp", "qty": 1, "price": 1}, "price_changed", 0),
    ],
)
async def test_the_admins_are_told_of_what_was_delivered_before_it_was_refused(
    line: dict[str, Any], reason: str, letter_count: int
) -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    done = b'{"eventType":"ORDER_COMPLETED","orderId":"theirs"}'
    await shop.log.publish([OutgoingRecord(ORDER_COMPLETED, b"theirs", done)])
    await shop.settle()

    await shop.log.publish([a_foreign_request("theirs", **line)] * 2)
    await shop.settle()

    assert [alert[:3] for alert in alerts(shop)] == [("reservation_failed", reason, "theirs")]
    assert len(await shop.dead_letters()) == letter_count


async def test_a_rejection_by_call_is_told_too() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})

    with pytest.raises(Shortage):
        await shop.serve.reserve(OrderId("theirs"), (a_line("lamp", 9),), order_number="THEIRS-1")
    await shop.settle()

    [(kind, reason, order_id, message)] = alerts(shop)
    assert (kind, reason, order_id) == ("reservation_failed", "insufficient_stock", "theirs")
    assert message.startswith("Order THEIRS-1 cannot be served: lamp ")


async def test_a_rejection_of_another_service_is_told_once_however_often_it_comes() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    request = a_foreign_request("theirs", productId="lamp", qty=9)

    await shop.log.publish([request])
    await shop.settle()
    [told] = [
        record
        for at in shop.broker.partitions_of(INVENTORY_REJECTED)
        for record in shop.broker.read(at, 0, 10)
    ]
    again = OutgoingRecord(told.topic, told.key, told.value, told.headers)
    await shop.log.publish([request, again, again])
    await shop.settle()

    assert len(alerts(shop)) == 1


async def test_a_rejection_of_another_service_is_told_once_when_its_batch_comes_again() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    await shop.place({"lamp": 1})
    await shop.orders_relay.flush()
    await shop.log.publish([a_foreign_request("theirs", productId="lamp", qty=1, price=1)])
    products, follower = await shop.consumers()
    await products.step()

    shop.orders.faults.fail_next("save")
    await follower.step()
    assert not alerts(shop)
    shop.log.faults.fail_next("commit", skip=0)
    await follower.step()
    await shop.settle()

    assert [reason for _, reason, _, _ in alerts(shop)] == ["price_changed"]


async def test_what_is_rejected_again_after_it_was_sent_back_is_told_again() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    await shop.log.publish([a_foreign_request("theirs", productId="lamp", qty=9)])
    await shop.settle()

    await shop.redrive.run(await shop.redrive.plan(await shop.dead_letters()))
    await shop.settle()

    assert len(alerts(shop)) == 2


async def test_an_order_of_another_service_that_gets_its_stock_is_nothing_to_tell() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})

    await shop.log.publish([a_foreign_request("theirs", productId="lamp", qty=5)])
    await shop.settle()

    assert not alerts(shop)


async def test_the_stock_of_a_product_that_is_off_sale_is_told_as_it_is() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    order = await shop.place({"lamp": 2})
    await shop.settle()
    await shop.catalogue.deactivate(ProductId("lamp"))
    await shop.place({"lamp": 1})
    await shop.settle()
    await shop.change_order.cancel(order.order_id, actor=ADMIN)
    await shop.settle()

    told = [
        push.payload["stock"]
        for push in shop.notifier.pushes
        if push.event == "product:stock_changed"
    ]
    [reasons] = [
        push.payload["order"]["stockReasons"]
        for push in shop.notifier.pushes
        if push.event == "order:stock_rejected"
    ]
    assert told == [3, 5]
    assert [(line["available"], line["stock"]) for line in reasons] == [(0, 3)]
