"""The fakes keep the ports' promises: every contract suite, on the fakes."""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from inventory_domain.testing import (
    MemoryBroker,
    MemoryEventLog,
    MemoryOrderStore,
    MemoryStockStore,
    OrderDisk,
    RecordingClient,
    RecordingNotifier,
    SequentialIds,
    StockDisk,
    VirtualClock,
)
from inventory_domain.testing.contracts import (
    ClockContract,
    ConnectClient,
    EventLogContract,
    IdSourceContract,
    LetPass,
    MakeTopics,
    NotifierContract,
    OpenLog,
    OpenOrderStore,
    OpenStockStore,
    OrderStoreContract,
    StockStoreContract,
)
from inventory_domain.testing.contracts.notifier import Received


class TestMemoryOrderStore(OrderStoreContract):
    @pytest.fixture
    def open_store(self) -> OpenOrderStore:
        disk = OrderDisk()

        @asynccontextmanager
        async def open_one() -> AsyncIterator[MemoryOrderStore]:
            yield MemoryOrderStore(disk)

        return open_one


class TestMemoryStockStore(StockStoreContract):
    @pytest.fixture
    def open_store(self) -> OpenStockStore:
        disk = StockDisk()

        @asynccontextmanager
        async def open_one() -> AsyncIterator[MemoryStockStore]:
            yield MemoryStockStore(disk)

        return open_one


class TestMemoryEventLog(EventLogContract):
    @pytest.fixture
    def broker(self) -> MemoryBroker:
        return MemoryBroker(VirtualClock(autojump=True))

    @pytest.fixture
    def open_log(self, broker: MemoryBroker) -> OpenLog:
        @asynccontextmanager
        async def open_one() -> AsyncIterator[MemoryEventLog]:
            log = MemoryEventLog(broker)
            yield log
            log.die()

        return open_one

    @pytest.fixture
    def inspector(self, broker: MemoryBroker) -> MemoryEventLog:
        return MemoryEventLog(broker)

    @pytest.fixture
    def topics(self, broker: MemoryBroker) -> MakeTopics:
        numbers = itertools.count(1)

        async def make(count: int, *, partitions: int) -> tuple[str, ...]:
            names = tuple(f"topic-{next(numbers)}" for _ in range(count))
            for name in names:
                broker.create_topic(name, partitions)
            return names

        return make


class TestRecordingNotifier(NotifierContract):
    @pytest.fixture
    def notifier(self) -> RecordingNotifier:
        return RecordingNotifier()

    @pytest.fixture
    def connect(self, notifier: RecordingNotifier) -> ConnectClient:
        async def connect_one(rooms: Sequence[str]) -> _Client:
            return _Client(notifier, notifier.connect(*rooms))

        return connect_one


class _Client:
    def __init__(self, notifier: RecordingNotifier, client: RecordingClient) -> None:
        self._notifier = notifier
        self._client = client

    async def receive(self, count: int) -> Sequence[Received]:
        return [self._client.received.popleft() for _ in range(count)]

    async def disconnect(self) -> None:
        self._notifier.disconnect(self._client)


class TestVirtualClock(ClockContract):
    @pytest.fixture
    def clock(self) -> VirtualClock:
        return VirtualClock()

    @pytest.fixture
    def let_pass(self, clock: VirtualClock) -> LetPass:
        return clock.advance


class TestSequentialIds(IdSourceContract):
    @pytest.fixture
    def ids(self) -> SequentialIds:
        return SequentialIds()
