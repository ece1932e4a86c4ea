"""Calls that come at once go out together, and nobody fails for another's fault."""

import asyncio
from collections.abc import Sequence

import pytest

from adapters.mongodb.batcher import Batcher
from inventory_domain.errors import DependencyUnavailable
from tests.support.waiting import until_true

BAD = -1


class Writes:
    """Writes numbers, doubled, when it is let; a bad one spoils its write."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.away = False

    async def __call__(self, items: Sequence[int]) -> Sequence[int]:
        self.seen.append(list(items))
        await self.open.wait()
        if self.away:
            raise DependencyUnavailable(dependency="store")
        if BAD in items:
            raise ValueError("bad")
        return [2 * item for item in items]


async def test_a_call_alone_is_written_at_once() -> None:
    writes = Writes()

    assert await Batcher(writes)([1, 2]) == [2, 4]

    assert writes.seen == [[1, 2]]


async def test_calls_gather_while_a_write_is_under_way_and_go_out_together() -> None:
    writes = Writes()
    batcher = Batcher(writes)
    writes.open.clear()
    first = asyncio.create_task(batcher([1]))
    await until_true(lambda: writes.seen == [[1]])

    others = [asyncio.create_task(batcher([number, number])) for number in (2, 3, 4)]
    await asyncio.sleep(0)
    writes.open.set()

    assert await first == [2]
    assert await asyncio.gather(*others) == [[4, 4], [6, 6], [8, 8]]
    assert writes.seen == [[1], [2, 2, 3, 3, 4, 4]]


async def test_what_gathers_goes_out_in_bounded_writes() -> None:
    writes = Writes()
    batcher = Batcher(writes, item_count_max=4)

    await asyncio.gather(*(batcher([number] * 3) for number in range(3)), batcher(range(9)))

    assert [len(items) for items in writes.seen] == [3, 3, 3, 9]


async def test_one_callers_fault_is_not_the_others() -> None:
    writes = Writes()
    batcher = Batcher(writes)

    results = await asyncio.gather(
        batcher([1]), batcher([BAD]), batcher([2]), return_exceptions=True
    )

    assert [results[0], results[2]] == [[2], [4]]
    assert isinstance(results[1], ValueError)


async def test_an_outage_fails_every_caller_and_nothing_is_tried_again() -> None:
    writes = Writes()
    writes.away = True
    batcher = Batcher(writes)

    results = await asyncio.gather(batcher([1]), batcher([2]), return_exceptions=True)
    writes.away = False

    assert [type(result) for result in results] == [DependencyUnavailable] * 2
    assert writes.seen == [[1, 2]]
    assert await batcher([3]) == [6]


async def test_an_outage_fails_those_who_wait_for_their_turn_as_well() -> None:
    writes = Writes()
    batcher = Batcher(writes)
    writes.away = True
    writes.open.clear()
    calls = [asyncio.create_task(batcher([1]))]
    await until_true(lambda: writes.seen == [[1]])
    calls += [asyncio.create_task(batcher([number])) for number in (2, 3)]
    await asyncio.sleep(0)

    writes.open.set()
    results = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(result) for result in results] == [DependencyUnavailable] * 3
    assert writes.seen == [[1]]


async def test_a_cancelled_caller_neither_stops_the_write_nor_the_others() -> None:
    writes = Writes()
    batcher = Batcher(writes)
    writes.open.clear()
    leaving = asyncio.create_task(batcher([1]))
    staying = asyncio.create_task(batcher([2]))
    await until_true(lambda: writes.seen == [[1, 2]])
    gone_early = asyncio.create_task(batcher([3]))
    await asyncio.sleep(0)

    leaving.cancel()
    gone_early.cancel()
    await asyncio.sleep(0)
    writes.open.set()

    assert await staying == [4]
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await batcher.aclose()
    assert writes.seen == [[1, 2]]


async def test_closing_waits_for_what_was_handed_in() -> None:
    writes = Writes()
    batcher = Batcher(writes)
    writes.open.clear()
    call = asyncio.create_task(batcher([1]))
    await until_true(lambda: writes.seen == [[1]])

    closing = asyncio.create_task(batcher.aclose())
    await asyncio.sleep(0)
    assert not closing.done()
    writes.open.set()
    await closing

    assert await call == [2]
    await batcher.aclose()
