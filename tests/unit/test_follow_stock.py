"""Following the stock: however often and in whatever company an outcome comes, it ends."""

from inventory_domain.orders import StockState
from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.shop import ADMIN, MemoryShop


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
