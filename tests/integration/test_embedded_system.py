"""The machine's clock and ids keep what the ports promise."""

import asyncio

import pytest

from adapters.system import RandomIds, SystemClock
from inventory_domain.testing.contracts import ClockContract, IdSourceContract, LetPass


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self) -> SystemClock:
        return SystemClock()

    @pytest.fixture
    def let_pass(self) -> LetPass:
        return asyncio.sleep


class TestRandomIds(IdSourceContract):
    @pytest.fixture
    def ids(self) -> RandomIds:
        return RandomIds()

    async def test_later_ids_sort_behind_earlier_ones(self, ids: RandomIds) -> None:
        first = ids.new_id()
        await asyncio.sleep(0.002)

        assert first < ids.new_id()
