"""Messages of producers that are not ours, which can never be processed."""

from random import Random

from inventory_domain.codec import Codec
from inventory_domain.ids import EventId
from inventory_domain.messages import MessageLine, ReserveRequest
from inventory_domain.orders import Order
from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.simulation.stories import PLENTY
from inventory_domain.topics import INVENTORY_RELEASE, INVENTORY_RESERVE, INVENTORY_RESERVED

__all__ = ["broken_message"]


def broken_message(random: Random, order: Order, codec: Codec) -> OutgoingRecord:
    """Return a message about *order*, which holds stock already: broken, or for other items."""
    key = order.order_id.encode()
    kind = random.randrange(4)
    if kind == 0:
        return OutgoingRecord(INVENTORY_RESERVE, key, b"{not json")
    if kind == 1:
        value = b'{"eventType":"STOCK_RESERVE_REQUEST","orderId":"%s","items":[]}' % key
        return OutgoingRecord(INVENTORY_RESERVE, key, value)
    if kind == 2:  # noqa: PLR2004 - the third of four
        topic = random.choice((INVENTORY_RELEASE, INVENTORY_RESERVED))
        return OutgoingRecord(topic, key, b'{"eventType":"GREETING","orderId":"%s"}' % key)
    line = MessageLine(product_id=PLENTY, quantity=7_777)
    request = ReserveRequest(
        event_id=EventId(f"foreign-{random.randrange(1_000_000)}"),
        occurred_at=order.created_at,
        order_id=order.order_id,
        order_number=order.order_number,
        lines=(line,),
    )
    return codec.record(request)
