"""What every integration test may ask for."""

from tests.support.servers import (
    kafka_mock,
    kafka_server,
    managed_mongo_server,
    mongo_server,
    own_broker,
    own_kafka,
    own_mongo,
    real_kafka_server,
    redis_server,
)

__all__ = [
    "kafka_mock",
    "kafka_server",
    "managed_mongo_server",
    "mongo_server",
    "own_broker",
    "own_kafka",
    "own_mongo",
    "real_kafka_server",
    "redis_server",
]
