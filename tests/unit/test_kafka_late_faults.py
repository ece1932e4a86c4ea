"""Faults of the driver that come when nobody waits for them."""

import asyncio
import gc
from typing import Any

import pytest

from adapters.kafka.fetching import Fetching
from adapters.kafka.holdings import Holdings
from adapters.kafka.sending import send_all
from adapters.kafka.settings import BATCH_BYTES
from inventory_domain.records import OutgoingRecord, TopicPartition
from inventory_domain.testing.contracts.waiting import eventually


class FailingConsumer:
    """Fails a fetch when it is told to, and not before."""

    def __init__(self) -> None:
        self.fault: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def getmany(self, *_: object, **__: object) -> Any:
        return await asyncio.shield(self.fault)

    def assignment(self) -> set[Any]:
        return set()

    paused = assignment

    def pause(self, *_: object) -> None:
        """Nothing is assigned."""

    resume = pause


async def test_a_fetch_that_failed_behind_its_wait_is_told_by_the_next() -> None:
    consumer, holdings = FailingConsumer(), Holdings()
    holdings.gain([TopicPartition("work", 0)], 1)
    fetching = Fetching(consumer, holdings)
    assert not await fetching.wait(10, -0.5, ())
    consumer.fault.set_exception(OSError("cut"))
    task = fetching._task
    assert task is not None
    await asyncio.wait({task})

    assert fetching.claim(10, ()) == []
    with pytest.raises(OSError, match="cut"):
        await fetching.wait(10, 0.0, ())


async def test_a_fetch_that_was_given_up_hands_out_nothing() -> None:
    fetching = Fetching(FailingConsumer(), Holdings())
    assert not await fetching.wait(10, -0.5, ())
    await fetching.stop()

    assert fetching.claim(10, ()) == []


class LateProducer:
    """Acknowledges nothing before it is told to."""

    def __init__(self) -> None:
        self.sent: list[asyncio.Future[Any]] = []

    async def partitions_for(self, _topic: str) -> set[int]:
        return {0}

    async def send_batch(self, _batch: object, _topic: str, *, partition: int) -> Any:
        assert partition == 0
        self.sent.append(asyncio.get_running_loop().create_future())
        return asyncio.shield(self.sent[0])


async def test_a_large_record_that_fails_when_nobody_waits_is_no_complaint() -> None:
    complaints: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: complaints.append(context))
    producer = LateProducer()
    record = OutgoingRecord("work", b"k", bytes(BATCH_BYTES + 1))
    sending = asyncio.create_task(send_all(producer, [record]))

    async def is_sent() -> bool:
        return bool(producer.sent)

    await eventually(is_sent, "the record is sent")
    sending.cancel()
    await asyncio.wait({sending})
    failed = producer.sent.pop()
    failed.set_exception(OSError("late"))
    await asyncio.sleep(0)
    del failed
    gc.collect()

    assert complaints == []
