"""The callbacks that asyncio asks a simulated loop to run, now or later."""

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["Call", "Timer"]


class Runner(Protocol):
    """What a callback needs of its loop."""

    current: Any


class Call(asyncio.Handle):
    """A callback to run; cheaper to make than its base, which it only looks like."""

    __slots__ = ("_runner",)

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: contextvars.Context,
        runner: Runner,
    ) -> None:
        self._callback = callback
        self._args = args
        self._context = context
        self._cancelled = False
        self._runner = runner

    def cancel(self) -> None:
        self._cancelled = True

    def step(self) -> None:
        """Run it."""
        self._runner.current = None
        self._context.run(self._callback, *self._args)


class Timer(asyncio.TimerHandle):
    """A callback to run at its time."""

    __slots__ = ("_runner",)

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: contextvars.Context,
        runner: Runner,
    ) -> None:
        self._when = when
        self._callback = callback
        self._args = args
        self._context = context
        self._cancelled = False
        self._runner = runner

    def cancel(self) -> None:
        self._cancelled = True

    step = Call.step
