"""What the event log on Kafka does when brokers, networks, members and records go wrong."""

import asyncio
import itertools
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.kafka import (
    KafkaEventLog,
    KafkaInspector,
    KafkaSettings,
    KafkaSubscription,
    prepare_topics,
)
from adapters.kafka.driver import CONSUMER_PARTS
from adapters.system import RandomIds, SystemClock
from inventory_domain.errors import CommitRefused, DependencyUnavailable
from inventory_domain.records import OutgoingRecord, Record, TopicPartition
from inventory_domain.testing import an_outgoing_record
from inventory_domain.testing.contracts.topics import MakeTopics
from inventory_domain.testing.contracts.waiting import end_offsets, eventually, share_out, take
from inventory_domain.topics import dead_letter_topic
from inventory_domain.use_cases.consume import (
    Broken,
    Consumer,
    ConsumerSettings,
    Ended,
    Ending,
    HandlerResult,
)
from inventory_domain.use_cases.waiting_room import Delivery
from tests.support.kafka_mock import Api, KafkaMock
from tests.support.kafka_server import KafkaServer
from tests.support.proxy import Mode, Proxy

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]

# Every limit is short, so that a test sees it pass.
LIMIT_SECONDS = 1.5
# What a call may take that has one limit, or two in a row, on a busy machine.
BOUND_SECONDS = 8.0

ILLEGAL_GENERATION = 22
TOPIC_AUTHORIZATION_FAILED = 29
GROUP_AUTHORIZATION_FAILED = 30
OUT_OF_ORDER_SEQUENCE_NUMBER = 45
INVALID_PRODUCER_EPOCH = 47
UNKNOWN_PRODUCER_ID = 59
PRODUCER_FENCED = 90


def brisk(bootstrap: str) -> KafkaSettings:
    return KafkaSettings(
        bootstrap_servers=bootstrap,
        session_seconds=2.0,
        rebalance_seconds_max=10.0,
        connect_seconds_max=LIMIT_SECONDS,
        publish_seconds_max=LIMIT_SECONDS,
        commit_seconds_max=LIMIT_SECONDS,
        inspect_seconds_max=LIMIT_SECONDS,
        silence_seconds_max=LIMIT_SECONDS,
        stop_seconds_max=1.0,
    )


@asynccontextmanager
async def opened(bootstrap: str) -> AsyncIterator[KafkaEventLog]:
    log = KafkaEventLog(brisk(bootstrap))
    try:
        yield log
    finally:
        await log.aclose()


@pytest.fixture
async def log(real_kafka_server: KafkaServer) -> AsyncIterator[KafkaEventLog]:
    async with opened(real_kafka_server.bootstrap) as log:
        yield log


@pytest.fixture
async def inspector(real_kafka_server: KafkaServer) -> AsyncIterator[KafkaInspector]:
    inspector = KafkaInspector(brisk(real_kafka_server.bootstrap))
    yield inspector
    await inspector.aclose()


@pytest.fixture
def topics(real_kafka_server: KafkaServer) -> MakeTopics:
    async def make(count: int, *, partitions: int) -> tuple[str, ...]:
        names = tuple(fresh("topic") for _ in range(count))
        for name in names:
            await asyncio.to_thread(real_kafka_server.create_topic, name, partitions)
        return names

    return make


@pytest.fixture
def group() -> str:
    return fresh("group")


def fresh(name: str) -> str:
    return f"{name}-{uuid4().hex[:12]}"


def numbered(topic: str, numbers: Sequence[int]) -> list[OutgoingRecord]:
    return [
        an_outgoing_record(topic, key=f"order-{n % 7}".encode(), value=str(n).encode())
        for n in numbers
    ]


def values(records: Sequence[Record]) -> list[int]:
    return sorted(int(record.value or b"-1") for record in records)


async def publish_until_taken(log: KafkaEventLog, records: Sequence[OutgoingRecord]) -> None:
    async def taken() -> bool:
        try:
            await log.publish(records)
        except DependencyUnavailable:
            return False
        return True

    await eventually(taken, "the records are published")


async def take_in_spite_of_outages(subscription: KafkaSubscription, count: int) -> list[Record]:
    found: dict[tuple[TopicPartition, int], Record] = {}

    async def all_here() -> bool:
        try:
            async with subscription.batch(count_max=500, wait_seconds=0.2) as batch:
                found.update({(r.topic_partition, r.offset): r for r in batch.records})
        except DependencyUnavailable:
            await subscription.rewind()
        return len(found) >= count

    await eventually(all_here, f"{count} records come")
    return list(found.values())


async def fails_in_time(call: Callable[[], object]) -> DependencyUnavailable:
    """Return the outage that *call*, repeated, runs into within its bound."""
    began = time.monotonic()
    while time.monotonic() - began < BOUND_SECONDS:
        try:
            await call()  # type: ignore[misc] # a coroutine function
        except DependencyUnavailable as outage:
            assert time.monotonic() - began < BOUND_SECONDS
            return outage
    raise AssertionError("no outage was noticed")


def one_batch(subscription: KafkaSubscription) -> Callable[[], object]:
    async def work() -> None:
        async with subscription.batch(count_max=10, wait_seconds=0.2):
            pass

    return work


# --- records ------------------------------------------------------------------------------------


async def test_a_broken_record_takes_no_other_with_it(
    log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=3)
    sent = numbered(topic, range(30))
    await log.publish(sent[:15])
    await log.publish([OutgoingRecord(topic, b"order-1", b"\xff{not json", (("bad", b"\xfe"),))])
    await log.publish(sent[15:])

    records = await take(await log.subscribe(group, [topic]), 31)

    assert sorted(record.value or b"" for record in records) == sorted(
        [b"\xff{not json", *(record.value or b"" for record in sent)]
    )


async def test_a_large_record_passes_whole(
    log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    large = bytes(range(256)) * 4 * 900
    await log.publish([an_outgoing_record(topic, key=b"order-1", value=large)])
    await log.publish([an_outgoing_record(topic, key=b"order-1", value=b"next")])

    records = await take(await log.subscribe(group, [topic]), 2)

    assert [record.value for record in records] == [large, b"next"]


async def test_a_record_too_large_for_anybody_is_an_error_and_not_the_end(
    log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    await log.publish([an_outgoing_record(topic, value=b"first")])

    for size in (1536, 4096):  # what the broker refuses, and what is not even sent
        with pytest.raises(DependencyUnavailable):
            await log.publish([an_outgoing_record(topic, value=b"x" * 1024 * size)])
    await log.publish([an_outgoing_record(topic, value=b"next")])

    records = await take(await log.subscribe(group, [topic]), 2)
    assert [record.value for record in records] == [b"first", b"next"]


class Selling:
    """Takes numbers; anything else can never succeed."""

    def __init__(self) -> None:
        self.taken: list[int] = []

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[HandlerResult]:
        return [self._take(delivery.record.value or b"") for delivery in deliveries]

    def _take(self, value: bytes) -> HandlerResult:
        if not value.isdigit():
            return Broken("not_a_number", "This is no number.")
        self.taken.append(int(value))
        return Ended(Ending.APPLIED)


async def test_broken_and_large_messages_become_dead_letters_and_the_others_go_on(
    real_kafka_server: KafkaServer, log: KafkaEventLog, inspector: KafkaInspector, group: str
) -> None:
    topic = fresh("topic")
    await prepare_topics(
        KafkaSettings(bootstrap_servers=real_kafka_server.bootstrap, topic_partitions=1),
        names=[topic, dead_letter_topic(topic)],
    )
    large = b"x" * 900 * 1024
    await log.publish(numbered(topic, range(5)))
    await log.publish([OutgoingRecord(topic, None, None), OutgoingRecord(topic, b"k", large)])
    await log.publish(numbered(topic, range(5, 10)))
    selling = Selling()
    consumer = Consumer(
        await log.subscribe(group, [topic]),
        selling,
        log,
        clock=SystemClock(),
        ids=RandomIds(),
        settings=ConsumerSettings(service="products-service", poll_seconds=0.2),
    )

    async def all_ended() -> bool:
        await consumer.step()
        committed = {one.name: one.committed for one in await inspector.groups()}
        return committed[group] == {TopicPartition(topic, 0): 12}

    await eventually(all_ended, "all messages have ended")
    assert selling.taken == list(range(10))
    at = TopicPartition(dead_letter_topic(topic), 0)
    letters = await inspector.read(at, start=0, count_max=10)
    assert [(letter.key, letter.value) for letter in letters] == [(None, None), (b"k", large)]


async def test_a_batch_that_waits_while_its_log_is_closed_ends_with_an_outage(
    log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    subscription = await log.subscribe(group, [topic])
    await share_out([subscription], [TopicPartition(topic, 0)])

    async def wait_long() -> None:
        async with subscription.batch(count_max=1, wait_seconds=60.0):
            raise AssertionError("there is nothing to work on")

    waiting = asyncio.create_task(wait_long())
    await asyncio.sleep(0)
    await log.aclose()

    with pytest.raises(DependencyUnavailable):
        await waiting


# --- the broker is away -------------------------------------------------------------------------


async def test_nothing_acknowledged_is_lost_when_the_broker_is_killed(
    real_kafka_server: KafkaServer, log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=3)
    acknowledged: list[int] = []
    stop = asyncio.Event()

    async def publish_on() -> None:
        for start in itertools.count(step=50):
            if stop.is_set():
                return
            numbers = range(start, start + 50)
            await publish_until_taken(log, numbered(topic, numbers))
            acknowledged.extend(numbers)

    async def more_than(count: int) -> bool:
        return len(acknowledged) > count

    publishing = asyncio.create_task(publish_on())
    await eventually(lambda: more_than(200), "records are published")
    real_kafka_server.kill()
    before = len(acknowledged)
    await asyncio.to_thread(real_kafka_server.start)
    await eventually(lambda: more_than(before + 200), "records are published again")
    stop.set()
    await publishing

    subscription = await log.subscribe(group, [topic])
    records = await take_in_spite_of_outages(subscription, len(acknowledged))
    assert set(values(records)) >= set(acknowledged)


async def test_an_absent_broker_is_an_outage_that_passes(
    real_kafka_server: KafkaServer, log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    subscription = await log.subscribe(group, [topic])
    await log.publish(numbered(topic, [0]))
    await take(subscription, 1, commit=True)

    real_kafka_server.kill()
    outage = await fails_in_time(lambda: log.publish(numbered(topic, [1])))
    unread = await fails_in_time(one_batch(subscription))
    for error in (outage, unread):
        assert error.dependency == "event log"
        assert "KAFKA_BOOTSTRAP_SERVERS" in error.reason
    await asyncio.to_thread(real_kafka_server.start)

    await publish_until_taken(log, numbered(topic, [1]))
    records = await take_in_spite_of_outages(subscription, 1)
    assert values(records)[-1] == 1
    assert records[0].offset == 1


async def test_a_commit_to_an_absent_broker_ends_in_time_and_the_records_come_again(
    real_kafka_server: KafkaServer, log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    subscription = await log.subscribe(group, [topic])
    await log.publish(numbered(topic, [0, 1]))
    await take(subscription, 1, commit=True)

    async with subscription.batch(count_max=1, wait_seconds=5.0) as batch:
        real_kafka_server.kill()
        began = time.monotonic()
        with pytest.raises(DependencyUnavailable):
            await batch.commit(end_offsets(batch.records))
        assert time.monotonic() - began < BOUND_SECONDS
    await asyncio.to_thread(real_kafka_server.start)

    records = await take_in_spite_of_outages(subscription, 1)
    assert [record.offset for record in records] == [1]


async def test_closing_takes_a_bounded_time_without_a_broker(
    real_kafka_server: KafkaServer, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    log = KafkaEventLog(brisk(real_kafka_server.bootstrap))
    subscription = await log.subscribe(group, [topic])
    await log.publish(numbered(topic, [0]))
    await take(subscription, 1)

    real_kafka_server.pause()
    publishing = asyncio.create_task(log.publish(numbered(topic, [1])))
    await eventually(lambda: is_sending(log), "a record is under way")
    began = time.monotonic()
    await log.aclose()

    assert time.monotonic() - began < BOUND_SECONDS
    with pytest.raises(DependencyUnavailable):
        await publishing


async def is_sending(log: KafkaEventLog) -> bool:
    producer = log._publisher._producer
    return producer is not None and bool(producer._sender._in_flight)


async def test_what_was_given_up_is_not_sent_later(
    real_kafka_server: KafkaServer,
    log: KafkaEventLog,
    topics: MakeTopics,
    inspector: KafkaInspector,
) -> None:
    (topic,) = await topics(1, partitions=1)
    await log.publish(numbered(topic, [0]))

    real_kafka_server.kill()
    with pytest.raises(DependencyUnavailable):
        await log.publish(numbered(topic, [1]))
    await asyncio.to_thread(real_kafka_server.start)
    await publish_until_taken(log, numbered(topic, [2]))

    records = await inspector.read(TopicPartition(topic, 0), start=0, count_max=10)
    assert [record.value for record in records] == [b"0", b"2"]


async def test_a_hanging_connection_is_an_outage_and_no_freeze(
    real_kafka_server: KafkaServer, topics: MakeTopics, group: str
) -> None:
    server = real_kafka_server
    (topic,) = await topics(1, partitions=1)
    async with (
        Proxy(server.behind_proxy_port, server.proxy_port) as proxy,
        opened(f"127.0.0.1:{proxy.port}") as log,
    ):
        subscription = await log.subscribe(group, [topic])
        await log.publish(numbered(topic, [0, 1]))
        async with subscription.batch(count_max=1, wait_seconds=5.0):
            pass  # the member is at work from here on
        await subscription.rewind()
        await take(subscription, 1, commit=True)

        async with subscription.batch(count_max=1, wait_seconds=5.0) as batch:
            await proxy.set_mode(Mode.SWALLOW)
            await fails_in_time(lambda: batch.commit(end_offsets(batch.records)))
        await fails_in_time(one_batch(subscription))
        await fails_in_time(lambda: log.publish(numbered(topic, [2])))
        await proxy.set_mode(Mode.PASS)

        await publish_until_taken(log, numbered(topic, [3]))
        records = await take_in_spite_of_outages(subscription, 2)
        assert {1, 3} <= set(values(records))


async def test_a_consumer_that_hears_nothing_is_an_outage(
    real_kafka_server: KafkaServer, topics: MakeTopics, group: str
) -> None:
    server = real_kafka_server
    (topic,) = await topics(1, partitions=1)
    async with (
        Proxy(server.behind_proxy_port, server.proxy_port) as proxy,
        opened(f"127.0.0.1:{proxy.port}") as log,
    ):
        subscription = await log.subscribe(group, [topic])
        await share_out([subscription], [TopicPartition(topic, 0)])

        await proxy.set_mode(Mode.SWALLOW)
        outage = await fails_in_time(one_batch(subscription))

        assert "gone silent" in outage.reason


async def test_a_member_without_partitions_notices_an_absent_broker(
    real_kafka_server: KafkaServer, log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    members = [await log.subscribe(group, [topic]) for _ in range(2)]
    owned: list[list[TopicPartition]] = []

    async def one_has_all() -> bool:
        owned.clear()
        for member in members:
            async with member.batch(count_max=1, wait_seconds=0.2) as batch:
                owned.append(list(batch.assigned))
        return sorted(owned) == [[], [TopicPartition(topic, 0)]]

    await eventually(one_has_all, "one member has the partition and the other none")
    idle = members[owned.index([])]

    real_kafka_server.kill()

    await fails_in_time(one_batch(idle))


@pytest.mark.parametrize(
    ("part", "task"), [(part, name) for part, names in CONSUMER_PARTS.items() for name in names]
)
async def test_a_consumer_that_died_in_silence_is_replaced(
    log: KafkaEventLog, topics: MakeTopics, group: str, part: str, task: str
) -> None:
    """Whatever ends one of the driver's tasks, records go on being taken and committed."""
    (topic,) = await topics(1, partitions=1)
    subscription = await log.subscribe(group, [topic])
    await log.publish(numbered(topic, [0]))
    await take(subscription, 1, commit=True)
    assert subscription._member is not None
    alive = getattr(getattr(subscription._member._consumer, part), task)
    if alive is None:
        pytest.fail(f"the driver has no {task} at work")
    alive.cancel()
    await log.publish(numbered(topic, range(1, 6)))
    committed: dict[TopicPartition, int] = {}

    async def all_are_committed() -> bool:
        try:
            async with subscription.batch(count_max=10, wait_seconds=0.5) as batch:
                await batch.commit(end_offsets(batch.records))
                committed.update(end_offsets(batch.records))
        except (DependencyUnavailable, CommitRefused):
            await subscription.rewind()
        return committed == {TopicPartition(topic, 0): 6}

    await eventually(all_are_committed, "the records are taken and committed")


async def test_a_hanging_broker_does_not_hold_up_an_onlooker(
    real_kafka_server: KafkaServer, topics: MakeTopics, inspector: KafkaInspector
) -> None:
    (topic,) = await topics(1, partitions=1)
    await inspector.topics()

    real_kafka_server.pause()
    await fails_in_time(inspector.topics)
    await fails_in_time(inspector.groups)
    await fails_in_time(lambda: inspector.read(TopicPartition(topic, 0), start=0, count_max=1))
    real_kafka_server.resume()

    async def is_back() -> bool:
        try:
            return topic in [found.name for found in await inspector.topics()]
        except DependencyUnavailable:
            return False

    await eventually(is_back, "the topics are seen again")


# --- members come and go ------------------------------------------------------------------------


@pytest.mark.parametrize("member_count", [1, 2, 3])
async def test_one_partition_number_of_all_topics_goes_to_one_member(
    log: KafkaEventLog, topics: MakeTopics, group: str, member_count: int
) -> None:
    names = await topics(3, partitions=3)
    members = [await log.subscribe(group, names) for _ in range(member_count)]

    owned = await share_out(
        members, [TopicPartition(name, number) for name in names for number in range(3)]
    )

    for share in owned:
        numbers = {number for _, number in share}
        assert set(share) == {TopicPartition(name, n) for name in names for n in numbers}


async def test_a_rebalance_waits_for_a_batch_which_can_still_commit(
    log: KafkaEventLog, topics: MakeTopics, inspector: KafkaInspector, group: str
) -> None:
    (topic,) = await topics(1, partitions=2)
    await log.publish(numbered(topic, range(20)))
    first = await log.subscribe(group, [topic])
    await take(first, 20)
    await first.rewind()

    async def is_rebalancing() -> bool:
        found = {one.name: one.state for one in await inspector.groups()}
        return found[group] == "PreparingRebalance"

    async with first.batch(count_max=500, wait_seconds=5.0) as batch:
        second = await log.subscribe(group, [topic])
        await eventually(is_rebalancing, "the group waits for its member at work")
        async with second.batch(count_max=10, wait_seconds=1.0) as none:
            assert dict(none.assigned) == {}
        assert await is_rebalancing()
        offsets = end_offsets(batch.records)
        await batch.commit(offsets)

    owned = await share_out([first, second], [TopicPartition(topic, n) for n in (0, 1)])
    assert [len(share) for share in owned] == [1, 1]
    (info,) = [one for one in await inspector.groups() if one.name == group]
    assert dict(info.committed) == offsets


async def test_a_member_that_waits_for_records_holds_up_no_rebalance(
    log: KafkaEventLog, topics: MakeTopics, group: str
) -> None:
    (topic,) = await topics(1, partitions=2)
    first = await log.subscribe(group, [topic])
    await share_out([first], [TopicPartition(topic, n) for n in (0, 1)])

    async def wait_long() -> None:
        async with first.batch(count_max=1, wait_seconds=60.0):
            raise AssertionError("there is nothing to work on")

    waiting = asyncio.create_task(wait_long())
    await asyncio.sleep(0)
    began = time.monotonic()
    second = await log.subscribe(group, [topic])

    async def has_its_share() -> bool:
        async with second.batch(count_max=1, wait_seconds=0.2) as batch:
            return len(batch.assigned) == 1

    await eventually(has_its_share, "the second member has one of the partitions")
    assert time.monotonic() - began < BOUND_SECONDS
    await log.aclose()
    with pytest.raises(DependencyUnavailable):
        await waiting


async def test_a_batch_of_an_earlier_assignment_can_commit_nothing(
    log: KafkaEventLog, topics: MakeTopics, inspector: KafkaInspector, group: str
) -> None:
    (topic,) = await topics(1, partitions=1)
    at = TopicPartition(topic, 0)
    await log.publish(numbered(topic, range(5)))
    first = await log.subscribe(group, [topic])
    await share_out([first], [at])
    async with first.batch(count_max=5, wait_seconds=1.0) as kept:
        pass
    second = await log.subscribe(group, [topic])

    async def is_shared() -> bool:
        found = {one.name: one for one in await inspector.groups()}[group]
        for member in (first, second):
            async with member.batch(count_max=1, wait_seconds=0.2):
                pass
        return found.state == "Stable" and len(found.members) == 2

    await eventually(is_shared, "the group has a second member")
    await second.aclose()
    (after,) = await share_out([first], [at])
    assert after[at] != kept.assigned[at]
    with pytest.raises(CommitRefused):
        await kept.commit({at: 5})


# --- a fetch whose caller went away -------------------------------------------------------------


@pytest.fixture
async def left_alone(
    log: KafkaEventLog, topics: MakeTopics, group: str
) -> tuple[KafkaSubscription, str]:
    """A member that was given records 0 and 1, and has fetched six more for nobody."""
    (topic,) = await topics(1, partitions=1)
    await log.publish(numbered(topic, range(8)))
    subscription = await log.subscribe(group, [topic])
    await take(subscription, 2)
    member = subscription._member
    assert member is not None
    await member.fetch(6, 5.0, ())
    return subscription, topic


async def test_what_it_fetched_comes_next(left_alone: tuple[KafkaSubscription, str]) -> None:
    subscription, _ = left_alone

    async with subscription.batch(count_max=4, wait_seconds=1.0) as batch:
        handed = [record.offset for record in batch.records]

    assert handed == [2, 3, 4, 5]
    assert [record.offset for record in await take(subscription, 2)] == [6, 7]


async def test_a_rewind_drops_what_it_fetched(left_alone: tuple[KafkaSubscription, str]) -> None:
    subscription, _ = left_alone

    await subscription.rewind()

    assert [record.offset for record in await take(subscription, 8)] == list(range(8))


async def test_what_it_fetched_stays_behind_a_pause(
    left_alone: tuple[KafkaSubscription, str],
) -> None:
    subscription, topic = left_alone
    paused = [TopicPartition(topic, 0)]

    async with subscription.batch(count_max=9, wait_seconds=0.2, paused=paused) as batch:
        assert list(batch.records) == []

    assert [record.offset for record in await take(subscription, 6)] == [2, 3, 4, 5, 6, 7]


# --- processes ----------------------------------------------------------------------------------


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


# --- errors of the protocol, told by a mock -----------------------------------------------------


@pytest.fixture
async def mocked(kafka_mock: KafkaMock) -> AsyncIterator[KafkaEventLog]:
    async with opened(kafka_mock.bootstrap) as log:
        yield log


@pytest.mark.parametrize(
    "code",
    [
        OUT_OF_ORDER_SEQUENCE_NUMBER,
        INVALID_PRODUCER_EPOCH,
        UNKNOWN_PRODUCER_ID,
        PRODUCER_FENCED,
    ],
)
async def test_a_producer_out_of_sequence_is_replaced(
    kafka_mock: KafkaMock, mocked: KafkaEventLog, group: str, code: int
) -> None:
    topic = fresh("topic")
    kafka_mock.create_topic(topic, partitions=1)
    await mocked.publish(numbered(topic, [0]))
    broken = mocked._publisher._producer

    kafka_mock.push_errors(Api.PRODUCE, code)
    with pytest.raises(DependencyUnavailable):
        await mocked.publish(numbered(topic, [1]))
    await mocked.publish(numbered(topic, [2]))

    assert mocked._publisher._producer is not broken
    records = await take(await mocked.subscribe(group, [topic]), 2)
    assert values(records) == [0, 2]


async def test_a_refused_commit_is_not_tried_again(
    kafka_mock: KafkaMock, mocked: KafkaEventLog, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = fresh("topic")
    kafka_mock.create_topic(topic, partitions=1)
    await mocked.publish(numbered(topic, range(3)))
    subscription = await mocked.subscribe(group, [topic])
    await take(subscription, 3)
    await subscription.rewind()
    assert subscription._member is not None
    consumer = subscription._member._consumer
    tries: list[object] = []
    commit = consumer.commit

    async def counted(offsets: object) -> None:
        tries.append(offsets)
        await commit(offsets)

    monkeypatch.setattr(consumer, "commit", counted)

    async with subscription.batch(count_max=3, wait_seconds=5.0) as batch:
        # Only the first try meets it: a second one may be taken.
        kafka_mock.push_errors(Api.OFFSET_COMMIT, ILLEGAL_GENERATION)
        for _ in range(2):
            with pytest.raises(CommitRefused):
                await batch.commit(end_offsets(batch.records))

    assert len(tries) == 1
    assert values(await take(subscription, 3)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("api", "code"),
    [
        (Api.FETCH, TOPIC_AUTHORIZATION_FAILED),
        (Api.HEARTBEAT, GROUP_AUTHORIZATION_FAILED),
        (Api.OFFSET_COMMIT, TOPIC_AUTHORIZATION_FAILED),
    ],
)
async def test_a_consumer_with_an_error_is_replaced_and_begins_at_the_last_commit(
    kafka_mock: KafkaMock, mocked: KafkaEventLog, group: str, api: Api, code: int
) -> None:
    topic = fresh("topic")
    kafka_mock.create_topic(topic, partitions=1)
    await mocked.publish(numbered(topic, range(6)))
    subscription = await mocked.subscribe(group, [topic])
    await take(subscription, 2, commit=True)
    await take(subscription, 2)

    async def work() -> None:
        async with subscription.batch(count_max=10, wait_seconds=0.2) as batch:
            await batch.commit(dict.fromkeys(batch.assigned, 2))

    kafka_mock.push_errors(api, code)
    await fails_in_time(work)

    records = await take(subscription, 4)
    assert [record.offset for record in records] == [2, 3, 4, 5]
