"""What the monitor does by itself: sample the log, read dead letters, now and then the audit."""

import asyncio

import structlog

from apps.monitor.alarm import Alarm
from apps.monitor.audits import Audits
from apps.monitor.samples import SECONDS_BETWEEN, Samples, sample_of
from apps.monitor.watch import LogWatch
from inventory_domain.errors import DomainError
from inventory_domain.ports import Clock
from inventory_domain.use_cases.letter_index import LetterIndex

__all__ = ["Auditing", "LetterReading", "Sampling"]

_log = structlog.get_logger(__name__)

_RETRY_SECONDS = 5.0
_RETRY_SECONDS_MAX = 600.0
# So often in a row it is more than a hiccup: whoever trusts the alarm must hear of it.
_BLIND_TIMES = 3
_ALARM_SECONDS = 2.0
_LETTERS_PER_STEP = 5_000
_LETTERS_SECONDS = 2.0


class _Onlooking:
    """Work that goes on whatever befalls what it looks at: an outage shows, and is not its own."""

    # Nothing that the monitor cannot see keeps the system from working.
    outage: Exception | None = None

    # So many times as long as a look took before it failed, the next one waits.
    rest_factor = 0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Look again and again until :meth:`stop`."""
        blind_times = 0
        while not self._stopping.is_set():
            began = self._clock.now()
            try:
                seconds = await self.step()
                blind_times = 0
            except DomainError as fault:
                blind_times += 1
                self._tell(fault, blind_times)
                lost_seconds = (self._clock.now() - began).total_seconds()
                rest_seconds = min(lost_seconds * self.rest_factor, _RETRY_SECONDS_MAX)
                seconds = max(rest_seconds, _RETRY_SECONDS)
            await self._clock.wait(self._stopping, seconds)

    def stop(self) -> None:
        """Let :meth:`run` return."""
        self._stopping.set()

    async def step(self) -> float:
        """Look once and return after how many seconds to look again."""
        raise NotImplementedError

    def _tell(self, fault: DomainError, blind_times: int) -> None:
        tell = _log.warning if blind_times == _BLIND_TIMES else _log.debug
        reason = getattr(fault, "reason", "")
        tell("monitor_blind", work=type(self).__name__, fault=fault.message(), reason=reason)


class Sampling(_Onlooking):
    """Fills the samples."""

    def __init__(self, watch: LogWatch, samples: Samples, clock: Clock) -> None:
        super().__init__(clock)
        self._watch = watch
        self._samples = samples

    async def step(self) -> float:
        """Take one sample."""
        self._samples.add(sample_of(await self._watch.look()))
        return SECONDS_BETWEEN


class Auditing(_Onlooking):
    """Keeps the latest audit from growing old, and raises the alarm if it does not hold.

    Without an *alarm* there is nobody who could be told.
    """

    # An audit of very much that fails late costs the store a lot, and must not go on all the time.
    rest_factor = 5

    def __init__(self, audits: Audits, clock: Clock, alarm: Alarm | None = None) -> None:
        super().__init__(clock)
        self._audits = audits
        self._alarm = alarm

    async def step(self) -> float:
        """Run the audit if it is due, and look at the latest one, whoever asked for it."""
        if self._audits.due_in_seconds() <= 0:
            await self._audits.run()
        if self._alarm is not None and self._audits.latest is not None:
            self._alarm.look(self._audits.latest)
        return min(max(self._audits.due_in_seconds(), 1.0), _ALARM_SECONDS)


class LetterReading(_Onlooking):
    """Reads the dead letters before anybody asks for them."""

    def __init__(self, letters: LetterIndex, clock: Clock) -> None:
        super().__init__(clock)
        self._letters = letters

    async def step(self) -> float:
        """Read a part of what is new."""
        is_done = await self._letters.catch_up(_LETTERS_PER_STEP)
        return _LETTERS_SECONDS if is_done else 0.0
