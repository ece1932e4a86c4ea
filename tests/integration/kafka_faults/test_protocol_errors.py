"""Errors of the protocol that no broker gives on demand, told by a mock."""

from collections.abc import AsyncIterator

import pytest

from adapters.kafka import KafkaEventLog
from inventory_domain.errors import CommitRefused, DependencyUnavailable
from inventory_domain.testing.contracts.waiting import end_offsets, take
from tests.integration.kafka_faults.driving import fails_in_time, fresh, numbered, opened, values
from tests.support.kafka_mock import Api, KafkaMock

pytestmark = pytest.mark.integration

ILLEGAL_GENERATION = 22
TOPIC_AUTHORIZATION_FAILED = 29
GROUP_AUTHORIZATION_FAILED = 30
OUT_OF_ORDER_SEQUENCE_NUMBER = 45
INVALID_PRODUCER_EPOCH = 47
UNKNOWN_PRODUCER_ID = 59
PRODUCER_FENCED = 90


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
