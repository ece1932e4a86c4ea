"""Following the stock: however often and in whatever company an outcome comes, it ends."""

from inventory_domain.orders import StockState
from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.shop import MemoryShop


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
