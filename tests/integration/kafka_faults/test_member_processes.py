"""Members that are processes: one frozen past its session, one killed."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.kafka import KafkaEventLog
from inventory_domain.testing.contracts.topics import MakeTopics
from inventory_domain.testing.contracts.waiting import take
from tests.integration.kafka_faults.driving import numbered, values
from tests.support.kafka_server import KafkaServer

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def member_process(
    server: KafkaServer, group: str, topic: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.kafka_child",
        server.bootstrap,
        group,
        topic,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def heard(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode().strip()


async def test_a_member_frozen_past_its_session_can_commit_nothing(
    real_kafka_server: KafkaServer, log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    await log.publish(numbered(topic, range(5)))
    async with member_process(real_kafka_server, group, topic) as zombie:
        assert await heard(zombie) == "working 5"

        zombie.send_signal(signal.SIGSTOP)
        successor = await log.subscribe(group, [topic])
        records = await take(successor, 5)
        zombie.send_signal(signal.SIGCONT)
        assert zombie.stdin is not None
        zombie.stdin.write(b"commit\n")

        assert await heard(zombie) == "refused"
    assert values(records) == [0, 1, 2, 3, 4]


async def test_the_records_of_a_killed_member_come_to_another(
    real_kafka_server: KafkaServer, log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    await log.publish(numbered(topic, range(5)))
    async with member_process(real_kafka_server, group, topic) as victim:
        assert await heard(victim) == "working 5"
        successor = await log.subscribe(group, [topic])

        victim.kill()

        assert values(await take(successor, 5, commit=True)) == [0, 1, 2, 3, 4]
