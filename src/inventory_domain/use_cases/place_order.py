"""Place an order: decide, store it with its events, then tell the relay and the eyes."""

from collections.abc import Callable

import attrs

from inventory_domain.codec import Codec
from inventory_domain.errors import Contention, IdempotencyKeyReused, OrderNumberTaken
from inventory_domain.ids import OrderId
from inventory_domain.messages import Trace
from inventory_domain.order_decisions import Actor, Draft, as_placed, place_order
from inventory_domain.orders import Order
from inventory_domain.ports import Clock, IdSource, Notifier, OrderStore
from inventory_domain.pushes import order_pushes
from inventory_domain.writes import KeyKnown, NumberTaken, OrderWrite

__all__ = ["PlaceOrder", "Placed"]

_NUMBER_TRIES_MAX = 5


@attrs.frozen
class Placed:
    """The order as it was placed; *repeated*: by an earlier call with the same key."""

    order: Order
    repeated: bool


@attrs.frozen(kw_only=True)
class PlaceOrder:
    """Place one order; it is durable, with the request for its stock, when the call returns."""

    store: OrderStore
    notifier: Notifier
    clock: Clock
    ids: IdSource
    codec: Codec
    nudge_relay: Callable[[], None]

    async def __call__(self, draft: Draft, *, actor: Actor, trace: Trace = Trace()) -> Placed:
        """Place *draft*.

        Raises:
            EmptyOrder, TotalMismatch: a rule forbids it.
            IdempotencyKeyReused: the key came before, with another body.
            OrderNumberTaken: the number that the caller chose is another order's.
        """
        for _ in range(_NUMBER_TRIES_MAX):
            now = self.clock.now()
            change = place_order(
                draft,
                order_id=OrderId(self.ids.new_id()),
                order_number=draft.order_number or self.ids.order_number(now),
                now=now,
                actor=actor,
                trace=trace,
            )
            events = tuple([self.codec.record(message) for message in change.messages])
            [result] = await self.store.add([OrderWrite(change.order, events)])
            if isinstance(result, KeyKnown):
                return self._repeated(result.order, draft)
            if not isinstance(result, NumberTaken):
                self.notifier.push(order_pushes(change, now=now))
                self.nudge_relay()
                return Placed(change.order, repeated=False)
            if draft.order_number is not None:
                raise OrderNumberTaken(order_number=draft.order_number)
        raise Contention(tries=_NUMBER_TRIES_MAX)

    @staticmethod
    def _repeated(stored: Order, draft: Draft) -> Placed:
        key, sent = stored.idempotency, draft.idempotency
        if key is None or sent is None or key.fingerprint != sent.fingerprint:
            raise IdempotencyKeyReused(order_id=stored.order_id)
        return Placed(as_placed(stored, draft), repeated=True)
