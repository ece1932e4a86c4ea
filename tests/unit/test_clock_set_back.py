"""A clock that is set back holds nothing up for as long as it went back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from adapters.mongodb.access import Access, Document
from adapters.mongodb.turns import MongoTurns
from apps.monitor.audits import Audits
from apps.monitor.watch import LogWatch
from inventory_domain.testing.fakes import SequentialIds, VirtualClock
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.relay_outbox import OutboxRelay

HOUR = timedelta(hours=1)
# Two leases of a relay, and a little.
SECONDS_MAX = 21.0


class WrongClock:
    """The shop's time, but *wrong_by* so much; pauses last as long as anybody's."""

    def __init__(self, clock: VirtualClock, wrong_by: timedelta = timedelta(0)) -> None:
        self._clock = clock
        self.wrong_by = wrong_by

    def now(self) -> datetime:
        return self._clock.now() + self.wrong_by

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        return await self._clock.wait(event, seconds)


@asynccontextmanager
async def at_work(shop: MemoryShop, clock: WrongClock) -> AsyncIterator[None]:
    """Let a relay run, and die in the end."""
    ids = SequentialIds(f"relay-{id(clock)}")
    work = asyncio.create_task(OutboxRelay(shop.orders, shop.log, clock=clock, ids=ids).run())
    try:
        await shop.clock.sleep(3)
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def seconds_until_published(shop: MemoryShop) -> float:
    await shop.place({"lamp": 1})
    began = shop.clock.now()
    while shop.orders.disk.outbox.entries:
        await shop.clock.sleep(1)
    return (shop.clock.now() - began).total_seconds()


async def test_a_restart_after_the_clock_was_set_back_publishes_within_seconds() -> None:
    shop = MemoryShop()
    async with at_work(shop, WrongClock(shop.clock, HOUR)):
        pass

    async with at_work(shop, WrongClock(shop.clock)):
        assert await seconds_until_published(shop) < SECONDS_MAX


async def test_a_stand_by_whose_clock_is_set_back_still_takes_over() -> None:
    shop = MemoryShop()
    clock = WrongClock(shop.clock)
    async with at_work(shop, WrongClock(shop.clock)):
        # Entered here, left in the end: it outlives the one that has the lease.
        stand_by = at_work(shop, clock)
        await stand_by.__aenter__()
        clock.wrong_by = -HOUR

    assert await seconds_until_published(shop) < SECONDS_MAX
    await stand_by.__aexit__(None, None, None)


async def test_a_look_at_the_log_from_before_the_clock_was_set_back_is_not_given_again() -> None:
    shop = MemoryShop()
    clock = WrongClock(shop.clock)
    watch = LogWatch(shop.log, clock)
    first = await watch.look()

    clock.wrong_by = -HOUR

    assert (await watch.look()).at == first.at - HOUR


async def test_an_audit_from_before_the_clock_was_set_back_is_run_again_for_all() -> None:
    shop = MemoryShop()
    clock = WrongClock(shop.clock)
    audits = Audits(store=shop.stock, clock=clock)
    first = await audits.run()

    clock.wrong_by = -HOUR

    assert audits.due_in_seconds() <= 0
    assert (await audits.recent()).at == first.at - HOUR
    assert 0 < audits.due_in_seconds() < HOUR.total_seconds()
    clock.wrong_by *= 2
    assert (await audits.run()).at == first.at - 2 * HOUR


class Held(Access):
    """A database in which another has its turn, for ever."""

    def __init__(self) -> None:
        pass

    async def put(self, collection: str, where: Document, change: Document) -> bool:
        return False

    async def delete(self, collection: str, where: Document) -> None:
        pass


@pytest.mark.parametrize("step", [timedelta(0), -HOUR])
async def test_nobody_waits_longer_for_a_turn_because_the_clock_is_set_back(
    step: timedelta,
) -> None:
    true_clock = VirtualClock(autojump=True)
    clock = WrongClock(true_clock)
    began = true_clock.now()

    async def set_it() -> None:
        await true_clock.sleep(1)
        clock.wrong_by = step

    setting = asyncio.create_task(set_it())
    async with MongoTurns(Held(), clock, SequentialIds()).turn():
        waited = true_clock.now() - began

    await setting
    assert waited < timedelta(seconds=6)
