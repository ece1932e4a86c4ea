"""How each message ended, read off what is durable and never off what the consumer says."""

from collections import Counter
from collections.abc import Mapping

from inventory_domain.dead_letters import redrive_count
from inventory_domain.ids import OrderId
from inventory_domain.records import Record, TopicPartition
from inventory_domain.stock import Reservation, ReservationState
from inventory_domain.testing.simulation.checks import Checks
from inventory_domain.testing.simulation.watched_log import (
    OUTCOMES,
    SHORTAGES,
    WatchedLog,
    content,
    event_id_of,
)
from inventory_domain.testing.simulation.watched_orders import WatchedOrders
from inventory_domain.testing.simulation.watched_stock import WatchedStock
from inventory_domain.topics import (
    INVENTORY_RELEASE,
    INVENTORY_RESERVE,
    ORDER_COMPLETED,
    ORDERS_GROUP,
    ORDERS_TOPICS,
    PRODUCTS_GROUP,
    PRODUCTS_TOPICS,
)

__all__ = ["Endings"]

APPLIED, DUPLICATE, SUPERSEDED, DEAD = "applied", "duplicate", "superseded", "dead_lettered"

_STATE = ReservationState
_GIVEN_UP = frozenset({_STATE.RELEASED, _STATE.CANCELLED})


class Endings:
    """Says of each record whether it has ended, and holds the commits against that."""

    def __init__(
        self, checks: Checks, orders: WatchedOrders, stock: WatchedStock, log: WatchedLog
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.committed: dict[tuple[str, TopicPartition], int] = {}
        self._checks = checks
        self._orders = orders
        self._stock = stock
        self._log = log

    def commit(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        """Look at offsets that *group* has committed."""
        for at, offset in offsets.items():
            before = self.committed.get((group, at), 0)
            self._checks.that(
                "offsets_forward",
                offset >= before,
                lambda: f"{group} went back from {before} to {offset} in {at}",
            )
            self.committed[group, at] = max(offset, before)
            if self._stock.writes.is_behind or self._orders.writes.is_behind:
                continue
            for record in self._log.records.get(at, [])[before:offset]:
                self._checks.that(
                    "offsets",
                    self.of(record) is not None,
                    lambda: (
                        f"{group} committed {offset} in {at}, past offset {record.offset} "
                        f"({event_id_of(record) or 'a broken message'}), which has not ended"
                    ),
                )
                self._is_answered(record)

    def of(self, record: Record) -> str | None:
        """Return how *record* ended, None: it has not."""
        if (record.topic, record.partition, record.offset) in self._log.letters:
            return DEAD
        if content(record) in self._log.foreign:
            return self._of_foreign(record)
        if record.topic in PRODUCTS_TOPICS:
            return self._of_request(record)
        if record.topic in OUTCOMES:
            order_id, _, number = event_id_of(record).partition(".stock.")
            order = self._orders.orders.get(OrderId(order_id))
            followed = order is None or order.inventory_sequence >= int(number)
            return APPLIED if followed else None
        # News of a product's stock, and dead letters: they are for the eyes alone.
        return APPLIED

    def at_rest(self) -> None:
        """Look at every record once everything has come to rest."""
        wanted = {PRODUCTS_GROUP: PRODUCTS_TOPICS, ORDERS_GROUP: ORDERS_TOPICS}
        for group, topics in wanted.items():
            for at, records in self._log.records.items():
                if at.topic in topics:
                    self._all_ended(group, at, records)

    def _all_ended(self, group: str, at: TopicPartition, records: list[Record]) -> None:
        done = self.committed.get((group, at), 0)
        for record in records:
            ending = self.of(record)
            self.counts[ending or "none"] += 1
            twice = ending == DEAD and self._was_applied(record)
            self._checks.that(
                "one_ending",
                ending is not None and record.offset < done and not twice,
                lambda: (
                    f"{event_id_of(record) or 'a broken message'} at {record.offset} in {at} "
                    + ("was applied and parked" if twice else f"ended as {ending}, read to {done}")
                ),
            )

    def _was_applied(self, record: Record) -> bool:
        letter = self._log.letters[record.topic, record.partition, record.offset]
        request = (event_id_of(record), redrive_count(record.headers))
        return letter.failure.error_class in SHORTAGES and request in self._stock.applied

    def _of_foreign(self, record: Record) -> str | None:
        """Only a request for other items of an order can end without a dead letter."""
        held = self._held(record)
        if record.topic != INVENTORY_RESERVE or held is None or not event_id_of(record):
            return None
        over = held.state in _GIVEN_UP or held.state is _STATE.CONSUMED
        return SUPERSEDED if over else None

    def _of_request(self, record: Record) -> str | None:  # noqa: PLR0911 - one for each ending
        held = self._held(record)
        if held is None:
            return None
        event_id, redrives = event_id_of(record), redrive_count(record.headers)
        ended = APPLIED if self._log.is_first(record) else DUPLICATE
        if record.topic == INVENTORY_RELEASE:
            return ended if held.state in _GIVEN_UP or held.state is _STATE.CONSUMED else None
        if record.topic == ORDER_COMPLETED:
            if held.state in _GIVEN_UP:
                return SUPERSEDED
            over = held.state in (_STATE.CONSUMED, _STATE.DELIVERED_EARLY)
            return ended if over else None
        if held.state in _GIVEN_UP:
            return ended if (event_id, redrives) in self._stock.applied else SUPERSEDED
        if held.state is _STATE.REJECTED:
            same = held.event_id == event_id and held.redrives >= redrives
            return ended if same and self._is_parked(held) else None
        return None if held.state is _STATE.DELIVERED_EARLY else ended

    def _is_parked(self, held: Reservation) -> bool:
        """Tell whether the request that was finally rejected lies with the dead letters."""
        final_at_once = any(line.reason == "price_changed" for line in held.refused)
        return final_at_once or (held.event_id, held.redrives) in self._log.parked

    def _is_answered(self, record: Record) -> None:
        """Whoever asks is told, also whoever asks again."""
        held = self._held(record)
        if record.topic == INVENTORY_RESERVE and held is not None:
            asks = held.state not in _GIVEN_UP
        else:
            asks = record.topic == INVENTORY_RELEASE and held is not None
            asks = asks and held is not None and held.state in _GIVEN_UP
        if not asks or content(record) in self._log.foreign:
            return
        self._checks.that(
            "answered",
            self._log.answered.get(_order_id(record), 0) > self._log.place_of(record),
            lambda: (
                f"{event_id_of(record)} at {record.offset} in {record.topic_partition} ended "
                "and nobody was told since it came"
            ),
        )

    def _held(self, record: Record) -> Reservation | None:
        return self._stock.reservations.get(OrderId(_order_id(record)))


def _order_id(record: Record) -> str:
    return (record.key or b"").decode("utf-8", "replace")
