"""What a benchmark prints can be read by itself, wherever a line of it is copied to."""

from importlib import import_module

BENCHMARK = import_module("benchmarks.reserve_kafka_mongodb")


def test_a_figure_on_servers_names_them_and_everything_else_that_it_depends_on() -> None:
    told = BENCHMARK.line(
        "ours 700/s; audit holds",
        servers="Apache Kafka 4.3.1, 1 broker, acks=all; MongoDB 8.0",
        lines="5 lines of 50 products",
        batch="500",
        duplicates="75",
    )

    for part in (
        "Apache Kafka 4.3.1",
        "MongoDB 8.0",
        "write concern majority, journaled",
        "batches of 500",
        "5 lines of 50 products",
        "75 duplicates injected",
        "audit holds",
    ):
        assert part in told


def test_the_duplicates_that_are_told_are_those_that_are_injected() -> None:
    sent = BENCHMARK.requests("mark", 1, 50)

    assert len(sent) - len({record.key for record in sent}) == BENCHMARK.INJECTED > 0
