"""A fault of ours in handling one record: nothing behind it is held up, and it is not lost."""

from collections.abc import Sequence
from datetime import timedelta

from inventory_domain.dead_letters import read_letter
from inventory_domain.records import OutgoingRecord, Record, TopicPartition
from inventory_domain.testing.fakes import (
    MemoryBroker,
    MemoryEventLog,
    SequentialIds,
    VirtualClock,
)
from inventory_domain.use_cases.consume import (
    Consumer,
    ConsumerSettings,
    Ended,
    Ending,
    HandlerResult,
)
from inventory_domain.use_cases.waiting_room import Delivery

AT = TopicPartition("work", 0)


class Stumbling:
    """A handler that stumbles over some records, so long as it is told to."""

    def __init__(self, *bad: str) -> None:
        self.bad = set(bad)
        self.batches: list[list[str]] = []

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        texts = [(one.record.value or b"").decode() for one in deliveries]
        self.batches.append(texts)
        if self.bad.intersection(texts):
            raise AssertionError(f"stumbled over one of {len(texts)}")
        return [Ended(Ending.APPLIED)] * len(deliveries)

    @property
    def done(self) -> list[str]:
        return [text for batch in self.batches if not self.bad & set(batch) for text in batch]


class Bench:
    def __init__(self, handler: Stumbling, topic: str = "work") -> None:
        self.topic = topic
        self.clock = VirtualClock(autojump=True)
        self.broker = MemoryBroker(self.clock, partition_count=1)
        self.log = MemoryEventLog(self.broker)
        self.handler = handler
        self.faults: list[tuple[Record, Exception]] = []

    async def member(self, **settings: object) -> Consumer:
        return Consumer(
            await self.log.subscribe("group", [self.topic]),
            self.handler,
            self.log,
            clock=self.clock,
            ids=SequentialIds(),
            settings=ConsumerSettings(service="tests", **settings),  # type: ignore[arg-type]
            on_fault=lambda record, fault: self.faults.append((record, fault)),
        )

    async def send(self, *texts: str) -> None:
        await self.log.publish([OutgoingRecord(self.topic, t.encode(), t.encode()) for t in texts])

    async def committed(self) -> int:
        [group] = await self.log.groups()
        return group.committed.get(TopicPartition(self.topic, 0), 0)


async def test_one_bad_record_fails_alone_and_is_parked_after_some_tries() -> None:
    bench = Bench(Stumbling("bad"))
    consumer = await bench.member()
    await bench.send("a", "b", "bad", "c", "d")

    await consumer.step()
    assert bench.handler.done == ["a", "b", "c", "d"]
    assert await bench.committed() == 2
    while consumer.waiting_count:
        await consumer.step()

    assert await bench.committed() == 5
    [letter] = map(read_letter, bench.broker.read(TopicPartition("work.dlq", 0), 0, 10))
    assert (letter.origin, letter.offset) == (AT, 2)
    assert letter.failure.error_class == "unexpected_fault"
    assert "AssertionError: stumbled" in letter.failure.message
    assert letter.failure.attempts == len(bench.faults) > 2
    assert letter.failure.last_at - letter.failure.first_at > timedelta(seconds=5)
    assert consumer.endings == {Ending.APPLIED: 4, Ending.DEAD_LETTERED: 1}


async def test_a_fault_that_passes_leaves_no_dead_letter() -> None:
    bench = Bench(Stumbling("bad"))
    consumer = await bench.member()
    await bench.send("bad")
    await consumer.step()

    bench.handler.bad.clear()
    while consumer.waiting_count:
        await consumer.step()

    assert await bench.committed() == 1
    assert not bench.broker.read(TopicPartition("work.dlq", 0), 0, 10)


async def test_a_dead_letter_that_cannot_be_handled_stays_where_it_is() -> None:
    bench = Bench(Stumbling("bad"), topic="work.dlq")
    consumer = await bench.member()
    await bench.send("bad", "a")

    await consumer.step()
    while consumer.waiting_count:
        await consumer.step()

    assert await bench.committed() == 2
    assert "work.dlq.dlq" not in bench.broker.topic_names


async def test_what_is_due_is_tried_in_batches_of_bounded_size() -> None:
    bench = Bench(Stumbling())
    consumer = await bench.member(batch_count_max=4)
    names = [f"bad{number}" for number in range(12)]
    bench.handler.bad.update(names)
    await bench.send(*names)
    for _ in range(3):
        await consumer.step()
    assert consumer.waiting_count == 12

    await bench.clock.sleep(60)
    bench.handler.bad.clear()
    bench.handler.batches.clear()
    while consumer.waiting_count:
        await consumer.step()

    assert sorted(bench.handler.done) == sorted(names)
    assert max(map(len, bench.handler.batches)) <= 8
