"""librdkafka's mock cluster: the Kafka of machines without Java. It keeps records in memory."""

import ctypes
import enum
from collections.abc import Mapping
from typing import NoReturn

from confluent_kafka import cimpl, libversion

PRODUCER = 0
ERROR_TEXT_BYTES = 512

POINTER = ctypes.c_void_p
TEXT = ctypes.c_char_p
INT = ctypes.c_int
INT32 = ctypes.c_int32

# Name of a function after "rd_kafka_", its result, its arguments.
SIGNATURES: Mapping[str, tuple[object, list[object]]] = {
    "conf_new": (POINTER, []),
    "conf_set": (INT, [POINTER, TEXT, TEXT, TEXT, ctypes.c_size_t]),
    "new": (POINTER, [INT, POINTER, TEXT, ctypes.c_size_t]),
    "destroy": (None, [POINTER]),
    "err2str": (TEXT, [INT]),
    "mock_cluster_new": (POINTER, [POINTER, INT]),
    "mock_cluster_destroy": (None, [POINTER]),
    "mock_cluster_bootstraps": (TEXT, [POINTER]),
    "mock_topic_create": (INT, [POINTER, TEXT, INT, INT]),
    "mock_broker_set_down": (INT, [POINTER, INT32]),
    "mock_broker_set_up": (INT, [POINTER, INT32]),
    "mock_broker_set_rtt": (INT, [POINTER, INT32, INT]),
    "mock_push_request_errors_array": (
        None,
        [POINTER, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(INT)],
    ),
    "mock_clear_request_errors": (None, [POINTER, ctypes.c_int16]),
    "mock_group_initial_rebalance_delay_ms": (None, [POINTER, INT32]),
}


class Api(enum.IntEnum):
    """The requests that a test may want to fail."""

    PRODUCE = 0
    FETCH = 1
    LIST_OFFSETS = 2
    METADATA = 3
    OFFSET_COMMIT = 8
    OFFSET_FETCH = 9
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    SYNC_GROUP = 14
    INIT_PRODUCER_ID = 22


class KafkaMock:
    """A cluster of *brokers* mock brokers inside this process, numbered from 1."""

    real = False

    def __init__(self, brokers: int = 3) -> None:
        self.version = str(libversion()[0])
        self.bootstrap = ""
        self._brokers = brokers
        self._library = _library()
        self._client: int | None = None
        self._cluster: int | None = None

    @property
    def description(self) -> str:
        """Name and version for reports."""
        return f"librdkafka {self.version}'s mock cluster (not a real broker)"

    def start(self) -> None:
        """Start the cluster on free ports."""
        call = self._library
        text = ctypes.create_string_buffer(ERROR_TEXT_BYTES)
        settings = call.rd_kafka_conf_new()
        call.rd_kafka_conf_set(settings, b"log_level", b"0", text, ERROR_TEXT_BYTES)
        self._client = call.rd_kafka_new(PRODUCER, settings, text, ERROR_TEXT_BYTES)
        assert self._client, text.value.decode()
        self._cluster = call.rd_kafka_mock_cluster_new(self._client, self._brokers)
        assert self._cluster, "librdkafka made no mock cluster"
        call.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        self.bootstrap = call.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def close(self) -> None:
        """Stop the cluster and forget every record."""
        if self._cluster is not None:
            self._library.rd_kafka_mock_cluster_destroy(self._cluster)
            self._library.rd_kafka_destroy(self._client)
        self._cluster = self._client = None

    def create_topic(
        self, name: str, partitions: int = 3, config: Mapping[str, str] | None = None
    ) -> None:
        """Create a topic; the mock knows no topic settings, so *config* must be empty."""
        assert not config, "the mock knows no topic settings"
        create = self._library.rd_kafka_mock_topic_create
        self._check(create(self._cluster, name.encode(), partitions, self._brokers))

    def push_errors(self, api: Api, *codes: int) -> None:
        """Let the next requests of *api* fail with *codes*, one each; -195 cuts the connection."""
        array = (INT * len(codes))(*codes)
        push = self._library.rd_kafka_mock_push_request_errors_array
        push(self._cluster, api, len(codes), array)

    def clear_errors(self, api: Api) -> None:
        """Forget the pushed errors of *api* that no request has met yet."""
        self._library.rd_kafka_mock_clear_request_errors(self._cluster, api)

    def broker_down(self, broker: int) -> None:
        """Close the broker's connections and refuse new ones."""
        self._check(self._library.rd_kafka_mock_broker_set_down(self._cluster, broker))

    def broker_up(self, broker: int) -> None:
        """Take connections again."""
        self._check(self._library.rd_kafka_mock_broker_set_up(self._cluster, broker))

    def set_round_trip(self, broker: int, milliseconds: int) -> None:
        """Let every answer of the broker take this long."""
        self._check(self._library.rd_kafka_mock_broker_set_rtt(self._cluster, broker, milliseconds))

    def _check(self, code: int) -> None:
        if code != 0:
            _fail(self._library.rd_kafka_err2str(code).decode())


def _fail(reason: str) -> NoReturn:
    raise RuntimeError(f"the mock cluster refused: {reason}")


def _library() -> ctypes.CDLL:
    # The extension module of the wheel; its own librdkafka is found through it on any platform.
    library = ctypes.CDLL(cimpl.__file__)
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library, f"rd_kafka_{name}")
        function.restype, function.argtypes = result, arguments
    return library
