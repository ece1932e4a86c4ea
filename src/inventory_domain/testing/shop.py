"""The whole shop in memory: the real use cases over the fakes, for fast tests of whole stories."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from inventory_domain.audit import Auditor, AuditReport
from inventory_domain.codec import Codec
from inventory_domain.dead_letters import DeadLetter
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.ids import OrderId, ProductId, UserId
from inventory_domain.money import Money
from inventory_domain.order_requests import Actor, Draft
from inventory_domain.orders import Order, OrderLine
from inventory_domain.records import Record, TopicPartition
from inventory_domain.stock import Product
from inventory_domain.stock_outcomes import StockPolicy
from inventory_domain.testing.fakes import (
    MemoryBroker,
    MemoryEventLog,
    MemoryOrderStore,
    MemoryStockStore,
    RecordingNotifier,
    SequentialIds,
    VirtualClock,
)
from inventory_domain.topics import (
    ALL_TOPICS,
    INVENTORY_RELEASE,
    ORDERS_GROUP,
    ORDERS_TOPICS,
    PRODUCTS_GROUP,
    PRODUCTS_TOPICS,
)
from inventory_domain.use_cases.change_order import ChangeOrder
from inventory_domain.use_cases.consume import Consumer, ConsumerSettings
from inventory_domain.use_cases.follow_stock import StockFollower
from inventory_domain.use_cases.keep_catalogue import KeepCatalogue, ProductDraft
from inventory_domain.use_cases.keep_stock import StockKeeper
from inventory_domain.use_cases.place_order import PlaceOrder
from inventory_domain.use_cases.redrive import DeadLetterFilter, Redrive
from inventory_domain.use_cases.relay_outbox import OutboxRelay
from inventory_domain.use_cases.serve_stock import ServeStock
from inventory_domain.use_cases.stock_ledger import StockLedger

__all__ = ["ADMIN", "MemoryShop"]

ADMIN = Actor(subject=UserId("admin"), is_admin=True)

_TURNS_MAX = 10_000


class MemoryShop:
    """Both services in one object. Nothing runs by itself: :meth:`settle` lets it come to rest.

    Time jumps whenever everybody waits. Every part is public, to be watched or broken.
    """

    def __init__(
        self,
        *,
        retry_count_max: int = 3,
        check_prices: bool = True,
        record_bytes_max: int | None = None,
    ) -> None:
        self.clock = VirtualClock(autojump=True)
        self.ids = SequentialIds()
        self.codec = Codec()
        self.broker = MemoryBroker(self.clock, record_bytes_max=record_bytes_max)
        for topic in ALL_TOPICS:
            self.broker.create_topic(topic, 3)
        self.log = MemoryEventLog(self.broker)
        self.orders = MemoryOrderStore()
        self.stock = MemoryStockStore()
        self.notifier = RecordingNotifier()
        self.orders_relay = OutboxRelay(self.orders, self.log, clock=self.clock, ids=self.ids)
        self.stock_relay = OutboxRelay(self.stock, self.log, clock=self.clock, ids=self.ids)
        self.ledger = StockLedger(
            store=self.stock,
            clock=self.clock,
            ids=self.ids,
            codec=self.codec,
            policy=StockPolicy(check_prices=check_prices),
            nudge_relay=self.stock_relay.nudge,
        )
        self.keeper = StockKeeper(
            ledger=self.ledger,
            relay=self.stock_relay,
            clock=self.clock,
            codec=self.codec,
            service="products-service",
            retry_count_max=retry_count_max,
        )
        self.place_order = PlaceOrder(
            store=self.orders,
            notifier=self.notifier,
            clock=self.clock,
            ids=self.ids,
            codec=self.codec,
            nudge_relay=self.orders_relay.nudge,
        )
        self.change_order = ChangeOrder(
            store=self.orders,
            notifier=self.notifier,
            clock=self.clock,
            codec=self.codec,
            nudge_relay=self.orders_relay.nudge,
        )
        self.catalogue = KeepCatalogue(
            store=self.stock,
            clock=self.clock,
            ids=self.ids,
            codec=self.codec,
            nudge_relay=self.stock_relay.nudge,
        )
        self.serve = ServeStock(ledger=self.ledger, store=self.stock, ids=self.ids)
        self.redrive = Redrive(
            inspector=self.log,
            log=self.log,
            ledger=self.ledger,
            clock=self.clock,
            codec=self.codec,
        )
        self._consumers: list[Consumer] = []

    async def consumers(self) -> tuple[Consumer, Consumer]:
        """Return the consumers of the products and the orders service, joined at first use."""
        if not self._consumers:
            follower = StockFollower(
                store=self.orders, notifier=self.notifier, clock=self.clock, codec=self.codec
            )
            products = ConsumerSettings(
                service="products-service", overtaking_topics=frozenset({INVENTORY_RELEASE})
            )
            self._consumers = [
                Consumer(
                    await self.log.subscribe(PRODUCTS_GROUP, PRODUCTS_TOPICS),
                    self.keeper,
                    self.log,
                    clock=self.clock,
                    ids=self.ids,
                    settings=products,
                    on_fault=_raise,
                ),
                Consumer(
                    await self.log.subscribe(ORDERS_GROUP, ORDERS_TOPICS),
                    follower,
                    self.log,
                    clock=self.clock,
                    ids=self.ids,
                    settings=ConsumerSettings(service="orders-service"),
                    on_fault=_raise,
                ),
            ]
        return self._consumers[0], self._consumers[1]

    async def settle(self) -> None:
        """Relay, consume and try again until nothing is left to do."""
        for _ in range(_TURNS_MAX):
            for relay in (self.orders_relay, self.stock_relay):
                # An outage is waited out, as the relays do when they run.
                with suppress(DependencyUnavailable):
                    await relay.flush()
            for consumer in await self.consumers():
                await consumer.step()
            if await self._is_at_rest():
                return
        raise AssertionError(f"not at rest after {_TURNS_MAX} turns")

    async def add_products(self, stock: Mapping[str, int], price: int = 2999) -> None:
        """Add products by id with their first stock, all at one price in minor units."""
        drafts = [
            ProductDraft(product_id=ProductId(name), name=name, price=Money(price), stock=quantity)
            for name, quantity in stock.items()
        ]
        await self.catalogue.add_all(drafts, actor="admin")

    async def place(
        self, wanted: Mapping[str, int], *, user: str = "anna", price: int = 2999
    ) -> Order:
        """Place an order of *wanted*: product id to quantity."""
        lines = tuple(
            OrderLine(product_id=ProductId(name), quantity=quantity, price=Money(price))
            for name, quantity in wanted.items()
        )
        draft = Draft(user_id=UserId(user), lines=lines)
        placed = await self.place_order(draft, actor=Actor(subject=UserId(user)))
        return placed.order

    async def order(self, order_id: OrderId) -> Order:
        """Return an order as it is stored."""
        return (await self.orders.get([order_id]))[order_id]

    async def product(self, product_id: str) -> Product:
        """Return a product as it is stored."""
        key = ProductId(product_id)
        return (await self.stock.load((), [key])).products[key]

    async def dead_letters(self) -> Sequence[DeadLetter]:
        """Return all dead letters, newest first, also those that were sent back."""
        return (await self.redrive.letters(DeadLetterFilter(state=None)))[::-1]

    async def audit(self) -> AuditReport:
        """Run the conservation audit."""
        auditor = Auditor()
        async for part in self.stock.audit_parts():
            auditor.add(part)
        return auditor.report()

    async def lag(self) -> dict[TopicPartition, int]:
        """Return what the two groups have not committed, by partition, where there is any."""
        ends = {
            TopicPartition(topic.name, partition.partition): partition
            for topic in await self.log.topics()
            for partition in topic.partitions
        }
        lags = {}
        read = {PRODUCTS_GROUP: PRODUCTS_TOPICS, ORDERS_GROUP: ORDERS_TOPICS}
        for group in await self.log.groups():
            for at, partition in ends.items():
                if at.topic in read.get(group.name, ()):
                    lag = partition.end - group.committed.get(at, partition.begin)
                    if lag:
                        lags[at] = lag
        return lags

    async def _is_at_rest(self) -> bool:
        waiting = sum(consumer.waiting_count for consumer in self._consumers)
        if waiting or await self.orders.pending(1) or await self.stock.pending(1):
            return False
        return not await self.lag()


def _raise(_record: Record, fault: Exception) -> None:
    # In a test a fault of ours is to be seen, not to be lived with.
    raise fault
