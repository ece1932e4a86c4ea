"""How the integration tests name a broker's cluster."""

from uuid import UUID

from tests.support.kafka_settings import cluster_name

# In URL-safe base64 these begin with "-" and with "_".
LIKE_AN_OPTION, HIGHEST = UUID(int=0xF8 << 120 | 1), UUID(int=2**128 - 1)


def test_no_cluster_is_named_like_an_option_of_the_tool_that_formats_it() -> None:
    assert [cluster_name(number)[0] for number in (LIKE_AN_OPTION, HIGHEST)] == ["A", "A"]


def test_a_cluster_s_name_is_as_long_as_kafka_s_own() -> None:
    assert len(cluster_name(HIGHEST)) == 22


def test_two_numbers_name_two_clusters() -> None:
    assert cluster_name(UUID(int=1)) != cluster_name(UUID(int=2))
