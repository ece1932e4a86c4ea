"""Bugs of the kind that real systems have had, each planted around the real parts."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from inventory_domain.errors import StockConflict
from inventory_domain.ids import EventId, ProductId
from inventory_domain.order_requests import OrderChange
from inventory_domain.orders import Order, OrderStatus, StockState
from inventory_domain.records import OutgoingRecord, TopicPartition
from inventory_domain.stock import (
    Release,
    ReservationState,
    Reserve,
    StockChange,
    StockView,
)
from inventory_domain.stock_decisions import Decision, Verdict, touched
from inventory_domain.testing.fakes import (
    Faults,
    MemoryOrderStore,
    MemoryStockStore,
)
from inventory_domain.testing.simulation import Durable, Parts
from inventory_domain.use_cases.change_order import ChangeOrder
from inventory_domain.use_cases.consume import (
    Consumer,
    HandlerResult,
    TryAgain,
)
from inventory_domain.use_cases.follow_stock import StockFollower
from inventory_domain.use_cases.place_order import Placed, PlaceOrder
from inventory_domain.use_cases.progress import Progress
from inventory_domain.use_cases.relay_outbox import OutboxRelay
from inventory_domain.use_cases.stock_ledger import StockLedger
from inventory_domain.use_cases.waiting_room import Delivery
from inventory_domain.writes import Added, AddResult, OrderWrite, Saved, SaveResult

__all__ = ["BUGS"]


async def _at_once(_call: str) -> None:
    return


# --- consumers ------------------------------------------------------------------------------------


class CommitsFirst(Consumer):
    """Commits a batch's offsets before it does what the records say."""

    async def _work(self) -> None:
        async with self._subscription.batch(
            count_max=self._settings.batch_count_max, wait_seconds=self._patience_seconds()
        ) as batch:
            self._waiting.drop(self._progress.follow(batch.assigned))
            self._progress.begin(batch.records)
            ends = {record.topic_partition: record.offset + 1 for record in batch.records}
            if ends:
                await batch.commit(ends)
            deliveries = self._line_up(batch.records)
            if deliveries:
                await self._settle(deliveries, await self._handler.handle(deliveries))


class ForgetsWaiting(Consumer):
    """Holds what waits for its next try in memory alone: its offset is committed."""

    def _wait(self, delivery: Delivery, *, is_fault: bool) -> None:
        super()._wait(delivery, is_fault=is_fault)
        self._progress.end(delivery.record)


class _GenerousProgress(Progress):
    """Keeps counting in a partition that left and came back, as if nothing were open there."""

    def follow(self, assigned: Mapping[TopicPartition, int]) -> set[TopicPartition]:
        moved = {
            at
            for at, known in self._partitions.items()
            if at in assigned and assigned[at] != known.assignment
        }
        for at in moved:
            self._partitions[at].assignment = assigned[at]
            self._partitions[at].open.clear()
        return moved | super().follow(assigned)


class DropsWaitingAtRebalance(Consumer):
    """Drops what waits when the partitions move, and commits past it where they come back."""

    def __init__(self, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        self._progress = _GenerousProgress()


class BuriesLast(Consumer):
    """Commits the offset of a broken message before its dead letter is written."""

    _late: Any = ()

    async def _bury(self, broken: Any) -> None:
        self._late = broken

    async def _work(self) -> None:
        self._late = ()
        await super()._work()
        await super()._bury(self._late)


class NeverBuries(Consumer):
    """Skips a broken message in silence."""

    async def _bury(self, broken: Any) -> None:
        return


class WaitsOnTheSpot(Consumer):
    """Sleeps through the pause before a retry, with everything behind it."""

    async def _settle(
        self, deliveries: Sequence[Delivery], results: Sequence[HandlerResult]
    ) -> None:
        await super()._settle(deliveries, results)
        if any(isinstance(result, TryAgain) for result in results):
            await self._clock.sleep(self._settings.retry_pause_seconds)


class GivesUpOnRefusal(Consumer):
    """Takes a refused commit for a success and reads on."""

    async def _start_over(self, outage: Exception | None) -> None:
        self.outage = outage


# --- handlers -------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class NoOutboxLedger(StockLedger):
    """Stores without the events, and publishes them itself when it is lucky."""

    async def _try(self, commands: Any, further_events: Any) -> Any:
        decision = self.decide(commands, await self.store.load(*touched(commands)))
        decided = tuple(zip(commands, decision.outcomes, strict=True))
        change = attrs.evolve(decision.change, events=())
        if not change.is_empty:
            try:
                await self.store.commit(change)
            except StockConflict:
                return None
            relay = self.nudge_relay.__self__  # type: ignore[attr-defined]
            await relay._log.publish([*decision.change.events, *further_events(decided)])
        return decision.outcomes


@attrs.frozen(kw_only=True)
class SilentDuplicates(StockLedger):
    """Does not answer again whoever asks again."""

    def decide(self, commands: Any, view: StockView) -> Decision:
        decision = StockLedger.decide(self, commands, view)
        again = {
            outcome.event for outcome in decision.outcomes if outcome.verdict is Verdict.DUPLICATE
        }
        events = tuple(event for event in decision.change.events if event not in again)
        return attrs.evolve(decision, change=attrs.evolve(decision.change, events=events))


@attrs.frozen(kw_only=True)
class TellsFirst(StockLedger):
    """Publishes the outcome and commits after that."""

    async def _try(self, commands: Any, further_events: Any) -> Any:
        decision = self.decide(commands, await self.store.load(*touched(commands)))
        relay = self.nudge_relay.__self__  # type: ignore[attr-defined]
        await relay._log.publish(decision.change.events)
        return await StockLedger._try(self, commands, further_events)


@attrs.frozen(kw_only=True)
class StaleRetry(StockLedger):
    """After a conflict decides again over the view that it had, past the guards."""

    async def _try(self, commands: Any, further_events: Any) -> Any:
        view = await self.store.load(*touched(commands))
        decision = self.decide(commands, view)
        decided = tuple(zip(commands, decision.outcomes, strict=True))
        events = decision.change.events + further_events(decided)
        change = attrs.evolve(decision.change, events=events)
        try:
            if not change.is_empty:
                await self.store.commit(change)
        except StockConflict:
            now = await self.store.load(*touched(commands))
            products = tuple(
                attrs.evolve(
                    write,
                    product=attrs.evolve(
                        write.product, version=now.products[write.product.product_id].version + 1
                    ),
                    expected_version=now.products[write.product.product_id].version,
                )
                for write in change.products
                if write.product.product_id in now.products
            )
            movements = tuple(
                attrs.evolve(one, number=now.products[one.product_id].version + 1 + place)
                for place, one in enumerate(change.movements)
            )
            try:
                await self.store.commit(
                    attrs.evolve(change, products=products, movements=movements)
                )
            except StockConflict:
                return None
        return decision.outcomes


@attrs.frozen(kw_only=True)
class ForgivingRelease(StockLedger):
    """Gives an order's stock back at every release, whatever it holds."""

    def decide(self, commands: Any, view: StockView) -> Decision:
        reopened = {
            key: attrs.evolve(held, state=ReservationState.RESERVED)
            if held.state is ReservationState.RELEASED
            and any(isinstance(one, Release) and one.order_id == key for one in commands)
            else held
            for key, held in view.reservations.items()
        }
        products = {
            key: attrs.evolve(product, reserved=product.reserved + 1000, received=product.received)
            for key, product in view.products.items()
        }
        if reopened == dict(view.reservations):
            return StockLedger.decide(self, commands, view)
        decision = StockLedger.decide(self, commands, StockView(reopened, products))
        clamped = tuple(
            attrs.evolve(
                write,
                product=attrs.evolve(write.product, reserved=max(write.product.reserved - 1000, 0)),
            )
            for write in decision.change.products
        )
        return attrs.evolve(decision, change=attrs.evolve(decision.change, products=clamped))


@attrs.frozen(kw_only=True)
class ForgetsReleases(StockLedger):
    """Forgets a reservation with its release: a late reserve takes the stock again."""

    def decide(self, commands: Any, view: StockView) -> Decision:
        reserves = {one.order_id for one in commands if isinstance(one, Reserve)}
        forgotten = {
            key: attrs.evolve(held, state=ReservationState.REJECTED, event_id=EventId("forgotten"))
            if held.state in (ReservationState.RELEASED, ReservationState.CANCELLED)
            and key in reserves
            else held
            for key, held in view.reservations.items()
        }
        return StockLedger.decide(self, commands, StockView(forgotten, view.products))


@attrs.frozen(kw_only=True)
class ForgetsSecondLine(StockLedger):
    """Takes the first of several lines of a product alone."""

    def decide(self, commands: Any, view: StockView) -> Decision:
        return StockLedger.decide(self, [self._cut(command) for command in commands], view)

    @staticmethod
    def _cut(command: Any) -> Any:
        if not isinstance(command, Reserve):
            return command
        lines = tuple(
            attrs.evolve(line, quantity=2) if line.quantity > 3 else line for line in command.lines
        )
        return attrs.evolve(command, lines=lines)


@attrs.frozen(kw_only=True)
class HalfOrders(StockLedger):
    """Reserves those lines that can be had."""

    def decide(self, commands: Any, view: StockView) -> Decision:
        cut = []
        for command in commands:
            if isinstance(command, Reserve):
                had = tuple(
                    line
                    for line in command.lines
                    if line.product_id in view.products
                    and view.products[line.product_id].stock >= line.quantity
                )
                cut.append(attrs.evolve(command, lines=had or command.lines))
            else:
                cut.append(command)
        return StockLedger.decide(self, cut, view)


@attrs.frozen(kw_only=True)
class AnswersLosers(StockLedger):
    """Answers a call that lost against another instance as if its change were stored."""

    async def apply(
        self, commands: Any, further_events: Any = lambda _decided: (), *, whole: bool = False
    ) -> Any:
        if not whole:
            return await StockLedger.apply(self, commands, further_events)
        stored = await self._try(commands, further_events)
        return stored or await self.preview(commands)


class IgnoresSequence(StockFollower):
    """Applies whatever outcome comes, also one that is older than what it knows."""

    async def _save(self, turn: Any, orders: Any, applied: Any) -> Any:
        turn = {
            place: attrs.evolve(outcome, sequence=orders[outcome.order_id].inventory_sequence + 1)
            if outcome.order_id in orders
            else outcome
            for place, outcome in turn.items()
        }
        return await super()._save(turn, orders, applied)


class FollowerSkipsRaces(StockFollower):
    """Drops an outcome that lost a race against somebody else's change of the order."""

    async def _save(self, turn: Any, orders: Any, applied: Any) -> Any:
        await super()._save(turn, orders, applied)
        return {}


class RelayMarksFirst(OutboxRelay):
    """Marks entries before the log has acknowledged them."""

    async def flush(self) -> int:
        async with self._turn:
            entries = await self._outbox.pending(self._settings.entry_count_max)
            await self._outbox.mark_published([entry.entry_id for entry in entries])
            await self._log.publish([rec for entry in entries for rec in entry.records])
            return len(entries)


class RelayReverses(OutboxRelay):
    """Publishes the newest entries first."""

    async def flush(self) -> int:
        async with self._turn:
            entries = list(await self._outbox.pending(self._settings.entry_count_max))
            entries.reverse()
            await self._log.publish([rec for entry in entries for rec in entry.records])
            await self._outbox.mark_published([entry.entry_id for entry in entries])
            return len(entries)


@attrs.frozen(kw_only=True)
class ForgetsKeys(PlaceOrder):
    """Forgets the idempotency key."""

    async def __call__(self, draft: Any, **named: Any) -> Placed:
        return await PlaceOrder.__call__(self, attrs.evolve(draft, idempotency=None), **named)


@attrs.frozen(kw_only=True)
class PlacesWithoutOutbox(PlaceOrder):
    """Stores the order, and publishes its events after that."""

    async def __call__(self, draft: Any, **named: Any) -> Placed:
        events: list[OutgoingRecord] = []
        relay = self.nudge_relay.__self__  # type: ignore[attr-defined]
        store: Any = _Bare(self.store, events)
        bare = attrs.evolve(self, store=store)
        placed = await PlaceOrder.__call__(bare, draft, **named)
        await relay._log.publish(events)
        return placed


class _Bare:
    def __init__(self, inner: Any, events: list[OutgoingRecord]) -> None:
        self._inner = inner
        self._events = events

    async def add(self, writes: Sequence[OrderWrite]) -> Sequence[AddResult]:
        results = await self._inner.add([OrderWrite(write.order) for write in writes])
        for write, result in zip(writes, results, strict=True):
            if isinstance(result, Added):
                self._events += write.events
        return results  # type: ignore[no-any-return]


@attrs.frozen(kw_only=True)
class ShipsWhateverItHolds(ChangeOrder):
    """Asks whether the stock is reserved when an order is begun, and never again."""

    async def _change(self, order_id: Any, decide: Any, expected_version: Any) -> OrderChange:
        def trusting(order: Order) -> OrderChange:
            if order.status is OrderStatus.PENDING:
                return decide(order)  # type: ignore[no-any-return]
            change = decide(attrs.evolve(order, stock_state=StockState.RESERVED))
            return OrderChange(order, change.order, change.messages)

        return await ChangeOrder._change(self, order_id, trusting, expected_version)


# --- stores ---------------------------------------------------------------------------------------


class UnguardedStock(MemoryStockStore):
    """Ignores the expected versions."""

    def _check(self, change: StockChange) -> None:
        return


class ForgetfulStock(MemoryStockStore):
    """Loses the reservation of a release now and then: the product is written alone."""

    def _apply(self, change: StockChange) -> None:
        kept = tuple(
            write
            for write in change.reservations
            if write.reservation.state is not ReservationState.RELEASED
        )
        super()._apply(attrs.evolve(change, reservations=kept))


class StaleStock(MemoryStockStore):
    """Shows what it showed this process before."""

    _shown: dict[ProductId, Any] | None = None

    async def load(self, order_ids: Any, product_ids: Any) -> StockView:
        view = await super().load(order_ids, product_ids)
        if self._shown is None:
            self._shown = {}
        shown = {key: self._shown.setdefault(key, found) for key, found in view.products.items()}
        return StockView(view.reservations, shown)


class UnguardedOrders(MemoryOrderStore):
    """Ignores the versions: the last writer wins."""

    def _save(self, write: OrderWrite) -> SaveResult:
        self._put(write)
        return Saved()


def _stock(kind: type[MemoryStockStore]) -> Parts:
    return Parts(stock_store=lambda durable: kind(durable.stock, Faults("stock store", _at_once)))


def _orders(durable: Durable) -> MemoryOrderStore:
    return UnguardedOrders(durable.orders, Faults("order store", _at_once))


BUGS: Mapping[str, tuple[Parts, str]] = {
    # name: the parts, and the faults that it takes
    "commit before the effect": (Parts(consumer=CommitsFirst), ""),
    "what waits is committed": (Parts(consumer=ForgetsWaiting), ""),
    "waiting dropped at a rebalance": (Parts(consumer=DropsWaitingAtRebalance), "rebalance=0.1"),
    "dead letter after the offset": (Parts(consumer=BuriesLast), "broken=0.3"),
    "no dead letter": (Parts(consumer=NeverBuries), "broken=0.3"),
    "a retry holds up its partition": (Parts(consumer=WaitsOnTheSpot), ""),
    "a refused commit taken for success": (Parts(consumer=GivesUpOnRefusal), "store_outage=0.2"),
    "outcomes without an outbox": (Parts(ledger=NoOutboxLedger), "publish_lost=0.1"),
    "orders without an outbox": (Parts(place_order=PlacesWithoutOutbox), "crash=0.01"),
    "a duplicate is not answered": (Parts(ledger=SilentDuplicates), "duplicate=0.3"),
    "outcome before the commit": (Parts(ledger=TellsFirst), ""),
    "a conflict redecided on the stale view": (Parts(ledger=StaleRetry), "conflict=0.2"),
    "release gives back twice and clamps": (Parts(ledger=ForgivingRelease), "duplicate=0.3"),
    "reserve after its release": (Parts(ledger=ForgetsReleases), "duplicate=0.3"),
    "second line forgotten": (Parts(ledger=ForgetsSecondLine), ""),
    "half an order": (Parts(ledger=HalfOrders), ""),
    "an old outcome is applied": (Parts(order_handler=IgnoresSequence), "duplicate=0.3"),
    "an outcome lost in a race": (
        Parts(order_handler=FollowerSkipsRaces),
        "late=0.3 stall=0.01 repeat=0.8",
    ),
    "relay marks before the acknowledgement": (Parts(relay=RelayMarksFirst), "publish_lost=0.1"),
    "relay publishes the newest first": (Parts(relay=RelayReverses), "broker_outage=0.3"),
    "idempotency key forgotten": (Parts(place_order=ForgetsKeys), "repeat=0.3"),
    "shipped though its stock was given back": (Parts(change_order=ShipsWhateverItHolds), ""),
    "a call that lost answered as if it had won": (Parts(ledger=AnswersLosers), "conflict=0.2"),
    "stock guards ignored": (_stock(UnguardedStock), "conflict=0.2"),
    "order versions ignored": (Parts(order_store=_orders), "repeat=0.8"),
    "a store that loses part of a change": (_stock(ForgetfulStock), ""),
    "a store that shows old stock": (_stock(StaleStock), ""),
}
"""Each bug by name: the parts with it, and the faults that bring it out."""
