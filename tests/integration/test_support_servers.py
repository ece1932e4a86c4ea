"""The databases of the integration tests, and their processes, do what those tests assume."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure
from redis.asyncio import Redis

from tests.support.mongo_server import ForeignMongo, MongoServer
from tests.support.redis_server import RedisServer
from tests.support.server_process import ServerFailed, free_port, wait_until

pytestmark = pytest.mark.integration

Document = dict[str, Any]

SECONDS_MAX = 20.0
HANG_SECONDS = 0.5

# Starts a server, says where it is, and waits to be killed.
HOLDER = """
from tests.support.redis_server import RedisServer
server = RedisServer()
server.start()
print(server.folder, flush=True)
input()
"""


@pytest.fixture
async def client(
    mongo_server: MongoServer | ForeignMongo,
) -> AsyncIterator[AsyncMongoClient[Document]]:
    async with AsyncMongoClient[Document](mongo_server.uri) as client:
        yield client


@pytest.fixture
async def database(client: AsyncMongoClient[Document]) -> AsyncIterator[AsyncDatabase[Document]]:
    name = f"support_{uuid.uuid4().hex[:12]}"
    yield client.get_database(name, write_concern=WriteConcern("majority", j=True))
    await client.drop_database(name)


async def write_both(database: AsyncDatabase[Document], session: AsyncClientSession) -> None:
    await database.orders.insert_one({"_id": 1}, session=session)
    await database.stock.insert_one({"_id": 1}, session=session)


async def counts(database: AsyncDatabase[Document]) -> tuple[int, int]:
    return await database.orders.count_documents({}), await database.stock.count_documents({})


async def test_a_transaction_writes_both_collections_or_none(
    client: AsyncMongoClient[Document], database: AsyncDatabase[Document]
) -> None:
    async with client.start_session() as session:
        async with await session.start_transaction():
            await write_both(database, session)
            await session.abort_transaction()
        after_abort = await counts(database)
        async with await session.start_transaction():
            await write_both(database, session)

    assert (after_abort, await counts(database)) == ((0, 0), (1, 1))


async def test_the_later_of_two_conflicting_transactions_may_retry(
    client: AsyncMongoClient[Document], database: AsyncDatabase[Document]
) -> None:
    await database.stock.insert_one({"_id": "LAMP", "stock": 5})
    async with client.start_session() as first, client.start_session() as second:
        await first.start_transaction()
        await second.start_transaction()
        await database.stock.update_one({"_id": "LAMP"}, {"$inc": {"stock": -1}}, session=first)

        with pytest.raises(OperationFailure) as conflict:
            await database.stock.update_one(
                {"_id": "LAMP"}, {"$inc": {"stock": -2}}, session=second
            )
        await first.commit_transaction()

    assert conflict.value.has_error_label("TransientTransactionError")
    assert await database.stock.find_one({"_id": "LAMP"}) == {"_id": "LAMP", "stock": 4}


async def test_a_killed_database_keeps_what_it_acknowledged(
    managed_mongo_server: MongoServer, database: AsyncDatabase[Document]
) -> None:
    await database.orders.insert_one({"_id": "kept"})

    managed_mongo_server.kill()
    await asyncio.to_thread(managed_mongo_server.restart)

    assert await database.orders.find_one({"_id": "kept"}) == {"_id": "kept"}


async def test_a_frozen_database_answers_when_it_wakes(
    managed_mongo_server: MongoServer, database: AsyncDatabase[Document]
) -> None:
    await database.orders.insert_one({"_id": "before"})

    managed_mongo_server.pause()
    found = asyncio.create_task(database.orders.find_one({}))
    done, _ = await asyncio.wait([found], timeout=HANG_SECONDS)
    managed_mongo_server.resume()

    assert not done
    assert await asyncio.wait_for(found, SECONDS_MAX) == {"_id": "before"}


async def test_redis_answers_on_the_same_port_after_a_restart(redis_server: RedisServer) -> None:
    await asyncio.to_thread(redis_server.restart)

    async with Redis.from_url(redis_server.url) as redis:
        assert await redis.ping()


def test_a_server_ends_with_the_process_that_started_it(redis_server: RedisServer) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        server = int((folder / "pid").read_text())
        holder.kill()

    assert wait_until(lambda: not alive(server), SECONDS_MAX)
    assert wait_until(lambda: not folder.exists(), SECONDS_MAX)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"


class MisledRedis(RedisServer):
    def command(self) -> list[str]:
        return [*super().command(), "--no-such-setting", "1"]


def test_a_server_that_ends_early_shows_its_log(redis_server: RedisServer) -> None:
    server = MisledRedis()
    try:
        with pytest.raises(ServerFailed, match="no-such-setting"):
            server.start()
    finally:
        server.close()


def test_a_server_does_not_take_another_one_at_its_port_for_itself(
    redis_server: RedisServer,
) -> None:
    server = RedisServer()
    server.port = redis_server.port
    try:
        with pytest.raises(ServerFailed, match=f"port {server.port} is taken"):
            server.start()
    finally:
        server.close()


def test_no_port_is_given_to_two_who_have_yet_to_listen() -> None:
    ports = [free_port() for _ in range(500)]

    assert len(set(ports)) == len(ports)
