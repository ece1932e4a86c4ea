"""The simulated loop gives an own adapter what asyncio gives: timeouts, groups, pauses, events."""

import asyncio
from collections.abc import Coroutine
from random import Random
from typing import Any

import pytest

from inventory_domain.testing.simulation.clock import SimulatedClock
from inventory_domain.testing.simulation.loop import SimulatedLoop, Standstill


def a_loop() -> SimulatedLoop:
    return SimulatedLoop(Random(1), steps_max=1000)  # type: ignore[abstract] # as the runner has it


def run(loop: SimulatedLoop, work: Coroutine[Any, Any, object]) -> object:
    result = loop.run(work)
    assert loop.fault is None, loop.fault
    return result


def test_a_pause_takes_its_virtual_time() -> None:
    loop = a_loop()
    clock = SimulatedClock(loop)

    async def work() -> float:
        await clock.sleep(1.5)
        return loop.time()

    assert run(loop, work()) == pytest.approx(1.5)


def test_a_timeout_ends_a_pause_that_lasts_longer() -> None:
    loop = a_loop()
    clock = SimulatedClock(loop)

    async def work() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await clock.sleep(60)
        await clock.sleep(1)
        return loop.time()

    assert run(loop, work()) == pytest.approx(3)


def test_a_timeout_ends_the_wait_for_a_future() -> None:
    loop = a_loop()

    async def work() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await loop.create_future()
        return loop.time()

    assert run(loop, work()) == pytest.approx(2)


def test_tasks_of_a_group_pause_beside_each_other() -> None:
    loop = a_loop()
    clock = SimulatedClock(loop)

    async def work() -> float:
        async with asyncio.TaskGroup() as group:
            group.create_task(clock.sleep(2))
            group.create_task(clock.sleep(3))
        await asyncio.gather(clock.sleep(1), asyncio.sleep(4))
        return loop.time()

    assert run(loop, work()) == pytest.approx(7)


def test_whoever_waits_is_woken_by_the_event_or_by_the_time() -> None:
    loop = a_loop()
    clock = SimulatedClock(loop)
    event = asyncio.Event()

    async def work() -> list[object]:
        missed = await clock.wait(event, 1)
        loop.call_later(1, event.set)
        came = await clock.wait(event, 5)
        event.clear()
        loop.call_later(1, event.set)
        in_a_task = await asyncio.ensure_future(clock.wait(event, 5))
        return [missed, came, in_a_task, loop.time()]

    assert run(loop, work()) == [False, True, True, pytest.approx(3)]


def test_what_nobody_expected_is_told() -> None:
    loop = a_loop()

    async def stumble() -> None:
        raise LookupError("nothing there")

    async def work() -> None:
        loop.start(stumble())
        await SimulatedClock(loop).sleep(1)

    loop.run(work())

    assert loop.fault is not None
    assert isinstance(loop.fault["exception"], LookupError)


def test_waiting_for_what_never_comes_is_a_standstill() -> None:
    loop = a_loop()

    async def work() -> None:
        await loop.create_future()

    with pytest.raises(Standstill):
        loop.run(work())
