"""A reservation by call and one by message come to the same."""

import json
from typing import Any

import pytest

from inventory_domain.ids import EventId, OrderId
from inventory_domain.messages import MessageLine, ReleaseRequest, ReserveRequest, Trace
from inventory_domain.records import OutgoingRecord, header
from inventory_domain.testing.builders import a_line
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.topics import INVENTORY_RESERVE
from tests.unit.products.caller import Client, app_of, client_of, items


def without_time(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "occurredAt"}


@pytest.mark.parametrize("quantity", [2, 9], ids=["reserved", "rejected"])
async def test_a_call_is_told_by_the_same_events_as_a_message(quantity: int) -> None:
    trace = Trace(correlation_id="call-1", traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    by_call, by_message = MemoryShop(), MemoryShop(retry_count_max=0)
    for one in (by_call, by_message):
        await one.add_products({"lamp": 5, "desk": 5})
        await one.settle()
    lines = tuple(MessageLine(product_id=x.product_id, quantity=x.quantity)
                  for x in (a_line("desk", 1), a_line("lamp", quantity)))  # fmt: skip
    common = {"order_id": OrderId("o-1"), "order_number": "ORD-1", "trace": trace,
              "occurred_at": by_message.clock.now()}  # fmt: skip

    async with client_of(app_of(by_call)) as client:
        headers = {"X-Request-Id": "call-1", "traceparent": trace.traceparent or ""}
        body = {"orderId": "o-1", "orderNumber": "ORD-1", "items": items(desk=1, lamp=quantity)}
        await client.call("POST", "/reservations", body, headers=headers)
        await client.call("DELETE", "/reservations/o-1?reason=ORDER_CANCELLED", headers=headers)
    told_by_call = [
        record for entry in await by_call.stock.pending(100) for record in entry.records
    ]

    reserve = ReserveRequest(event_id=EventId("e-1"), lines=lines, **common)  # type: ignore[arg-type]
    release = ReleaseRequest(event_id=EventId("e-2"), reason="ORDER_CANCELLED", **common)  # type: ignore[arg-type]
    for request in (reserve, release):
        await by_message.log.publish([by_message.codec.record(request)])
        await by_message.settle()
    reservation = by_message.stock.disk.reservations[OrderId("o-1")]

    assert len(told_by_call) == 2
    topic = told_by_call[0].topic
    [first] = [
        record
        for at in by_message.broker.partitions_of(topic)
        for record in by_message.broker.read(at, 0, 100)
    ]
    pairs = [(told_by_call[0], first), (told_by_call[1], reservation.outcome)]
    for call, message in pairs:
        assert message is not None
        assert (call.topic, call.key, call.headers) == (message.topic, message.key, message.headers)
        assert without_time(json.loads(call.value or b"")) == without_time(
            json.loads(message.value or b"")
        )
        assert header(call.headers, "correlation-id") == "call-1"
    kinds = [
        [(one.kind, one.quantity, one.stock_after, one.order_id) for one in ledger.values()]
        for shop in (by_call, by_message)
        for ledger in shop.stock.disk.movements.values()
    ]
    assert kinds[:2] == kinds[2:]


@pytest.mark.parametrize(
    "line",
    [
        {"qty": 2},
        {"quantity": 2},
        {"qty": None, "quantity": 2},
        {"qty": 2, "quantity": None},
        {"qty": 2, "quantity": 2.0},
        {"qty": 1, "quantity": 2},
        {"qty": 2, "quantity": "2"},
        {"qty": "2", "quantity": 2},
        {"qty": 2.5},
        {"qty": True},
        {"qty": 0, "quantity": 2},
        {"qty": None},
        {},
    ],
    ids=str,
)
async def test_a_quantity_is_read_by_call_as_in_a_message(
    line: dict[str, Any],
) -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 5})
    wanted = [{"productId": "lamp", **line}]
    message = {"eventType": "STOCK_RESERVE_REQUEST", "orderId": "o-2", "items": wanted}

    async with client_of(app_of(shop)) as client:
        call = await client.call("POST", "/reservations", {"orderId": "o-1", "items": wanted})
    value = json.dumps(message).encode()
    await shop.log.publish([OutgoingRecord(INVENTORY_RESERVE, b"o-2", value)])
    await shop.settle()

    held = {one.order_id: one.lines for one in shop.stock.disk.reservations.values()}
    assert call.status_code == (201 if held else 400)
    assert held.get(OrderId("o-1")) == held.get(OrderId("o-2"))
    assert len(await shop.dead_letters()) == (0 if held else 1)


async def test_an_insane_request_id_is_replaced(client: Client) -> None:
    sane = await client.call("GET", "/products", headers={"X-Request-Id": "abc-1.2_3"})
    insane = await client.call("GET", "/products", headers={"X-Request-Id": "a b\tc"})

    assert sane.headers["x-request-id"] == "abc-1.2_3"
    assert insane.headers["x-request-id"] != "a b\tc"
