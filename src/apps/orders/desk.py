"""The desk: everything a handler needs to serve somebody's order."""

import attrs

from apps.edge.calls import Call
from inventory_domain.errors import OrderNotFound
from inventory_domain.ids import OrderId, is_id
from inventory_domain.orders import Order
from inventory_domain.ports import OrderStore
from inventory_domain.use_cases.change_order import ChangeOrder

__all__ = ["OrderDesk"]


@attrs.frozen
class OrderDesk:
    """The stored orders and the ways to change them.

    Handlers get this one thing, since Litestar opens a task group to resolve two.
    """

    store: OrderStore
    change: ChangeOrder

    async def order(self, order_id: str, call: Call) -> Order:
        """Return the order, for its owner or an admin.

        Raises:
            OrderNotFound: no order has this id, or could have it.
            Forbidden: it is somebody else's.
        """
        found = None
        if is_id(order_id):
            found = (await self.store.get([OrderId(order_id)])).get(OrderId(order_id))
        if found is None:
            raise OrderNotFound(order_id=order_id[:200])
        call.require_own(found.user_id)
        return found
