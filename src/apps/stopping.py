"""Ctrl-C and SIGTERM: the wish to stop, and the end of a process that does not."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Final, NoReturn

import attrs

__all__ = ["Stop", "stop_by_signal"]

# All of the end together; what is stored is safe at every instruction anyway.
_STOP_SECONDS_MAX: Final = 9.5
# What is being opened may wait for a server that never answers; nobody is served yet.
_NOT_UP_SECONDS_MAX: Final = 2.0


@attrs.define
class Stop:
    """Whether somebody *asked* us to stop, and whether anything was open by then."""

    asked: asyncio.Event = attrs.field(factory=asyncio.Event)
    is_open: bool = False

    def bound(self, number: signal.Signals) -> None:
        """End the process in bounded time, whatever does not come to its own end."""
        seconds, text, code = _STOP_SECONDS_MAX, "It took too long to stop: ended at once.", 1
        if not self.is_open:
            seconds, text, code = _NOT_UP_SECONDS_MAX, "Ended before it was up.", 128 + number
        deadline = threading.Timer(seconds, _end_at_once, (text, code))
        deadline.daemon = True
        deadline.start()


@contextlib.contextmanager
def stop_by_signal() -> Iterator[Stop]:
    """Yield what Ctrl-C or SIGTERM sets; from then on the time is bounded."""
    stop = Stop()
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        if stop.asked.is_set():
            if number is signal.SIGINT:
                _end_at_once("Ended at once.", 128 + signal.SIGINT)
            return
        stop.asked.set()
        _say_aside("Stopping; another Ctrl-C ends it at once.")
        stop.bound(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _say_aside(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(sys.stderr.fileno(), f"{text}\n".encode())


def _end_at_once(text: str, code: int) -> NoReturn:
    _say_aside(text)
    os._exit(code)
