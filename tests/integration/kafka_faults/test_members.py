"""Members of a group come and go: records are handed out again, and late commits refused."""

import asyncio
import time

import pytest

from adapters.kafka import KafkaEventLog, KafkaInspector, KafkaSubscription
from inventory_domain.errors import CommitRefused, DependencyUnavailable
from inventory_domain.records import TopicPartition
from inventory_domain.testing.contracts.topics import MakeTopics
from inventory_domain.testing.contracts.waiting import end_offsets, eventually, share_out, take
from tests.integration.kafka_faults.driving import BOUND_SECONDS, numbered

pytestmark = pytest.mark.integration


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
