"""The end of a history: without faults everything comes to rest, and then it must all agree."""

from typing import Protocol

from inventory_domain.ids import OrderId
from inventory_domain.orders import Order, OrderStatus, StockState
from inventory_domain.stock import Reservation, ReservationState
from inventory_domain.testing.simulation.chaos import Chaos
from inventory_domain.testing.simulation.checks import Checks
from inventory_domain.testing.simulation.clients import Clients
from inventory_domain.testing.simulation.clock import SimulatedClock
from inventory_domain.testing.simulation.final_audit import audit_agrees
from inventory_domain.testing.simulation.parts import Durable, Parts
from inventory_domain.testing.simulation.plan import Plan
from inventory_domain.testing.simulation.stories import PLENTY
from inventory_domain.testing.simulation.watched_log import event_id_of
from inventory_domain.testing.simulation.witness import Witness
from inventory_domain.topics import ORDERS_GROUP, ORDERS_TOPICS, PRODUCTS_GROUP, PRODUCTS_TOPICS

__all__ = ["at_rest"]

_LOOK_SECONDS = 1.0
_REST_SECONDS_MAX = 400.0
_PATIENCE_US = 6_000_000
_LONG_PAUSE_SECONDS = 5.0

_STATE = ReservationState
# What the stock of an order may be, by the order's status, and what the order knows of it.
_AGREEING: dict[OrderStatus, dict[ReservationState, frozenset[StockState]]] = {
    OrderStatus.PENDING: {
        _STATE.RESERVED: frozenset({StockState.RESERVED}),
        _STATE.REJECTED: frozenset({StockState.REJECTED}),
    },
    OrderStatus.PROCESSING: {_STATE.RESERVED: frozenset({StockState.RESERVED})},
    OrderStatus.SHIPPED: {_STATE.RESERVED: frozenset({StockState.RESERVED})},
    OrderStatus.DELIVERED: {_STATE.CONSUMED: frozenset({StockState.CONSUMED})},
    OrderStatus.CANCELLED: {
        _STATE.RELEASED: frozenset({StockState.RELEASED}),
        _STATE.CANCELLED: frozenset({StockState.RELEASED, StockState.REJECTED}),
    },
}


# What it may be as well where a service gave it back, whatever the shop does with the order.
_MEDDLED: dict[ReservationState, frozenset[StockState]] = {
    _STATE.RELEASED: frozenset({StockState.RELEASED, StockState.CONSUMED}),
    _STATE.CANCELLED: frozenset({StockState.RELEASED, StockState.REJECTED}),
}


class Rested(Protocol):
    """What the end looks at."""

    plan: Plan
    parts: Parts
    chaos: Chaos
    checks: Checks
    clock: SimulatedClock
    durable: Durable
    witness: Witness
    clients: Clients
    again_count: int


async def at_rest(world: Rested) -> None:
    """Wait until nothing is left to do, and check that everything agrees."""
    waited = 0.0
    while left := await _left(world):
        if waited >= _REST_SECONDS_MAX:
            world.checks.fail("rest", f"after {waited:.0f} s there is still {left}")
            return
        await world.clock.sleep(_LOOK_SECONDS)
        waited += _LOOK_SECONDS
    world.checks.looked["rest"] += 1
    world.witness.endings.at_rest()
    await _orders_agree(world)
    await _calls_agree(world)
    _all_published(world)
    await audit_agrees(world)
    if world.chaos.is_calm:
        _calm(world)


async def _left(world: Rested) -> str:
    if world.again_count:
        return "a record under way"
    committed = world.witness.endings.committed
    wanted = {PRODUCTS_GROUP: PRODUCTS_TOPICS, ORDERS_GROUP: ORDERS_TOPICS}
    for group, topics in wanted.items():
        for at, records in world.witness.log.records.items():
            if at.topic in topics and committed.get((group, at), 0) < len(records):
                return f"a record in {at} that {group} has not committed"
    if await world.parts.order_store(world.durable).pending(1):
        return "an entry in the orders' outbox"
    if await world.parts.stock_store(world.durable).pending(1):
        return "an entry in the stock's outbox"
    return ""


async def _orders_agree(world: Rested) -> None:
    checks, watched = world.checks, world.witness.orders
    store = world.parts.order_store(world.durable)
    accepted = world.clients.accepted
    ids = [order.order_id for order in accepted.values()] + list(watched.orders)
    stored = await store.get(set(ids))
    held = (await world.parts.stock_store(world.durable).load(set(ids), ())).reservations
    for order in accepted.values():
        checks.that(
            "accepted",
            order.order_id in stored and stored[order.order_id].lines == order.lines,
            lambda: f"{order.order_id} was accepted and is stored as {stored.get(order.order_id)}",
        )
    for order_id, known in watched.orders.items():
        found = stored.get(order_id)
        checks.that(
            "customer_view",
            found == known,
            lambda: f"{order_id} was last stored as {known} and the store shows {found}",
        )
        meddled = order_id in world.clients.partners.meddled
        _outcome(checks, known, held.get(order_id), meddled=meddled)
    for order_id in world.clients.cancelled:
        checks.that(
            "accepted",
            watched.orders[order_id].status is OrderStatus.CANCELLED,
            lambda: f"{order_id} was cancelled, and is {watched.orders[order_id].status.label}",
        )


async def _calls_agree(world: Rested) -> None:
    told = world.clients.partners.told
    held = (await world.parts.stock_store(world.durable).load(told, ())).reservations
    for order_id, state in told.items():
        found = held.get(order_id)
        world.checks.that(
            "calls",
            found is not None and found.state is state,
            lambda: f"a service was told that the stock of {order_id} is {state}: it is {found}",
        )


def _outcome(checks: Checks, order: Order, held: Reservation | None, *, meddled: bool) -> None:
    state = None if held is None else held.state
    allowed: set[StockState] = set()
    if state is not None:
        allowed.update(_AGREEING[order.status].get(state, ()))
        allowed.update(_MEDDLED.get(state, ()) if meddled else ())
    agree = (
        held is not None
        and order.stock_state in allowed
        and order.inventory_sequence == held.sequence
    )
    checks.that(
        "outcomes",
        agree,
        lambda: (
            f"{order.order_id} is {order.status.label} with stock {order.stock_state} "
            f"(number {order.inventory_sequence}), its reservation is {state} "
            f"(number {None if held is None else held.sequence})"
        ),
    )


def _all_published(world: Rested) -> None:
    told = world.witness.orders.events
    for record in (*told, *world.witness.stock.events):
        world.checks.that(
            "published",
            record in world.witness.log,
            lambda: f"{record.topic} {event_id_of(record)} was stored and never published",
        )


def _calm(world: Rested) -> None:
    """What holds where nothing went wrong."""
    witness, checks = world.witness, world.checks
    for order_id, order in witness.orders.orders.items():
        pushed = witness.orders.pushed.get(order_id, 0)
        checks.that(
            "pushes_complete",
            pushed == order.version,
            lambda: f"{order_id} is at version {order.version}, its customer was told of {pushed}",
        )
    temper = world.plan.temper
    if temper.retry_pause_seconds < _LONG_PAUSE_SECONDS or temper.open_count_max < 1000:  # noqa: PLR2004
        return
    patience_us = _PATIENCE_US
    if temper.orders_processes > 1:
        # What one stores the other may have to publish, who then finds it when it looks.
        patience_us += round(temper.poll_seconds * 1_000_000)
    for key, answered_us in witness.log.first_answer_us.items():
        order_id = OrderId(key)
        if set(witness.orders.wanted.get(order_id, ())) == {PLENTY}:
            since = answered_us - witness.orders.begun_us[order_id]
            checks.that(
                "no_holding_up",
                since <= patience_us,
                lambda: f"{order_id} waited {since / 1_000_000:.1f} s, and its stock was there",
            )
