"""The ports: what the domain needs from the world, and what each promises.

Every method that reaches the world may raise ``DependencyUnavailable``; then nothing is known
of a write that was under way. Everything on the hot path takes and gives batches; a batch of
one is the ordinary case. One contract suite a port, in ``inventory_domain.testing.contracts``,
proves these promises on every adapter.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from inventory_domain.audit import AuditPart
from inventory_domain.ids import OrderId, ProductId, UserId
from inventory_domain.log_view import GroupInfo, TopicInfo
from inventory_domain.orders import Order
from inventory_domain.queries import MovementQuery, OrderQuery, Page, ProductQuery
from inventory_domain.records import OutgoingRecord, Record, TopicPartition
from inventory_domain.stock import Movement, Product, StockChange, StockView
from inventory_domain.writes import AddResult, OrderWrite, OutboxEntry, Push, SaveResult

__all__ = [
    "Batch",
    "Clock",
    "EventLog",
    "IdSource",
    "LogInspector",
    "Notifier",
    "OrderStore",
    "Outbox",
    "StockStore",
    "Subscription",
    "Turns",
]


class Clock(Protocol):
    """Time, from outside."""

    def now(self) -> datetime:
        """Return the present instant: aware, UTC, whole milliseconds."""

    async def sleep(self, seconds: float) -> None:
        """Return after *seconds*."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Return True as soon as *event* is set, False if it is not within *seconds*."""


class IdSource(Protocol):
    """New ids and chance, from outside."""

    def new_id(self) -> str:
        """Return an id that was never given before, fit for orders, products and events."""

    def order_number(self, now: datetime) -> str:
        """Return a number of the form ``ORD-<milliseconds of now>-<4 of A-Z, 0-9>``."""

    def jitter(self) -> float:
        """Return a random number, 0 <= x < 1."""


class Outbox(Protocol):
    """Records that were stored together with the state they tell of, until they are published."""

    async def pending(self, count_max: int) -> Sequence[OutboxEntry]:
        """Return up to *count_max* entries not yet marked, oldest first; fewer if they are large.

        All entries of one order are in the order in which its changes were stored.
        """

    async def mark_published(self, entry_ids: Sequence[str]) -> None:
        """Forget these entries; one that is not there is passed over."""

    async def acquire_relay(self, holder: str, *, now: datetime, until: datetime) -> bool:
        """Take or prolong the lease to publish, and tell whether *holder* has it.

        A lease that ended before *now* can be taken by anybody; so can one that ends more than
        twice as long after *now* as the wanted one, since whoever took it had a clock that was
        fast. With *until* at *now* the holder gives its lease back, and another's stays as it is.
        It keeps two relays from doing the same work; if both believe they hold it there are
        duplicates, never a loss.
        """


class OrderStore(Outbox, Protocol):
    """The orders, each with the events that its changes gave rise to."""

    async def add(self, writes: Sequence[OrderWrite]) -> Sequence[AddResult]:
        """Store new orders, each with its events or not at all; one result each, in order.

        ``Added``; ``KeyKnown`` with the stored order if its idempotency key (subject and key)
        is there, in the store or earlier in *writes*; else ``NumberTaken`` if its order number
        is. *writes* are taken in turn, each seeing those before it. Durable on return.
        """

    async def save(self, writes: Sequence[OrderWrite]) -> Sequence[SaveResult]:
        """Store changed orders, each with its events or not at all; one result each, in order.

        The stored version must be ``order.version - 1``: else ``Conflict`` with the stored
        order (None: it is not there), and nothing of that write is stored. *writes* are taken in
        turn, each seeing those before it. Durable on return.
        """

    async def get(self, order_ids: Collection[OrderId]) -> Mapping[OrderId, Order]:
        """Return those of the orders that are there."""

    async def by_idempotency_key(self, subject: UserId, key: str) -> Order | None:
        """Return the order that was placed with this key by this subject."""

    async def find(self, query: OrderQuery) -> Page[Order]:
        """Return one page of the orders that match, and how many match in all."""


class StockStore(Outbox, Protocol):
    """Products, reservations and the ledger of movements."""

    async def load(
        self, order_ids: Collection[OrderId], product_ids: Collection[ProductId]
    ) -> StockView:
        """Return one consistent moment of these reservations and products.

        The products that the found reservations name are there as well.
        """

    async def commit(self, change: StockChange) -> None:
        """Make *change* durable, all or nothing; its events become one or more outbox entries.

        Raises:
            StockConflict: a stored version is not the expected one, a new product or
                reservation is there already, or a movement's number is taken; nothing changed.
        """

    async def find_products(self, query: ProductQuery) -> Page[Product]:
        """Return one page of the products that match, and how many match in all.

        With ``query.by_match`` the best match comes first, see ``queries.match_rank``; without
        a search text that is the order of the names.
        """

    async def find_movements(self, query: MovementQuery) -> Page[Movement]:
        """Return one page of a product's ledger, newest first, and how many entries match."""

    def audit_parts(self) -> AsyncIterator[AuditPart]:
        """Yield everything the audit needs, from one consistent moment, in parts.

        A product's movements come in the order of their numbers.
        """


class Turns(Protocol):
    """Lets the instances of a service go one after the other, where all want the same products.

    A courtesy: nothing is wrong if two have their turn at once, one of them only loses a race.
    """

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Return a turn, to be entered when it comes and left as soon as the work is done.

        An instance that dies during its turn holds up the others for some seconds at most.
        """


class Batch(Protocol):
    """Records handed to one member, and the partitions it owns while it works on them."""

    @property
    def records(self) -> Sequence[Record]:
        """The records, in offset order within each partition."""

    @property
    def assigned(self) -> Mapping[TopicPartition, int]:
        """The partitions that are the member's, each with the number of its assignment.

        There are none while a rebalance is under way.
        A partition that left and came back has another number; what was remembered about it
        no longer counts, since its records come again from the last commit.
        """

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Say durably that all records before these offsets have ended.

        Raises:
            CommitRefused: a partition belongs to somebody else now; none was committed.
        """


class Subscription(Protocol):
    """One member of a consumer group. It works on one batch at a time."""

    def batch(
        self,
        *,
        count_max: int,
        wait_seconds: float,
        paused: Collection[TopicPartition] = (),
    ) -> AbstractAsyncContextManager[Batch]:
        """Wait up to *wait_seconds* for records and enter the work on at most *count_max*.

        None of the member's partitions is given to somebody else while the context is
        entered, within the limits of the log's session. Records come from the position after
        those handed out before; a new assignment begins at the group's last commit, or at the
        beginning. *paused* partitions give no records this time.
        """

    async def rewind(self) -> None:
        """Go back to the last commit: everything not committed is handed out again."""

    async def aclose(self) -> None:
        """Leave the group; the partitions go to the other members."""


class EventLog(Protocol):
    """Topics with partitions, consumer groups and offsets."""

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        """Append *records* and return when all of them are durable.

        Records with one key go to one partition of their topic, in the order given. On an
        error any part of them may have arrived.

        Raises:
            RecordTooLarge: one of them, or all together, are more than the log ever takes;
                publishing goes on with whatever is smaller.
        """

    async def subscribe(self, group: str, topics: Sequence[str]) -> Subscription:
        """Join *group* as a new member for *topics*."""


class LogInspector(Protocol):
    """A look at the log from outside, read-only: it never joins a group."""

    async def topics(self) -> Sequence[TopicInfo]:
        """Return every topic with its partitions and their offsets."""

    async def groups(self) -> Sequence[GroupInfo]:
        """Return every group with its members, their partitions, and committed offsets."""

    async def read(self, at: TopicPartition, *, start: int, count_max: int) -> Sequence[Record]:
        """Return up to *count_max* records from offset *start* on, or from the first kept.

        Fewer if they are large, so that reading is bounded in bytes as well; none only if there
        is none. Whoever wants the rest reads on behind the last.
        """


class Notifier(Protocol):
    """Pushes to the rooms of connected clients: for the eyes, best effort."""

    def push(self, pushes: Sequence[Push]) -> None:
        """Hand over *pushes* and return at once; never fails, never waits.

        A client gets the pushes of one room in the order given. What cannot be delivered is
        dropped, and the memory used for a slow client is bounded.
        """
