"""What a simulated loop runs: strands, each a coroutine on its way."""

import asyncio
import contextvars
import types
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Protocol

__all__ = ["Pause", "Strand", "give_way", "rest"]


class Runner(Protocol):
    """What a strand needs of its loop."""

    ready: list[Any]
    current: "Strand | None"
    context: contextvars.Context

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Take note of what nobody expected."""


class Strand:
    """One coroutine on its way, as ``asyncio.Task`` would run it, at a quarter of the cost.

    What it awaits is nothing (others may go on), a :class:`Pause`, or a future of asyncio.
    """

    __slots__ = (
        "_cancelled",
        "_context",
        "_coro",
        "_loop",
        "_must_stop",
        "_send",
        "_stop_count",
        "_stops_by",
        "is_done",
        "result",
    )

    def __init__(self, coro: Coroutine[Any, Any, Any], loop: Runner) -> None:
        self.is_done = False
        self.result: Any = None
        self._coro = coro
        self._send = coro.send
        self._loop = loop
        self._context = loop.context.copy()
        self._cancelled = False
        self._must_stop = False
        self._stop_count = 0
        self._stops_by: Callable[[], object] | None = None

    def step(self) -> None:
        """Go on as far as the next pause."""
        loop = self._loop
        loop.current = self
        _enter_task(loop, self)  # type: ignore[arg-type] # a task, as far as anybody asks
        try:
            if self._must_stop:
                self._must_stop = False
                asked = self._context.run(self._coro.throw, asyncio.CancelledError())
            else:
                asked = self._context.run(self._send, None)
        except StopIteration as end:
            self.is_done = True
            self.result = end.value
        except asyncio.CancelledError:
            self.is_done = True
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is a finding
            self.is_done = True
            loop.call_exception_handler({"exception": fault})
        else:
            if asked is None:
                loop.ready.append(self)
            elif type(asked) is Pause:
                self._stops_by = asked.end
            else:
                self._wait_for(asked)
        finally:
            _leave_task(loop, self)  # type: ignore[arg-type]

    def close(self) -> None:
        """End it where it stands."""
        self._coro.close()

    def _wait_for(self, future: "asyncio.Future[Any]") -> None:
        future._asyncio_future_blocking = False
        future.add_done_callback(self._go_on, context=self._loop.context)
        self._stops_by = future.cancel

    def _go_on(self, _: "asyncio.Future[Any]") -> None:
        self.step()

    # --- what asyncio's timeouts and groups ask of the task that they are in ---------------------

    def cancel(self, _message: object = None) -> bool:
        """Let what it awaits end with ``CancelledError``."""
        if self.is_done:
            return False
        self._stop_count += 1
        self._must_stop = True
        if self._stops_by is not None:
            self._stops_by()
        return True

    def cancelling(self) -> int:
        """How often it was asked to end."""
        return self._stop_count

    def uncancel(self) -> int:
        """Take back that it was asked to end."""
        self._stop_count -= 1
        return self._stop_count

    def done(self) -> bool:
        """Whether it has ended."""
        return self.is_done


class Pause:
    """A strand rests until its time is over or an event has come, whichever is first.

    It stands among the timers of the loop, and among the waiters of an ``asyncio.Event`` in the
    place of a future.
    """

    __slots__ = ("_cancelled", "_ready", "_strand", "has_come")

    def __init__(self, strand: Strand, ready: list[Any]) -> None:
        self.has_come = False
        self._cancelled = False
        self._strand = strand
        self._ready = ready

    def done(self) -> bool:
        """Whether it is over."""
        return self._cancelled

    def set_result(self, _: object) -> None:
        """Note that the event was set."""
        self.has_come = True
        self.end()

    def end(self) -> None:
        """Let the strand go on."""
        if not self._cancelled:
            self._cancelled = True
            self._ready.append(self._strand)

    def step(self) -> None:
        """Note that the time is over."""
        self._cancelled = True
        self._strand.step()


@types.coroutine
def give_way() -> Generator[None, None, None]:
    """Let the others go on first, if the seed says so."""
    yield


@types.coroutine
def rest(pause: Pause) -> Generator[Pause, None, None]:
    """Do nothing until *pause* is over."""
    yield pause
