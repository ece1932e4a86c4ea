"""Change an order: its status, its end, its details. The loser of a race is told so."""

from collections.abc import Callable

import attrs

from inventory_domain.codec import Codec
from inventory_domain.errors import (
    Contention,
    DomainError,
    OrderChanged,
    OrderNotFound,
    StaleVersion,
)
from inventory_domain.ids import OrderId
from inventory_domain.messages import Trace
from inventory_domain.order_decisions import (
    Actor,
    Details,
    OrderChange,
    cancel_order,
    change_details,
    change_status,
)
from inventory_domain.orders import Order, OrderStatus
from inventory_domain.ports import Clock, Notifier, OrderStore
from inventory_domain.pushes import order_pushes
from inventory_domain.writes import Conflict, OrderWrite

__all__ = ["ChangeOrder"]

_TRIES_MAX = 10


@attrs.frozen(kw_only=True)
class ChangeOrder:
    """Change one order; *expected_version* is the one that the caller saw, None: any.

    Every call raises ``OrderNotFound``, and ``StaleVersion`` if the version is another one or
    becomes so while the call is under way. If no version is expected it raises ``OrderChanged``
    when somebody else changed the order meanwhile. News of its stock is no such change: then
    the decision is made again; nor is it one if the other did what is asked for here.
    """

    store: OrderStore
    notifier: Notifier
    clock: Clock
    codec: Codec
    nudge_relay: Callable[[], None]

    async def status(
        self,
        order_id: OrderId,
        wanted: OrderStatus,
        *,
        actor: Actor,
        reason: str | None = None,
        expected_version: int | None = None,
        trace: Trace = Trace(),
    ) -> OrderChange:
        """Move the order to *wanted*; see ``change_status`` for what is refused."""

        def decide(order: Order) -> OrderChange:
            now = self.clock.now()
            return change_status(order, wanted, now=now, actor=actor, reason=reason, trace=trace)

        return await self._change(order_id, decide, expected_version)

    async def cancel(
        self,
        order_id: OrderId,
        *,
        actor: Actor,
        reason: str | None = None,
        expected_version: int | None = None,
        trace: Trace = Trace(),
    ) -> OrderChange:
        """Cancel the order; see ``cancel_order`` for what is refused."""

        def decide(order: Order) -> OrderChange:
            now = self.clock.now()
            return cancel_order(order, now=now, actor=actor, reason=reason, trace=trace)

        return await self._change(order_id, decide, expected_version)

    async def details(
        self,
        order_id: OrderId,
        details: Details,
        *,
        actor: Actor,
        expected_version: int | None = None,
    ) -> OrderChange:
        """Change address, payment or tracking; see ``change_details`` for what is refused."""

        def decide(order: Order) -> OrderChange:
            return change_details(order, details, now=self.clock.now(), actor=actor)

        return await self._change(order_id, decide, expected_version)

    async def _change(
        self,
        order_id: OrderId,
        decide: Callable[[Order], OrderChange],
        expected_version: int | None,
    ) -> OrderChange:
        order = (await self.store.get([order_id])).get(order_id)
        for _ in range(_TRIES_MAX):
            if order is None:
                raise OrderNotFound(order_id=order_id)
            if expected_version is not None and order.version != expected_version:
                raise StaleVersion(order_id=order_id, version=order.version)
            change = decide(order)
            if change.is_noop:
                return change
            current = await self._save(change)
            if current is order:
                return change
            if current is not None and not _same_but_for_stock(order, current):
                if expected_version is not None:
                    raise StaleVersion(order_id=order_id, version=current.version)
                if not _is_done(decide, current):
                    raise OrderChanged(
                        order_id=order_id, status=current.status.label, version=current.version
                    )
            order = current
        raise Contention(tries=_TRIES_MAX)

    async def _save(self, change: OrderChange) -> Order | None:
        """Store *change* and return the order it began with, or else the one that is stored."""
        events = tuple([self.codec.record(message) for message in change.messages])
        [result] = await self.store.save([OrderWrite(change.order, events)])
        if isinstance(result, Conflict):
            return result.current
        self.nudge_relay()
        self.notifier.push(order_pushes(change, now=change.order.updated_at))
        return change.before


def _is_done(decide: Callable[[Order], OrderChange], order: Order) -> bool:
    """Tell whether *order* is already what it shall become."""
    try:
        return decide(order).is_noop
    except DomainError:
        return False


def _same_but_for_stock(before: Order, current: Order) -> bool:
    """Tell whether only news of the stock lies between the two."""
    return before == attrs.evolve(
        current,
        stock_state=before.stock_state,
        refused_lines=before.refused_lines,
        inventory_sequence=before.inventory_sequence,
        version=before.version,
        updated_at=before.updated_at,
        history=before.history,
    )
