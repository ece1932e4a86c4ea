"""The story of an order: everything that carries its id, in time, read and never changed.

What was waited for is in the log, the ledger and the order's own history. Of a long log only the
parts near a moment at which something happened to the order are read, within a bound.
"""

import asyncio
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import attrs

from inventory_domain.dead_letters import DeadLetter, read_letter
from inventory_domain.ids import OrderId, ProductId, is_id
from inventory_domain.log_view import TopicInfo
from inventory_domain.orders import HistoryEntry, Order
from inventory_domain.partitioning import partition_for
from inventory_domain.ports import LogInspector, OrderStore, Outbox, StockStore
from inventory_domain.queries import PAGE_LIMIT_MAX, MovementQuery, OrderQuery
from inventory_domain.records import OutgoingRecord, Record
from inventory_domain.stock import Movement, Reservation
from inventory_domain.topics import DEAD_LETTER_SUFFIX, INVENTORY_ADJUSTED
from inventory_domain.use_cases.story_lines import PartitionLine
from inventory_domain.use_cases.timelines import Found, Window, find_within, windows_around

__all__ = ["Chapter", "Story", "StoryTeller", "Telling"]

T = TypeVar("T")

Telling = HistoryEntry | Movement | Record | DeadLetter
"""What a chapter tells: a change of the order, of a product's stock, or a record of the log."""

_RANK: dict[type[Telling], int] = {HistoryEntry: 0, Record: 1, Movement: 2, DeadLetter: 3}
_BEFORE = timedelta(seconds=2)
_AFTER = timedelta(seconds=30)
_READ_COUNT_MAX = 5_000
_WHOLE_COUNT_MAX = 1_500
_PENDING_COUNT_MAX = 1_000


@attrs.frozen
class Chapter:
    """One thing that happened, and when."""

    at: datetime
    what: Telling


@attrs.frozen(kw_only=True)
class Story:
    """Everything that was found of an order.

    ``pending`` waits in the outboxes to be published. Not ``is_complete``: a bound was reached,
    and there may be more.
    """

    order_id: OrderId
    order: Order | None
    reservation: Reservation | None
    chapters: tuple[Chapter, ...]
    pending: tuple[OutgoingRecord, ...]
    is_complete: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing carries the id."""
        return self.order is None and self.reservation is None and not self.chapters


@attrs.frozen(kw_only=True)
class StoryTeller:
    """Tells stories from what the stores and the log hold."""

    orders: OrderStore
    stock: StockStore
    inspector: LogInspector

    async def tell(self, id_or_number: str) -> Story | None:
        """Return the story of the order with this id or number; None if nothing carries it."""
        order = await self._find(id_or_number)
        if order is None and not is_id(id_or_number):
            return None
        order_id = OrderId(id_or_number) if order is None else order.order_id
        reservation = (await self.stock.load([order_id], ())).reservations.get(order_id)
        # Before the log: what is published meanwhile is then found twice, and not in neither.
        waiting = await self._pending(order_id)
        windows = windows_around(_moments(order, reservation), before=_BEFORE, after=_AFTER)
        records = await self._records(order_id, windows)
        movements = await self._movements(order_id, _products(order, reservation))
        tellings: list[Telling] = [*(order.history if order else ()), *movements.items]
        tellings.extend(map(_as_letter, records.items))
        published = {_identity(record) for record in records.items}
        story = Story(
            order_id=order_id,
            order=order,
            reservation=reservation,
            chapters=_in_time(tellings),
            pending=tuple(one for one in waiting if _identity(one) not in published),
            is_complete=records.is_complete and movements.is_complete,
        )
        return None if story.is_empty else story

    async def _find(self, id_or_number: str) -> Order | None:
        if is_id(id_or_number):
            order_id = OrderId(id_or_number)
            found = (await self.orders.get([order_id])).get(order_id)
            if found is not None:
                return found
        page = await self.orders.find(OrderQuery(search=id_or_number, limit=2))
        return next((one for one in page.items if one.order_number == id_or_number), None)

    async def _records(self, order_id: OrderId, windows: Sequence[Window]) -> Found[Record]:
        key = order_id.encode()
        lines = [_line_of(self.inspector, topic, key) for topic in await self.inspector.topics()]
        searches = (
            find_within(
                line,
                windows,
                lambda one: one.key == key,
                read_count_max=_READ_COUNT_MAX,
                whole_count_max=_WHOLE_COUNT_MAX,
            )
            for line in lines
            if line is not None
        )
        return _joined(await asyncio.gather(*searches))

    async def _movements(
        self, order_id: OrderId, product_ids: Iterable[ProductId]
    ) -> Found[Movement]:
        queries = (
            MovementQuery(product_id=product_id, order_id=order_id, limit=PAGE_LIMIT_MAX)
            for product_id in sorted(product_ids)
        )
        # In turn: a long ledger keeps a store busy, and others want to read meanwhile.
        pages = [await self.stock.find_movements(query) for query in queries]
        found = [Found(page.items[::-1], page.total <= PAGE_LIMIT_MAX) for page in pages]
        return _joined(found)

    async def _pending(self, order_id: OrderId) -> tuple[OutgoingRecord, ...]:
        outboxes: tuple[Outbox, ...] = (self.orders, self.stock)
        entries = [
            entry for outbox in outboxes for entry in await outbox.pending(_PENDING_COUNT_MAX)
        ]
        records = (record for entry in entries for record in entry.records)
        return tuple(record for record in records if record.key == order_id.encode())


def _moments(order: Order | None, reservation: Reservation | None) -> list[datetime]:
    moments = [] if order is None else [order.created_at, *(one.at for one in order.history)]
    return moments if reservation is None else [*moments, reservation.updated_at]


def _products(order: Order | None, reservation: Reservation | None) -> set[ProductId]:
    ordered = () if order is None else order.lines
    held = () if reservation is None else reservation.lines
    return {line.product_id for line in ordered} | {line.product_id for line in held}


def _line_of(inspector: LogInspector, topic: TopicInfo, key: bytes) -> PartitionLine | None:
    """Return the partition of *topic* in which the records with *key* lie."""
    if topic.name == INVENTORY_ADJUSTED or not topic.partitions:
        return None
    number = partition_for(key, len(topic.partitions))
    return PartitionLine(inspector, topic.name, topic.partitions[number])


def _identity(record: Record | OutgoingRecord) -> Hashable:
    # A dead letter of what was sent back has the topic and the bytes of the first one.
    return record.topic, record.value, record.headers


def _as_letter(record: Record) -> Telling:
    return read_letter(record) if record.topic.endswith(DEAD_LETTER_SUFFIX) else record


def _time_of(telling: Telling) -> datetime:
    if isinstance(telling, Record):
        return telling.timestamp
    return telling.record.timestamp if isinstance(telling, DeadLetter) else telling.at


def _in_time(tellings: Iterable[Telling]) -> tuple[Chapter, ...]:
    chapters = [Chapter(_time_of(telling), telling) for telling in tellings]
    return tuple(sorted(chapters, key=lambda one: (one.at, _RANK[type(one.what)])))


def _joined(found: Sequence[Found[T]]) -> Found[T]:
    items = tuple(item for part in found for item in part.items)
    return Found(items, all(part.is_complete for part in found))
