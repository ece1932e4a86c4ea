import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import AsyncExitStack
from typing import Any

import pytest
from structlog.testing import capture_logs

from apps.workers import Supervisor, supervised
from inventory_domain.testing.fakes import VirtualClock


class Shift:
    """Work that does what it is told: it runs until stopped, or dies, or will not stop."""

    def __init__(self, *, dies: BaseException | None = None, deaf: bool = False) -> None:
        self.outage: Exception | None = None
        self.dies = dies
        self.deaf = deaf
        self.stopped = asyncio.Event()
        self.ended = False

    async def run(self) -> None:
        if self.dies is not None:
            raise self.dies
        await (asyncio.Event() if self.deaf else self.stopped).wait()
        self.ended = True

    def stop(self) -> None:
        self.stopped.set()


def opening(*shifts: Shift) -> Callable[[], "asyncio.Future[Shift]"]:
    """Open *shifts* one after the other, the last one again and again."""
    left = list(shifts)

    def open_work() -> "asyncio.Future[Shift]":
        future: asyncio.Future[Shift] = asyncio.get_running_loop().create_future()
        future.set_result(left.pop(0) if len(left) > 1 else left[0])
        return future

    return open_work


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def supervisor(clock: VirtualClock) -> AsyncIterator[Supervisor]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(supervised(Supervisor(clock)))


async def test_a_worker_is_well_once_it_has_started(supervisor: Supervisor) -> None:
    supervisor.start("relay", opening(Shift()))
    [before] = supervisor.states()

    await supervisor.until_up()

    [after] = supervisor.states()
    assert (before.fault, after.fault) == ("it is starting", None)


async def test_an_outage_shows_while_it_lasts(supervisor: Supervisor) -> None:
    shift = Shift()
    supervisor.start("relay", opening(shift))
    await supervisor.until_up()

    shift.outage = ConnectionError("the log is away")
    [during] = supervisor.states()
    shift.outage = None
    [after] = supervisor.states()

    assert (during.fault, after.fault) == ("the log is away", None)


async def test_a_dead_worker_shows_its_fault_and_is_restarted(
    supervisor: Supervisor, clock: VirtualClock
) -> None:
    supervisor.start("relay", opening(Shift(dies=ValueError("lost its way")), Shift()))
    await clock.advance(0)
    [dead] = supervisor.states()

    await clock.advance(1)

    [restarted] = supervisor.states()
    assert dead.fault == "ValueError: lost its way"
    assert (restarted.fault, restarted.restarts) == (None, 1)


async def test_a_death_is_logged_with_its_worker(
    supervisor: Supervisor, clock: VirtualClock, logs: list[MutableMapping[str, Any]]
) -> None:
    supervisor.start("relay", opening(Shift(dies=ValueError("gone"))))
    await clock.advance(0)

    [entry] = logs
    assert (entry["event"], entry["worker"]) == ("worker_died", "relay")


async def test_a_worker_that_cannot_be_opened_is_tried_again(
    supervisor: Supervisor, clock: VirtualClock
) -> None:
    tries = 0

    async def open_work() -> Shift:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ConnectionError("nobody there")
        return Shift()

    supervisor.start("consumer", open_work)
    await clock.advance(1)

    [state] = supervisor.states()
    assert (state.fault, state.restarts) == (None, 1)


async def test_pauses_between_deaths_grow_up_to_a_bound(
    supervisor: Supervisor, clock: VirtualClock
) -> None:
    supervisor.start("relay", opening(Shift(dies=ValueError("again"))))
    restarts = []
    for _ in range(4):
        await clock.advance(60)
        restarts.append(supervisor.states()[0].restarts)

    # 0.5, 1, 2, ... 16 within the first minute, then one every 30 seconds.
    steps = [after - before for before, after in itertools.pairwise(restarts)]
    assert steps == [2, 2, 2]
    assert restarts[0] == 7


async def test_work_that_ends_by_itself_is_restarted(
    supervisor: Supervisor, clock: VirtualClock
) -> None:
    quitter = Shift()
    quitter.stop()
    supervisor.start("relay", opening(quitter, Shift()))
    await clock.advance(0)
    [ended] = supervisor.states()

    await clock.advance(1)

    assert ended.fault == "it ended by itself"
    assert supervisor.states()[0].fault is None


async def test_stopping_goes_turn_by_turn(clock: VirtualClock) -> None:
    supervisor = Supervisor(clock)
    consumer, relay = Shift(), Shift()
    seen: list[bool] = []
    relay_stop = relay.stop

    def note_and_stop() -> None:
        seen.append(consumer.ended)
        relay_stop()

    relay.stop = note_and_stop  # type: ignore[method-assign]
    supervisor.start("relay", opening(relay), stop_turn=1)
    supervisor.start("consumer", opening(consumer))
    await supervisor.until_up()

    await supervisor.stop()

    assert seen == [True]
    assert relay.ended


async def test_a_worker_that_will_not_stop_is_cut_off(clock: VirtualClock) -> None:
    supervisor = Supervisor(clock)
    deaf = Shift(deaf=True)
    supervisor.start("consumer", opening(deaf))
    await supervisor.until_up()

    await supervisor.stop(seconds_max=0.001)

    assert deaf.stopped.is_set()
    assert not deaf.ended


async def test_stopping_does_not_wait_for_a_pause_after_a_death(clock: VirtualClock) -> None:
    supervisor = Supervisor(clock)
    supervisor.start("relay", opening(Shift(dies=ValueError("gone"))))
    await clock.advance(0)

    await supervisor.stop()

    assert clock.sleeper_count == 0


async def test_a_paused_worker_ends_its_work_and_shows_until_it_is_resumed(
    supervisor: Supervisor, clock: VirtualClock
) -> None:
    first, second = Shift(), Shift()
    supervisor.start("consumer", opening(first, second))
    await supervisor.until_up()

    supervisor.pause("consumer")
    await clock.advance(0)
    paused = supervisor.is_paused("consumer")
    [resting] = supervisor.states()
    supervisor.resume("consumer")
    await clock.advance(0)
    [running] = supervisor.states()

    assert paused
    assert not supervisor.is_paused("consumer")
    assert first.ended
    assert (resting.fault, resting.restarts) == ("it is paused", 0)
    assert (running.fault, running.restarts) == (None, 0)


async def test_a_worker_that_is_paused_while_it_opens_rests_at_once(
    supervisor: Supervisor, clock: VirtualClock
) -> None:
    shift = Shift()
    supervisor.start("consumer", opening(shift))

    supervisor.pause("consumer")
    await clock.advance(0)

    [state] = supervisor.states()
    assert state.fault == "it is paused"


async def test_work_that_was_cancelled_from_within_is_restarted(
    supervisor: Supervisor, clock: VirtualClock
) -> None:
    healthy = Shift()
    supervisor.start("worker", opening(Shift(dies=asyncio.CancelledError()), healthy))
    await clock.advance(0)

    (state,) = supervisor.states()
    assert state.fault is not None

    await clock.advance(60)
    (state,) = supervisor.states()
    assert (state.fault, state.restarts) == (None, 1)
