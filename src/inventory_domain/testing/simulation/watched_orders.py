"""What the order stores said they stored, kept apart from them, and checked as it comes."""

from collections import Counter
from collections.abc import Sequence

from inventory_domain.ids import OrderId, ProductId, UserId
from inventory_domain.orders import NEXT, Order, OrderStatus, StockState
from inventory_domain.pushes import ADMINS, user_room
from inventory_domain.records import OutgoingRecord
from inventory_domain.testing.simulation.checks import Checks
from inventory_domain.testing.simulation.in_order import InOrder
from inventory_domain.writes import OrderWrite, Push

__all__ = ["WatchedOrders"]


_LEAVING = frozenset({OrderStatus.PROCESSING, OrderStatus.SHIPPED})


class WatchedOrders:
    """Every order in every version that became durable."""

    def __init__(self, checks: Checks) -> None:
        self.orders: dict[OrderId, Order] = {}
        self.wanted: dict[OrderId, dict[ProductId, int]] = {}
        self.pushed: dict[OrderId, int] = {}
        self.begun_us: dict[OrderId, int] = {}
        self.events: list[OutgoingRecord] = []
        self._versions: dict[OrderId, list[tuple[OrderStatus, StockState]]] = {}
        self._keys: dict[tuple[UserId, str], OrderId] = {}
        self._checks = checks
        self.writes: InOrder[OrderWrite] = InOrder(
            fits=lambda write: self.version(write.order.order_id) == write.order.version - 1,
            take=self._stored,
            refuse=self._unguarded,
            events=lambda write: write.events,
        )

    def version(self, order_id: str) -> int:
        """Return the newest durable version, 0 if the order is not there."""
        known = self.orders.get(OrderId(order_id))
        return 0 if known is None else known.version

    def _stored(self, write: OrderWrite) -> None:
        if write.order.version == 1:
            self._added(write)
        else:
            self._saved(write)

    def _unguarded(self, write: OrderWrite) -> None:
        order = write.order
        self._checks.fail(
            "order_moves", f"{order.order_id} was stored again in version {order.version}"
        )

    def _added(self, write: OrderWrite) -> None:
        order, checks = write.order, self._checks
        token = order.idempotency
        if token is not None:
            known = self._keys.setdefault((token.subject, token.key), order.order_id)
            checks.that(
                "one_key_one_order",
                known == order.order_id,
                lambda: f"{order.order_id} was stored under the key of {known}",
            )
        wanted: Counter[ProductId] = Counter()
        for line in order.lines:
            wanted[line.product_id] += line.quantity
        self.wanted[order.order_id] = dict(wanted)
        self._versions[order.order_id] = []
        self._keep(write)

    def _saved(self, write: OrderWrite) -> None:
        order = write.order
        before = self.orders[order.order_id]
        moved = before.status is order.status or order.status in NEXT[before.status]
        # Only an order that holds its stock leaves, and only what it holds is sold.
        leaves = before.status is not order.status and order.status in _LEAVING
        sells = before.stock_state is not order.stock_state is StockState.CONSUMED
        may = before.stock_state is StockState.RESERVED or not (leaves or sells)
        holds = moved and may and order.lines == before.lines
        self._checks.that(
            "order_moves",
            holds,
            lambda: (
                f"{order.order_id} went from version {before.version} ({before.status.label}) "
                f"to {order.version} ({order.status.label}), its stock was {before.stock_state}"
            ),
        )
        self._keep(write)

    def told(self, pushes: Sequence[Push]) -> None:
        """Look at what customers and admins are told of orders."""
        for push in pushes:
            view = push.payload.get("order")
            if view is not None:
                self._told_of(OrderId(view["_id"]), view, push.rooms)

    def saw(self, order: Order) -> None:
        """Look at an answer that a customer got."""
        self._checks.that(
            "customer_view",
            self.is_stored(order.order_id, order.version, order.status, order.stock_state),
            lambda: (
                f"a customer was shown version {order.version} of {order.order_id}, "
                f"{order.status.label}, {order.stock_state}: never stored"
            ),
        )

    def is_stored(
        self, order_id: OrderId, version: int, status: OrderStatus, stock_state: StockState
    ) -> bool:
        """Tell whether the order ever was so."""
        versions = self._versions.get(order_id, [])
        known = 0 < version <= len(versions) and versions[version - 1] == (status, stock_state)
        return known or self.writes.is_behind

    def _told_of(self, order_id: OrderId, view: dict[str, object], rooms: tuple[str, ...]) -> None:
        version = view["version"]
        assert isinstance(version, int)
        status, state = view["status"], view["stockState"]
        versions = self._versions.get(order_id, [])
        true = 0 < version <= len(versions) and versions[version - 1] == (status, state)
        true = true or self.writes.is_behind
        order = self.orders.get(order_id)
        owner = "" if order is None else user_room(order.user_id)
        self._checks.that(
            "pushes",
            true and all(room in (owner, ADMINS) for room in rooms),
            lambda: (
                f"told of {order_id} in version {version}, status {status}, stock {state}, "
                f"to {', '.join(rooms)}: not what is stored"
            ),
        )
        self.pushed[order_id] = max(version, self.pushed.get(order_id, 0))

    def _keep(self, write: OrderWrite) -> None:
        order = write.order
        self.orders[order.order_id] = order
        self._versions[order.order_id].append((order.status, order.stock_state))
        self.events.extend(write.events)
