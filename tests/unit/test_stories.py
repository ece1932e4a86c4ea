"""Whole stories over the fakes: what becomes of orders, their stock and what is told of it."""

import json

import pytest

from inventory_domain.ids import OrderId
from inventory_domain.order_requests import Actor
from inventory_domain.orders import OrderStatus, StockState
from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.shop import ADMIN, MemoryShop
from inventory_domain.topics import (
    INVENTORY_REJECTED,
    INVENTORY_RELEASE,
    INVENTORY_RELEASED,
    INVENTORY_RESERVE,
    INVENTORY_RESERVED,
    ORDER_COMPLETED,
)
from inventory_domain.use_cases.consume import Ending


@pytest.fixture
def shop() -> MemoryShop:
    return MemoryShop()


def values(shop: MemoryShop, topic: str) -> list[dict[str, object]]:
    records = [
        record
        for at in shop.broker.partitions_of(topic)
        for record in shop.broker.read(at, 0, 1000)
    ]
    return [json.loads(record.value or b"") for record in records]


async def replay(shop: MemoryShop, topic: str) -> None:
    """Deliver everything in *topic* once more."""
    for at in shop.broker.partitions_of(topic):
        for record in shop.broker.read(at, 0, 1000):
            again = OutgoingRecord(topic, record.key, record.value, record.headers)
            await shop.log.publish([again])
    await shop.settle()


async def test_an_order_gets_its_stock_and_its_customer_is_told(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 5, "desk": 3})

    order = await shop.place({"lamp": 2, "desk": 1})
    assert order.stock_state is StockState.REQUESTED
    await shop.settle()

    assert (await shop.order(order.order_id)).stock_state is StockState.RESERVED
    lamp = await shop.product("lamp")
    assert (lamp.stock, lamp.reserved) == (3, 2)
    assert shop.notifier.events("user:anna") == ["order:created", "order:stock_reserved"]
    assert (await shop.audit()).holds


async def test_a_cancelled_order_gives_its_stock_back_once_however_often_it_is_told(
    shop: MemoryShop,
) -> None:
    await shop.add_products({"lamp": 5})
    order = await shop.place({"lamp": 2})
    await shop.settle()

    await shop.change_order.cancel(order.order_id, actor=Actor(subject=order.user_id))
    await shop.settle()
    await replay(shop, INVENTORY_RELEASE)
    await replay(shop, INVENTORY_RESERVE)

    lamp = await shop.product("lamp")
    assert (lamp.stock, lamp.reserved) == (5, 0)
    assert (await shop.order(order.order_id)).stock_state is StockState.RELEASED
    assert shop.notifier.events("user:anna").count("order:cancelled") == 1
    assert (await shop.audit()).holds


async def test_delivery_turns_the_reservation_into_a_sale_once(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 5})
    order = await shop.place({"lamp": 2})
    await shop.settle()

    for status in (OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED):
        await shop.change_order.status(order.order_id, status, actor=ADMIN)
    await shop.settle()
    await replay(shop, ORDER_COMPLETED)

    lamp = await shop.product("lamp")
    assert (lamp.stock, lamp.reserved, lamp.sold) == (3, 0, 2)
    assert (await shop.order(order.order_id)).stock_state is StockState.CONSUMED
    assert shop.notifier.events("user:anna")[-1] == "order:completed"
    assert (await shop.audit()).holds


async def test_a_short_line_leaves_all_lines_untouched_and_ends_in_one_dead_letter(
    shop: MemoryShop,
) -> None:
    await shop.add_products({"lamp": 10, "desk": 2})

    order = await shop.place({"lamp": 5, "desk": 10})
    await shop.settle()

    stored = await shop.order(order.order_id)
    assert (stored.status, stored.stock_state) == (OrderStatus.PENDING, StockState.REJECTED)
    [refused] = stored.refused_lines
    assert (refused.product_id, refused.wanted, refused.available) == ("desk", 10, 2)
    assert (await shop.product("lamp")).stock == 10
    [letter] = await shop.dead_letters()
    assert letter.failure.error_class == "insufficient_stock"
    assert letter.failure.attempts == 4
    assert shop.notifier.events("user:anna").count("order:stock_rejected") == 1
    assert shop.notifier.events("admins").count("admin:alert") == 1
    assert (await shop.audit()).holds


@pytest.mark.parametrize("together", [True, False])
async def test_a_second_request_of_an_order_waits_for_the_first(
    shop: MemoryShop, *, together: bool
) -> None:
    await shop.add_products({"big": 1, "small": 5})
    products, _ = await shop.consumers()
    for event_id, product_id, quantity in (("e1", "big", 3), ("e2", "small", 1)):
        line = {"productId": product_id, "qty": quantity}
        request = {"eventType": "STOCK_RESERVE_REQUEST", "eventId": event_id, "orderId": "theirs"}
        value = json.dumps({**request, "items": [line]}).encode()
        await shop.log.publish([OutgoingRecord(INVENTORY_RESERVE, b"theirs", value)])
        if not together:
            await products.step()
    await shop.settle()

    [letter] = await shop.dead_letters()
    assert letter.failure.error_class == "insufficient_stock"
    assert [one["eventType"] for one in values(shop, INVENTORY_REJECTED)] == ["STOCK_REJECTED"]
    assert (await shop.product("small")).reserved == 1


async def test_others_go_on_while_one_order_waits_for_its_retry(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 100, "desk": 0})
    waiting = await shop.place({"desk": 1})
    others = [await shop.place({"lamp": 1}) for _ in range(50)]

    await shop.orders_relay.flush()
    products, _ = await shop.consumers()
    await products.step()

    assert products.waiting_count == 1
    assert (await shop.product("lamp")).reserved == 50
    [behind] = [
        at for at, lag in (await shop.lag()).items() if at.topic == INVENTORY_RESERVE and lag
    ]
    assert behind.topic == INVENTORY_RESERVE
    await shop.settle()
    assert (await shop.order(waiting.order_id)).stock_state is StockState.REJECTED
    for other in others:
        assert (await shop.order(other.order_id)).stock_state is StockState.RESERVED


async def test_a_restock_during_the_retries_saves_the_order(shop: MemoryShop) -> None:
    await shop.add_products({"desk": 2})
    order = await shop.place({"desk": 10})
    await shop.orders_relay.flush()
    products, _ = await shop.consumers()
    await products.step()

    desk = (await shop.product("desk")).product_id
    await shop.serve.adjust(desk, 20, reason="delivery", actor="admin")
    await shop.settle()

    assert (await shop.order(order.order_id)).stock_state is StockState.RESERVED
    assert not await shop.dead_letters()


async def test_a_cancel_ends_a_waiting_order_as_superseded(shop: MemoryShop) -> None:
    await shop.add_products({"desk": 2})
    order = await shop.place({"desk": 10})
    await shop.orders_relay.flush()
    products, _ = await shop.consumers()
    await products.step()

    await shop.change_order.cancel(order.order_id, actor=ADMIN)
    await shop.settle()

    assert products.endings[Ending.SUPERSEDED] == 1
    assert not await shop.dead_letters()
    assert "order:stock_rejected" not in shop.notifier.events()


async def test_two_hundred_buyers_of_ten_units_leave_nothing_below_zero(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 10})
    orders = [await shop.place({"lamp": 1}, user=f"user-{i}") for i in range(200)]

    await shop.settle()

    states = [(await shop.order(order.order_id)).stock_state for order in orders]
    assert states.count(StockState.RESERVED) == 10
    assert states.count(StockState.REJECTED) == 190
    assert (await shop.product("lamp")).stock == 0
    assert len(await shop.dead_letters()) == 190


async def test_a_changed_price_is_a_final_no_without_a_dead_letter(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 10}, price=2999)

    order = await shop.place({"lamp": 1}, price=1999)
    await shop.settle()

    stored = await shop.order(order.order_id)
    assert stored.stock_state is StockState.REJECTED
    assert [(line.reason, line.price) for line in stored.refused_lines] == [("price_changed", 2999)]
    assert not await shop.dead_letters()
    assert shop.notifier.events("admins").count("admin:alert") == 1


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (b"o1", b"not json", "not JSON"),
        (b"o1", b"[]", "must be an object"),
        (b"o1", b'{"eventType":"STOCK_RESERVE_REQUEST","items":[]}', "orderId"),
        (b"o1", b'{"eventType":"STOCK_RESERVE_REQUEST","orderId":"o1"}', "items"),
        (b"o1", b'{"eventType":"NEWS","orderId":"o1"}', "unknown eventType"),
        (b"o2", b'{"eventType":"STOCK_RELEASE_REQUEST","orderId":"o1"}', "key"),
        (b"o1", None, "not JSON"),
        (
            b"o1",
            (
                b'{"eventType":"STOCK_RESERVE_REQUEST","orderId":"o1",'
                b'"items":[{"productId":"lamp","qty":0}]}'
            ),
            "qty",
        ),
    ],
)
async def test_a_broken_message_is_parked_at_once_and_its_partition_goes_on(
    shop: MemoryShop, key: bytes, value: bytes | None, reason: str
) -> None:
    await shop.add_products({"lamp": 10})
    headers = (("event-id", b"e1"), ("raw", b"\xff\xfe"))
    await shop.log.publish([OutgoingRecord(INVENTORY_RESERVE, key, value, headers)])
    order = await shop.place({"lamp": 1})

    await shop.settle()

    [letter] = await shop.dead_letters()
    assert reason in letter.failure.message
    assert (letter.record.key, letter.record.value) == (key, value)
    assert letter.record.headers[:2] == headers
    assert letter.failure.attempts == 1
    assert (await shop.order(order.order_id)).stock_state is StockState.RESERVED
    [alert] = [push for push in shop.notifier.pushes if push.event == "admin:alert"]
    assert alert.payload["kind"] == "dead_letter"


async def test_the_plain_message_of_a_foreign_producer_is_served(shop: MemoryShop) -> None:
    await shop.add_products({"prod1": 50})
    value = {
        "eventType": "STOCK_RESERVE_REQUEST",
        "orderId": "abc123",
        "items": [{"productId": "prod1", "quantity": 2}],
    }
    record = OutgoingRecord(INVENTORY_RESERVE, b"abc123", json.dumps(value).encode())

    await shop.log.publish([record, record])
    await shop.settle()

    assert (await shop.product("prod1")).stock == 48
    [first, second] = values(shop, INVENTORY_RESERVED)
    assert first == second


async def test_a_reserve_after_its_release_takes_nothing(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 10})
    release = {"eventType": "STOCK_RELEASE_REQUEST", "orderId": "o1", "reason": "CANCELLED"}
    reserve = {
        "eventType": "STOCK_RESERVE_REQUEST",
        "orderId": "o1",
        "items": [{"productId": "lamp", "qty": 1}],
    }
    await shop.log.publish([OutgoingRecord(INVENTORY_RELEASE, b"o1", json.dumps(release).encode())])
    await shop.settle()
    await shop.log.publish([OutgoingRecord(INVENTORY_RESERVE, b"o1", json.dumps(reserve).encode())])
    await shop.settle()

    assert (await shop.product("lamp")).stock == 10
    assert len(values(shop, INVENTORY_RELEASED)) == 1


async def test_redrive_forecasts_each_letter_and_sends_back_what_can_be_served(
    shop: MemoryShop,
) -> None:
    await shop.add_products({"lamp": 1, "desk": 0})
    saved = await shop.place({"lamp": 3})
    short = await shop.place({"desk": 3})
    cancelled = await shop.place({"lamp": 9})
    await shop.settle()
    await shop.change_order.cancel(cancelled.order_id, actor=ADMIN)
    lamp = (await shop.product("lamp")).product_id
    await shop.serve.adjust(lamp, 5, reason="delivery", actor="admin")
    await shop.settle()

    plans = await shop.redrive.plan(await shop.dead_letters())

    by_order = {plan.letter.order_id: plan.forecast.value for plan in plans}
    assert by_order == {
        saved.order_id: "would be reserved",
        short.order_id: "still short",
        cancelled.order_id: "cancelled since",
    }
    sent = await shop.redrive.run(plans)
    await shop.settle()
    assert sent == 2
    assert (await shop.order(saved.order_id)).stock_state is StockState.RESERVED
    assert (await shop.order(short.order_id)).stock_state is StockState.REJECTED
    again = {plan.letter.redrives for plan in await shop.redrive.plan(await shop.dead_letters())}
    assert again == {0, 1}
    assert (await shop.audit()).holds


async def test_a_store_that_is_away_is_waited_for_and_nothing_is_parked(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 10})
    order = await shop.place({"lamp": 1})
    await shop.orders_relay.flush()
    products, _ = await shop.consumers()
    shop.stock.faults.available = False

    await products.step()
    assert products.outage is not None
    await products.step()
    shop.stock.faults.available = True
    await shop.settle()

    assert products.outage is None
    assert (await shop.order(order.order_id)).stock_state is StockState.RESERVED
    assert not await shop.dead_letters()
    assert products.endings[Ending.APPLIED] == 1


@pytest.mark.parametrize("applied", [False, True])
async def test_a_commit_whose_outcome_is_unknown_takes_stock_once(
    shop: MemoryShop, applied: bool
) -> None:
    await shop.add_products({"lamp": 10})
    order = await shop.place({"lamp": 4})
    shop.stock.faults.fail_next("commit", applied=applied)

    await shop.settle()

    assert (await shop.product("lamp")).stock == 6
    assert (await shop.order(order.order_id)).stock_state is StockState.RESERVED
    assert (await shop.audit()).holds


@pytest.mark.parametrize("applied", [False, True])
async def test_an_outcome_is_published_though_the_log_lost_the_answer(
    shop: MemoryShop, applied: bool
) -> None:
    await shop.add_products({"lamp": 10})
    order = await shop.place({"lamp": 4})
    await shop.orders_relay.flush()
    shop.log.faults.fail_next("publish", applied=applied)

    await shop.settle()

    assert (await shop.order(order.order_id)).stock_state is StockState.RESERVED
    assert shop.notifier.events("user:anna").count("order:stock_reserved") == 1


async def test_reserving_by_call_follows_the_same_ledger(shop: MemoryShop) -> None:
    await shop.add_products({"lamp": 10})
    order = await shop.place({"lamp": 4})
    await shop.settle()

    reservation = await shop.serve.reservation(OrderId(order.order_id))
    released = await shop.serve.release(reservation.order_id, reason="by hand")
    await shop.settle()

    assert released.state == "released"
    assert (await shop.product("lamp")).stock == 10
    assert (await shop.order(order.order_id)).stock_state is StockState.RELEASED
