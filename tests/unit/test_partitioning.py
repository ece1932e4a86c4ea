"""Partitions and shares are those of every Kafka client."""

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as kafka_murmur2
from hypothesis import given
from hypothesis import strategies as st

from inventory_domain.partitioning import murmur2, partition_for, range_assignment
from inventory_domain.records import TopicPartition

# From the tests of Kafka's Java client.
JAVA_VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("data", "expected"), JAVA_VECTORS.items())
def test_murmur2_is_that_of_the_java_client(data: bytes, expected: int) -> None:
    assert murmur2(data) == expected


@given(st.binary(max_size=40))
def test_murmur2_is_that_of_another_python_client(data: bytes) -> None:
    assert murmur2(data) & 0xFFFFFFFF == kafka_murmur2(data)


@given(st.binary(max_size=40), st.integers(1, 50))
def test_a_key_has_the_partition_that_another_client_gives_it(key: bytes, count: int) -> None:
    partitions = list(range(count))

    assert partition_for(key, count) == DefaultPartitioner()(key, partitions, partitions)


def test_keys_are_spread_over_all_partitions() -> None:
    found = [partition_for(f"order-{number}".encode(), 3) for number in range(3000)]

    assert all(900 < found.count(partition) < 1100 for partition in range(3))


def shares(assignment: dict[str, tuple[TopicPartition, ...]]) -> dict[str, list[str]]:
    return {
        member: [f"{at.topic}-{at.partition}" for at in share]
        for member, share in assignment.items()
    }


def test_earlier_members_get_what_cannot_be_shared_evenly() -> None:
    subscribed = {"b": ["reserve"], "a": ["reserve"]}

    assert shares(range_assignment(subscribed, {"reserve": 3})) == {
        "a": ["reserve-0", "reserve-1"],
        "b": ["reserve-2"],
    }


def test_topics_with_as_many_partitions_are_cut_alike() -> None:
    topics = ["reserve", "release"]
    subscribed = dict.fromkeys(["a", "b"], topics)

    assert shares(range_assignment(subscribed, {"reserve": 2, "release": 2})) == {
        "a": ["release-0", "reserve-0"],
        "b": ["release-1", "reserve-1"],
    }


def test_members_get_partitions_of_their_own_topics_alone() -> None:
    subscribed = {"a": ["reserve"], "b": ["reserve", "adjusted"], "c": ["adjusted"]}

    assert shares(range_assignment(subscribed, {"reserve": 2, "adjusted": 1})) == {
        "a": ["reserve-0"],
        "b": ["adjusted-0", "reserve-1"],
        "c": [],
    }


def test_nobody_gets_nothing() -> None:
    assert range_assignment({}, {}) == {}
    assert range_assignment({"a": []}, {}) == {"a": ()}
    assert range_assignment({}, {"reserve": 3}) == {}


@given(
    st.dictionaries(
        st.text("abcdefgh", min_size=1, max_size=3), st.sets(st.sampled_from("xyz")), max_size=6
    ),
    st.fixed_dictionaries({name: st.integers(1, 7) for name in "xyz"}),
)
def test_every_partition_that_is_wanted_has_one_owner(
    subscribed: dict[str, set[str]], counts: dict[str, int]
) -> None:
    assignment = range_assignment(subscribed, counts)

    wanted = {topic for topics in subscribed.values() for topic in topics}
    expected = sorted((topic, number) for topic in wanted for number in range(counts[topic]))
    assert sorted(at for share in assignment.values() for at in share) == expected
    for member, share in assignment.items():
        assert {at.topic for at in share} <= subscribed[member]
