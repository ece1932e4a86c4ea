"""The consumer loop: what it promises about order, offsets, retries, outages and members."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from inventory_domain.dead_letters import read_letter
from inventory_domain.errors import CommitRefused, DependencyUnavailable
from inventory_domain.records import OutgoingRecord, Record, TopicPartition
from inventory_domain.testing.fakes import (
    MemoryBroker,
    MemoryEventLog,
    SequentialIds,
    VirtualClock,
)
from inventory_domain.use_cases.consume import (
    Broken,
    Consumer,
    ConsumerSettings,
    Ended,
    Ending,
    HandlerResult,
    TryAgain,
)
from inventory_domain.use_cases.waiting_room import Delivery

DONE = Ended(Ending.APPLIED)
GROUP = "group"


class ScriptedHandler:
    """Answers by the record's value; remembers what it was handed, in order."""

    def __init__(self) -> None:
        self.handled: list[tuple[str, int]] = []
        self.answers: dict[str, Callable[[Delivery], HandlerResult]] = {}
        self.away = False
        self.count_max = 1_000

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        if self.away or len(deliveries) > self.count_max:
            raise DependencyUnavailable(dependency="stock store")
        return [self._answer(delivery) for delivery in deliveries]

    def _answer(self, delivery: Delivery) -> HandlerResult:
        text = (delivery.record.value or b"").decode()
        self.handled.append((text, delivery.attempt))
        answer = self.answers.get(text)
        return DONE if answer is None else answer(delivery)


class Bench:
    """One topic of one partition (and one that may overtake), with members made on demand."""

    def __init__(self) -> None:
        self.clock = VirtualClock(autojump=True)
        self.broker = MemoryBroker(self.clock)
        for topic in ("work", "work.dlq", "urgent"):
            self.broker.create_topic(topic, 1)
        self.log = MemoryEventLog(self.broker)
        self.handler = ScriptedHandler()

    async def member(self, **settings: object) -> Consumer:
        fields = {"service": "tests", "overtaking_topics": frozenset({"urgent"}), **settings}
        return Consumer(
            await self.log.subscribe(GROUP, ["work", "urgent"]),
            self.handler,
            self.log,
            clock=self.clock,
            ids=SequentialIds(),
            settings=ConsumerSettings(**fields),  # type: ignore[arg-type]
        )

    async def send(self, *texts: str, key: str = "o1", topic: str = "work") -> None:
        await self.log.publish([OutgoingRecord(topic, key.encode(), t.encode()) for t in texts])

    async def committed(self) -> int:
        [group] = await self.log.groups()
        return group.committed.get(TopicPartition("work", 0), 0)

    def letters(self) -> list[Record]:
        return list(self.broker.read(TopicPartition("work.dlq", 0), 0, 100))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def short_until(attempt: int) -> Callable[[Delivery], HandlerResult]:
    return lambda delivery: DONE if delivery.attempt >= attempt else TryAgain()


async def test_records_are_handled_in_order_and_committed(bench: Bench) -> None:
    consumer = await bench.member()
    await bench.send("a", "b", "c")

    await consumer.step()

    assert [text for text, _ in bench.handler.handled] == ["a", "b", "c"]
    assert await bench.committed() == 3


async def test_no_offset_is_committed_past_a_record_that_waits(bench: Bench) -> None:
    consumer = await bench.member()
    bench.handler.answers["b"] = short_until(3)
    await bench.send("a", key="o1")
    await bench.send("b", key="o2")
    await bench.send("c", key="o3")

    await consumer.step()
    assert await bench.committed() == 1
    while consumer.waiting_count:
        await consumer.step()

    assert bench.handler.handled == [("a", 1), ("b", 1), ("c", 1), ("b", 2), ("b", 3)]
    assert await bench.committed() == 3


async def test_later_records_of_the_same_order_wait_behind_and_keep_their_order(
    bench: Bench,
) -> None:
    consumer = await bench.member()
    bench.handler.answers["first"] = short_until(2)
    await bench.send("first")
    await consumer.step()
    await bench.send("second", "third")
    await bench.send("other", key="o2")

    while consumer.waiting_count:
        await consumer.step()

    texts = [text for text, _ in bench.handler.handled]
    assert texts.index("other") < texts.index("second") < texts.index("third")
    assert texts.count("first") == 2


async def test_what_came_in_one_batch_with_what_it_waits_behind_has_all_its_tries(
    bench: Bench,
) -> None:
    consumer = await bench.member()
    bench.handler.answers["first"] = bench.handler.answers["second"] = short_until(3)
    await bench.send("first", "second")

    await consumer.step()
    while consumer.waiting_count:
        await consumer.step()

    assert bench.handler.handled == [
        ("first", 1),
        ("second", 1),
        ("first", 2),
        ("first", 3),
        ("second", 1),
        ("second", 2),
        ("second", 3),
    ]


async def test_an_overtaking_record_goes_first_and_wakes_what_waits(bench: Bench) -> None:
    consumer = await bench.member(retry_pause_seconds=1000.0, retry_pause_seconds_max=5000.0)
    bench.handler.answers["reserve"] = short_until(2)
    await bench.send("reserve")
    await consumer.step()

    await bench.send("release", topic="urgent")
    await consumer.step()

    assert bench.handler.handled == [("reserve", 1), ("release", 1), ("reserve", 2)]
    assert consumer.waiting_count == 0


async def test_pauses_grow_and_are_bounded(bench: Bench) -> None:
    consumer = await bench.member(retry_pause_seconds=1.0, retry_pause_seconds_max=3.0)
    tried_at: list[float] = []
    start = bench.clock.now()

    def note(delivery: Delivery) -> HandlerResult:
        tried_at.append((bench.clock.now() - start).total_seconds())
        return DONE if delivery.attempt == 5 else TryAgain()

    bench.handler.answers["slow"] = note
    await bench.send("slow")
    await consumer.step()
    while consumer.waiting_count:
        await consumer.step()

    pauses = [b - a for a, b in pairwise(tried_at)]
    assert pauses == pytest.approx([1, 2, 3, 3], rel=0.3)


@pytest.mark.parametrize("first", [0.5, 300.0])
async def test_the_first_pauses_are_what_was_asked_for(bench: Bench, first: float) -> None:
    consumer = await bench.member(retry_pause_seconds=first)
    bench.handler.answers["slow"] = short_until(4)
    start = bench.clock.now()
    await bench.send("slow")

    await consumer.step()
    while consumer.waiting_count:
        await consumer.step()

    passed = (bench.clock.now() - start).total_seconds()
    assert passed == pytest.approx(first * (1 + 2 + 4), rel=0.3)


async def test_a_broken_record_is_parked_before_its_offset_is_committed(bench: Bench) -> None:
    consumer = await bench.member()
    bench.handler.answers["bad"] = lambda _: Broken("broken_message", "not JSON")
    await bench.send("bad", "good")
    bench.log.faults.fail_next("publish")

    await consumer.step()
    assert await bench.committed() == 0
    assert consumer.outage is not None
    await consumer.step()

    [letter] = map(read_letter, bench.letters())
    assert (letter.origin, letter.offset) == (TopicPartition("work", 0), 0)
    assert await bench.committed() == 2
    assert consumer.endings == {Ending.APPLIED: 1, Ending.DEAD_LETTERED: 1}


async def test_an_outage_ends_nothing_and_counts_no_attempt(bench: Bench) -> None:
    consumer = await bench.member()
    await bench.send("a")
    bench.handler.away = True
    for _ in range(10):
        await consumer.step()
    assert consumer.outage is not None

    bench.handler.away = False
    await consumer.step()

    assert bench.handler.handled == [("a", 1)]
    assert await bench.committed() == 1
    assert consumer.outage is None


async def test_a_store_too_slow_for_a_large_batch_gets_small_ones(bench: Bench) -> None:
    consumer = await bench.member()
    bench.handler.count_max = 30
    await bench.send(*map(str, range(500)))

    while await bench.committed() < 500:
        await consumer.step()

    assert [text for text, _ in bench.handler.handled] == [str(number) for number in range(500)]


async def test_what_a_dead_member_did_not_commit_comes_to_the_next(bench: Bench) -> None:
    first = await bench.member()
    bench.handler.answers["b"] = short_until(2)
    await bench.send("a")
    await bench.send("b", key="o2")
    await bench.send("c", key="o3")
    await first.step()

    await first.aclose()
    second = await bench.member()
    await second.step()
    while second.waiting_count:
        await second.step()

    assert bench.handler.handled[-3:] == [("b", 1), ("c", 1), ("b", 2)]
    assert await bench.committed() == 3


async def test_a_refused_commit_starts_over_from_the_last_commit(bench: Bench) -> None:
    consumer = await bench.member()
    await bench.send("a")
    bench.log.faults.fail_next("commit", CommitRefused())

    await consumer.step()
    await consumer.step()

    assert bench.handler.handled == [("a", 1), ("a", 1)]
    assert await bench.committed() == 1


async def test_a_member_forgets_what_waited_in_a_partition_it_lost(bench: Bench) -> None:
    consumer = await bench.member()
    bench.handler.answers["a"] = short_until(2)
    await bench.send("a")
    await consumer.step()
    assert consumer.waiting_count == 1

    other = await bench.log.subscribe(GROUP, ["work", "urgent"])
    await consumer.step()
    await other.aclose()
    while await bench.committed() < 1:
        await consumer.step()

    assert [attempt for _, attempt in bench.handler.handled][-1] == 2
    assert consumer.waiting_count == 0


async def test_a_partition_with_too_many_open_records_is_paused(bench: Bench) -> None:
    consumer = await bench.member(open_count_max=3, batch_count_max=3)
    waiting = True
    bench.handler.answers = {f"w{i}": lambda _: TryAgain() if waiting else DONE for i in range(3)}
    for i in range(3):
        await bench.send(f"w{i}", key=f"w{i}")
    await bench.send("behind", key="b")

    for _ in range(5):
        await consumer.step()
    assert "behind" not in [text for text, _ in bench.handler.handled]
    waiting = False
    while await bench.committed() < 4:
        await consumer.step()

    assert bench.handler.handled[-1][0] == "behind"


async def test_a_stopped_consumer_finishes_its_batch(bench: Bench) -> None:
    consumer = await bench.member()
    await bench.send("a")
    bench.handler.answers["a"] = lambda _: consumer.stop() or DONE  # type: ignore[func-returns-value]

    await consumer.run()

    assert await bench.committed() == 1
