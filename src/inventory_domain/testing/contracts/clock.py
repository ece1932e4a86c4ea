"""What every clock promises."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from inventory_domain.ports import Clock

__all__ = ["ClockContract", "LetPass"]

LetPass = Callable[[float], Awaitable[None]]
"""Lets so many seconds of the clock go by: moves a virtual clock, waits with a real one."""

SHORT_SECONDS = 0.02
LONG_SECONDS = 60.0


class ClockContract:
    """Proves ``ports.Clock``.

    Fixtures: ``clock``; ``let_pass``, see ``LetPass``.
    """

    async def test_now_is_aware_utc_in_whole_milliseconds(
        self, clock: Clock, let_pass: LetPass
    ) -> None:
        """What is stored and sent can be read back as the same instant."""
        for _ in range(3):
            now = clock.now()

            assert now.utcoffset() == timedelta(0)
            assert now.microsecond % 1000 == 0
            await let_pass(0.0017)

    async def test_time_goes_on_and_never_back(self, clock: Clock, let_pass: LetPass) -> None:
        """A later look sees a later instant."""
        before = clock.now()
        await let_pass(SHORT_SECONDS)

        assert clock.now() > before

    async def test_a_sleeper_wakes_when_its_time_has_come(
        self, clock: Clock, let_pass: LetPass
    ) -> None:
        """Not before, and no longer waiting after."""
        before = clock.now()
        sleeper = asyncio.ensure_future(clock.sleep(SHORT_SECONDS))
        await asyncio.sleep(0)
        assert not sleeper.done()

        await let_pass(SHORT_SECONDS * 2)
        await sleeper

        assert clock.now() - before >= timedelta(seconds=SHORT_SECONDS)

    async def test_sleepers_wake_in_the_order_of_their_time(
        self, clock: Clock, let_pass: LetPass
    ) -> None:
        """Whoever sleeps for less wakes first."""
        woken = []

        async def sleep(turns: int) -> None:
            await clock.sleep(SHORT_SECONDS * turns)
            woken.append(turns)

        sleepers = asyncio.gather(sleep(3), sleep(1), sleep(2))
        await asyncio.sleep(0)
        await let_pass(SHORT_SECONDS * 4)
        await sleepers

        assert woken == [1, 2, 3]

    async def test_no_time_is_no_sleep(self, clock: Clock) -> None:
        """Nothing needs to move for it."""
        await clock.sleep(0)

    async def test_waiting_for_what_is_there_takes_no_time(self, clock: Clock) -> None:
        """An event that is set already answers at once, even without any time."""
        event = asyncio.Event()
        event.set()

        assert await clock.wait(event, LONG_SECONDS) is True
        assert await clock.wait(event, 0) is True

    async def test_waiting_ends_as_soon_as_the_event_is_set(self, clock: Clock) -> None:
        """Long before the limit, and without any time passing."""
        event = asyncio.Event()
        waiter = asyncio.ensure_future(clock.wait(event, LONG_SECONDS))
        await asyncio.sleep(0)
        event.set()

        assert await waiter is True

    async def test_waiting_ends_at_its_limit(self, clock: Clock, let_pass: LetPass) -> None:
        """An event that does not come is not waited for."""
        event = asyncio.Event()
        waiter = asyncio.ensure_future(clock.wait(event, SHORT_SECONDS))
        await asyncio.sleep(0)
        await let_pass(SHORT_SECONDS * 2)

        assert await waiter is False

    async def test_one_event_wakes_everybody_who_waits_for_it(self, clock: Clock) -> None:
        """A limit is each waiter's own."""
        event = asyncio.Event()
        waiters = asyncio.gather(*(clock.wait(event, LONG_SECONDS) for _ in range(3)))
        await asyncio.sleep(0)
        event.set()

        assert await waiters == [True, True, True]

    async def test_a_waiter_can_be_cancelled(self, clock: Clock) -> None:
        """Nothing is left behind: the event can be waited for again."""
        event = asyncio.Event()
        for waiting in (clock.wait(event, LONG_SECONDS), clock.sleep(LONG_SECONDS)):
            task = asyncio.ensure_future(waiting)
            await asyncio.sleep(0)
            task.cancel()
            (result,) = await asyncio.gather(task, return_exceptions=True)
            assert isinstance(result, asyncio.CancelledError)
        event.set()

        assert await clock.wait(event, LONG_SECONDS) is True
