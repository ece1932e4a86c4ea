"""Waiting on conditions: never on the clock alone, and never for ever."""

import asyncio
from collections.abc import Awaitable, Callable

__all__ = ["until", "until_true"]

_TURNS_MAX = 100_000


async def until_true(condition: Callable[[], bool]) -> None:
    """Let other tasks run until *condition* holds; nothing waits for real time."""
    for _ in range(_TURNS_MAX):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("the condition did not come true")


async def until(
    condition: Callable[[], Awaitable[bool]],
    *,
    seconds: float = 20.0,
    what: str = "condition",
    every: float = 0.02,
) -> None:
    """Ask *condition* again and again until it holds, for at most *seconds*.

    *every* so many seconds: longer for what costs the system much to answer.
    """
    try:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110 - other processes set no event
                await asyncio.sleep(every)
    except TimeoutError:
        raise AssertionError(f"{what} did not come true within {seconds} s") from None
