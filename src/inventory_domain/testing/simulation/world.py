"""The world of one history: what is durable, the processes over it, the clients and the weather."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from inventory_domain.orders import Order
from inventory_domain.records import OutgoingRecord, Record
from inventory_domain.testing.fakes import MemoryBroker
from inventory_domain.testing.simulation.chaos import Chaos
from inventory_domain.testing.simulation.checks import Checks
from inventory_domain.testing.simulation.clients import Clients
from inventory_domain.testing.simulation.clock import SimulatedClock
from inventory_domain.testing.simulation.foreign import broken_message
from inventory_domain.testing.simulation.gate import Outages
from inventory_domain.testing.simulation.hosts import EVENT_LOG, ORDER_STORE, STOCK_STORE, Hosts
from inventory_domain.testing.simulation.loop import SimulatedLoop
from inventory_domain.testing.simulation.parts import Durable, Parts
from inventory_domain.testing.simulation.plan import Plan
from inventory_domain.testing.simulation.services import (
    OrdersService,
    ProductsService,
)
from inventory_domain.testing.simulation.shared import CODEC, SharedIds
from inventory_domain.testing.simulation.stories import PRICE
from inventory_domain.testing.simulation.trace import Trace
from inventory_domain.testing.simulation.verdict import at_rest
from inventory_domain.testing.simulation.watched_log import content, event_id_of
from inventory_domain.testing.simulation.witness import Witness
from inventory_domain.topics import ALL_TOPICS
from inventory_domain.use_cases.keep_catalogue import KeepCatalogue, ProductDraft

__all__ = ["World"]

_OUTAGES = {EVENT_LOG: "broker_outage", ORDER_STORE: "store_outage", STOCK_STORE: "store_outage"}
_OUTAGE_SECONDS = (0.3, 4.0)
_AGAIN_SECONDS = ((0.0, 0.5), (0.0, 15.0))
_FAULTS_SECONDS = 7.0


class World:
    """One history under way."""

    def __init__(self, plan: Plan, parts: Parts, loop: SimulatedLoop, chaos: Chaos) -> None:
        self.plan = plan
        self.parts = parts
        self.loop = loop
        self.chaos = chaos
        self.trace = Trace(loop)
        self.clock = SimulatedClock(loop)
        self.checks = Checks(loop.stop)
        self.witness = Witness(self.checks, attempts_max=4)
        self.durable = Durable(broker=MemoryBroker(self.clock))
        self.durable.broker.watchers.append(self._appended)
        self.clients = Clients(self)
        self.again_count = 0
        self._producer = parts.event_log(self.durable, self.clock)
        self._outages = Outages()
        self._hosts = Hosts(self, SharedIds(chaos.random), self._outages)
        self._open_stories = 0
        self._stories_over = asyncio.Event()

    async def run(self) -> None:
        """Play the plan to its end, with faults, and then wait without them until all rests."""
        for topic in ALL_TOPICS:
            self.durable.broker.create_topic(topic, self.plan.temper.partition_count)
        await self._stock_up()
        self._hosts.start()
        self.loop.start(self._weather())
        for story in self.plan.stories:
            self.start_story(partial(self.clients.play, story))
        while self._open_stories:
            self._stories_over.clear()
            await self._stories_over.wait()
        if not self.chaos.is_calm:
            await self.clock.sleep(_FAULTS_SECONDS - self.loop.time())
        self._clear_up()
        await at_rest(self)

    # --- what the clients see of it -----------------------------------------------------------

    def orders_service(self) -> OrdersService:
        """Return an instance of the orders service."""
        return self._hosts.orders_service()

    def products_service(self) -> ProductsService:
        """Return an instance of the products service."""
        return self._hosts.products_service()

    def start_story(self, story: Callable[[], Awaitable[None]]) -> None:
        """Let *story* go on beside the others."""

        async def watched() -> None:
            try:
                await story()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
                self.checks.fail("no_surprise", f"a client was answered {error!r}")
            self._open_stories -= 1
            if not self._open_stories:
                self._stories_over.set()

        self._open_stories += 1
        self.loop.start(watched())

    def send_broken(self, order: Order) -> None:
        """Send a message about *order* that can never be processed."""
        record = broken_message(self.chaos.random, order, CODEC)
        self.witness.log.foreign.add(content(record))
        self.trace.add("somebody", "sends a broken message to", record.topic)
        self._send(record)

    # --- what happens to it -------------------------------------------------------------------

    def again(self, record: OutgoingRecord) -> None:
        """Put *record* into the log once more, soon or much later."""
        self.again_count += 1
        seconds = self.chaos.seconds(*self.chaos.random.choice(_AGAIN_SECONDS))

        def arrive() -> None:
            self.again_count -= 1
            self.trace.add("the network", "repeats", record.topic, event_id_of(record))
            self._send(record)

        self.loop.call_later(seconds, arrive)

    def rebalance(self, group: str) -> None:
        """Share out the partitions of *group* anew."""
        self.durable.broker.group(group).rebalance()

    def _send(self, record: OutgoingRecord) -> None:
        self.loop.start(self._publish(record))

    async def _publish(self, record: OutgoingRecord) -> None:
        await self._producer.publish([record])

    def _appended(self, record: Record) -> None:
        self.trace.add(
            "the log",
            "has",
            f"{record.topic}/{record.partition}@{record.offset}",
            event_id_of(record),
        )
        self.witness.log.now_us = self.loop.now_us
        self.witness.log.appended(record)

    async def _weather(self) -> None:
        """Let dependencies be away for a while."""
        chance = self.chaos
        while chance.is_on:
            await self.clock.sleep(1)
            for dependency, fault in _OUTAGES.items():
                if dependency not in self._outages.away and chance.strikes_now(fault):
                    self.trace.add("the weather", "takes away the", dependency)
                    self._outages.away.add(dependency)
                    seconds = chance.seconds(*_OUTAGE_SECONDS)
                    self.loop.call_later(seconds, self._outages.away.discard, dependency)

    def _clear_up(self) -> None:
        """End all faults."""
        self.trace.add("the weather", "clears up")
        self.chaos.rest()
        self._outages.away.clear()
        self._hosts.wake()

    async def _stock_up(self) -> None:
        self.chaos.rest()
        catalogue = KeepCatalogue(
            store=self._hosts.stock_store(self._hosts.process("opening")),
            clock=self.clock,
            ids=self._hosts.ids,
            codec=CODEC,
            nudge_relay=lambda: None,
        )
        drafts = [
            ProductDraft(product_id=product_id, name=product_id, price=PRICE, stock=stock)
            for product_id, stock in self.plan.products
        ]
        await catalogue.add_all(drafts, actor="admin")
        self.chaos.begin()
