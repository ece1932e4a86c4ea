"""A member of a group in a process of its own, to be frozen and killed.

Prints ``working`` and the number of its records when it is inside a batch that has some, waits
for a line, commits them, and prints what came of it.
"""

import asyncio
import sys

from adapters.kafka import KafkaEventLog, KafkaSettings
from inventory_domain.errors import CommitRefused
from inventory_domain.testing.contracts.waiting import end_offsets


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def work(bootstrap: str, group: str, topic: str) -> None:
    log = KafkaEventLog(KafkaSettings(bootstrap_servers=bootstrap, session_seconds=2.0))
    subscription = await log.subscribe(group, [topic])
    while True:
        async with subscription.batch(count_max=100, wait_seconds=1.0) as batch:
            if not batch.records:
                continue
            say(f"working {len(batch.records)}")
            await asyncio.to_thread(sys.stdin.readline)
            try:
                await batch.commit(end_offsets(batch.records))
                say("committed")
            except CommitRefused:
                say("refused")
        break
    await log.aclose()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
