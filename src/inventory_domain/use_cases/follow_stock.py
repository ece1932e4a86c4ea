"""Follow stock: what became of the orders' requests is stored with them, then told."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from inventory_domain.codec import Codec
from inventory_domain.dead_letters import DeadLetter, read_letter
from inventory_domain.errors import BrokenMessage, Contention
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.messages import OutcomeKind, StockAdjusted, StockOutcome
from inventory_domain.order_stock import apply_outcome
from inventory_domain.orders import Order
from inventory_domain.ports import Clock, Notifier, OrderStore
from inventory_domain.pushes import alert_push, outcome_pushes, rejection_alert, stock_push
from inventory_domain.topics import DEAD_LETTER_SUFFIX
from inventory_domain.use_cases.consume import Broken, Ended, Ending, HandlerResult
from inventory_domain.use_cases.waiting_room import Delivery
from inventory_domain.writes import Conflict, OrderWrite, Push

__all__ = ["StockFollower"]

_TRIES_MAX = 10
_VERSIONS_MAX = 100_000
_UNTOLD_MAX = 100_000
_TOLD_MAX = 100_000

# These rejected their order as well, ours or not, which is what the admins are told.
_TOLD_WITH_THE_ORDER = frozenset({"insufficient_stock", "unknown_product", "inactive_product"})


@attrs.define(kw_only=True)
class StockFollower:
    """Handles what the orders service consumes: outcomes, adjustments and dead letters.

    An outcome may be stored without anybody hearing of it, as when a part of a batch was saved
    and the rest was not. It is remembered, and told when its record comes again.

    Of an order that is not ours nothing is stored. That it was rejected is told to the admins,
    and remembered for as long as the process lives, so that the same again is not told again.
    """

    store: OrderStore
    notifier: Notifier
    clock: Clock
    codec: Codec
    _versions: dict[ProductId, int] = attrs.field(factory=dict, init=False)
    _untold: dict[OrderId, int] = attrs.field(factory=dict, init=False)
    _told_rejections: dict[OrderId, int] = attrs.field(factory=dict, init=False)

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        """Apply *deliveries*; an outcome that is not newer than what is stored is a duplicate."""
        results: list[HandlerResult] = []
        outcomes: dict[int, StockOutcome] = {}
        levels: dict[ProductId, tuple[int, int]] = {}
        pushes: list[Push] = []
        for place, delivery in enumerate(deliveries):
            results.append(Ended(Ending.APPLIED))
            if delivery.record.topic.endswith(DEAD_LETTER_SUFFIX):
                pushes.extend(self._alerts(read_letter(delivery.record)))
                continue
            try:
                message = self.codec.read_outcome(delivery.record)
            except BrokenMessage as broken:
                results[place] = Broken(broken.code, broken.message())
                continue
            _note_levels(levels, message)
            if isinstance(message, StockOutcome):
                outcomes[place] = message
        applied: dict[int, Order] = {}
        try:
            ours = await self._apply(outcomes, applied)
        except Exception:
            self._remember_untold(applied.values())
            raise
        for place in outcomes:
            if place not in applied:
                results[place] = Ended(Ending.DUPLICATE)
        now = self.clock.now()
        for place, order in applied.items():
            pushes.extend(outcome_pushes(order, outcomes[place], now=now))
        others = [one for one in outcomes.values() if one.order_id not in ours]
        pushes.extend(self._rejections_of_others(others))
        pushes.extend(self._level_pushes(levels))
        self.notifier.push(pushes)
        return results

    async def _apply(
        self, outcomes: dict[int, StockOutcome], applied: dict[int, Order]
    ) -> Mapping[OrderId, Order]:
        """Store *outcomes*, and return those of their orders that are ours.

        The orders that they changed come into *applied*, by their places.
        """
        if not outcomes:
            return {}
        orders = dict(await self.store.get({one.order_id for one in outcomes.values()}))
        remaining = dict(outcomes)
        losses = 0
        # One outcome an order at a time: each must build on the version before it.
        while turn := _first_of_each_order(remaining):
            for place in turn:
                del remaining[place]
            lost = await self._save(turn, orders, applied)
            # Only races count: however many outcomes an order has in a batch, all get their turn.
            losses += bool(lost)
            if losses >= _TRIES_MAX:
                raise Contention(tries=losses)
            remaining = {**lost, **remaining}
        return orders

    async def _save(
        self,
        turn: dict[int, StockOutcome],
        orders: dict[OrderId, Order],
        applied: dict[int, Order],
    ) -> dict[int, StockOutcome]:
        """Store one outcome an order; return those that lost against somebody else."""
        now = self.clock.now()
        changed: dict[int, Order] = {}
        for place, outcome in turn.items():
            # An order that is not ours was reserved for by somebody else's tool.
            order = orders.get(outcome.order_id)
            if order is None:
                continue
            change = apply_outcome(order, outcome, now=now)
            if not change.is_noop:
                changed[place] = change.order
            elif self._is_untold(order, outcome):
                applied[place] = order
        # Until the answer is there: it may be lost, and the orders be saved all the same.
        self._remember_untold(changed.values())
        results = await self.store.save([OrderWrite(order) for order in changed.values()])
        lost = {}
        for (place, order), result in zip(changed.items(), results, strict=True):
            self._untold.pop(order.order_id, None)
            if isinstance(result, Conflict):
                lost[place] = turn[place]
                if result.current is None:
                    orders.pop(order.order_id, None)
                else:
                    orders[order.order_id] = result.current
            else:
                orders[order.order_id] = applied[place] = order
        return lost

    def _remember_untold(self, orders: Iterable[Order]) -> None:
        if len(self._untold) >= _UNTOLD_MAX:
            self._untold.clear()
        self._untold.update({order.order_id: order.inventory_sequence for order in orders})

    def _is_untold(self, order: Order, outcome: StockOutcome) -> bool:
        """Tell, once, whether *outcome* is what *order* has and nobody was told of."""
        if not self._untold.get(order.order_id) == order.inventory_sequence == outcome.sequence:
            return False
        del self._untold[order.order_id]
        return True

    def _alerts(self, letter: DeadLetter) -> Iterable[Push]:
        if letter.failure.error_class in _TOLD_WITH_THE_ORDER:
            return
        topic = letter.origin.topic
        yield alert_push(
            "dead_letter",
            letter.failure.error_class,
            f"A message in {topic} was parked: {letter.failure.message}",
            now=self.clock.now(),
            order_id=letter.order_id,
            topic=letter.record.topic,
        )

    def _rejections_of_others(self, outcomes: Iterable[StockOutcome]) -> Iterable[Push]:
        """Tell what was rejected, unless it was told before."""
        now = self.clock.now()
        for outcome in outcomes:
            order_id, told = outcome.order_id, self._told_rejections.get(outcome.order_id, -1)
            if outcome.kind is not OutcomeKind.REJECTED or told >= outcome.sequence:
                continue
            if len(self._told_rejections) >= _TOLD_MAX:
                self._told_rejections.clear()
            self._told_rejections[order_id] = outcome.sequence
            yield rejection_alert(outcome, outcome.order_number or order_id, now=now)

    def _level_pushes(self, levels: dict[ProductId, tuple[int, int]]) -> Iterable[Push]:
        """Tell the newest level of each product, unless a newer one was told before."""
        now = self.clock.now()
        for product_id, (version, stock) in levels.items():
            if self._versions.get(product_id, 0) >= version:
                continue
            if len(self._versions) >= _VERSIONS_MAX:
                self._versions.clear()
            self._versions[product_id] = version
            yield stock_push(product_id, stock, now=now)


def _first_of_each_order(outcomes: dict[int, StockOutcome]) -> dict[int, StockOutcome]:
    turn: dict[int, StockOutcome] = {}
    seen: set[OrderId] = set()
    for place, outcome in sorted(outcomes.items()):
        if outcome.order_id not in seen:
            seen.add(outcome.order_id)
            turn[place] = outcome
    return turn


def _note_levels(
    levels: dict[ProductId, tuple[int, int]], message: StockOutcome | StockAdjusted
) -> None:
    lines = message.lines if isinstance(message, StockOutcome) else (message,)
    for line in lines:
        known = levels.get(line.product_id)
        if known is None or known[0] < line.stock_version:
            levels[line.product_id] = (line.stock_version, line.stock)
