"""``kill -9`` of ours, of the broker and of the database, at random moments under load."""

import asyncio
import itertools
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.deployment import ManyProcesses
from tests.support.kafka_server import KafkaServer
from tests.support.load import Load
from tests.support.mongo_server import MongoServer
from tests.support.system_process import SystemProcess
from tests.support.verdict import nothing_lost_nothing_twice

pytestmark = pytest.mark.integration

STOCKS = {"few": 40, "many": 1_000_000, "more": 1_000_000}
CUSTOMERS = 4
ORDERS_BETWEEN = 5
MOMENT_SECONDS_MAX = 1.5


@pytest.fixture
def system(
    tmp_path: Path, own_broker: KafkaServer, own_mongo: MongoServer
) -> Iterator[ManyProcesses]:
    """Two of each service, so that what one leaves is for another."""
    made = ManyProcesses(
        tmp_path,
        bootstrap=own_broker.bootstrap,
        mongodb_uri=own_mongo.uri,
        KAFKA_SESSION_SECONDS="3",
        RESERVE_RETRY_PAUSE_SECONDS="0.1",
    )
    for service in ("orders", "products", "orders", "products"):
        made.add(service)
    try:
        yield made
    finally:
        made.kill()
        own_broker.ensure_running()
        own_mongo.ensure_running()


@pytest.fixture
def chance() -> random.Random:
    """The same seed draws the same victims and pauses again."""
    seed = int(os.environ.get("CRASH_SEED", random.SystemRandom().randrange(10**6)))
    sys.stdout.write(f"CRASH_SEED={seed}\n")
    return random.Random(seed)


async def kill_again_and_again(
    system: ManyProcesses, chance: random.Random, rounds: int, kill: Callable[[], None]
) -> None:
    """*kill* kills something and brings it back."""
    await asyncio.to_thread(system.start)
    for name, stock in STOCKS.items():
        system.add_product(name, stock)
    load = Load(system, chance, list(STOCKS))
    async with load.running(CUSTOMERS):
        for _ in range(rounds):
            await load.more(ORDERS_BETWEEN)
            await asyncio.sleep(chance.uniform(0, MOMENT_SECONDS_MAX))  # the moment is random
            await asyncio.to_thread(kill)
        await load.more(ORDERS_BETWEEN)
    await nothing_lost_nothing_twice(system, load, STOCKS)


def one_of_ours(system: ManyProcesses, chance: random.Random) -> Callable[[], None]:
    def kill() -> None:
        victim: SystemProcess = chance.choice(system.instances)
        victim.kill()
        # Customers go to whoever is left until it is back.
        for other in system.instances:
            if other.running:
                system.addresses.update(other.addresses)
        system.addresses.update(victim.start().addresses)

    return kill


def servers(*those: KafkaServer | MongoServer) -> Callable[[], None]:
    """Return what kills one after the other and brings it back."""
    turn = itertools.cycle(those)

    def kill() -> None:
        victim = next(turn)
        victim.kill()
        victim.start()

    return kill


@pytest.mark.timeout(300)
async def test_three_kills_of_ours(system: ManyProcesses, chance: random.Random) -> None:
    await kill_again_and_again(system, chance, 3, one_of_ours(system, chance))


@pytest.mark.timeout(300)
async def test_a_kill_of_the_broker_and_one_of_the_database(
    system: ManyProcesses, chance: random.Random, own_broker: KafkaServer, own_mongo: MongoServer
) -> None:
    await kill_again_and_again(system, chance, 2, servers(own_broker, own_mongo))


@pytest.mark.crash
@pytest.mark.timeout(3600)
async def test_fifty_kills_of_ours(system: ManyProcesses, chance: random.Random) -> None:
    await kill_again_and_again(system, chance, 50, one_of_ours(system, chance))


@pytest.mark.crash
@pytest.mark.timeout(1200)
async def test_five_kills_of_the_broker(
    system: ManyProcesses, chance: random.Random, own_broker: KafkaServer
) -> None:
    await kill_again_and_again(system, chance, 5, servers(own_broker))


@pytest.mark.crash
@pytest.mark.timeout(1200)
async def test_five_kills_of_the_database(
    system: ManyProcesses, chance: random.Random, own_mongo: MongoServer
) -> None:
    await kill_again_and_again(system, chance, 5, servers(own_mongo))
