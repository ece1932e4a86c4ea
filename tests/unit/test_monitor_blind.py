"""The log tells when the monitor cannot look, for then its alarm is off."""

from collections.abc import AsyncIterator, MutableMapping, Sequence
from typing import Any, NoReturn

import pytest
from structlog.testing import capture_logs

from apps.monitor.audits import Audits
from apps.monitor.samples import Samples
from apps.monitor.watch import LogWatch
from apps.monitor.work import Auditing, LetterReading, Sampling
from inventory_domain.audit import AuditPart
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.log_view import GroupInfo, TopicInfo
from inventory_domain.testing.fakes import (
    MemoryBroker,
    MemoryEventLog,
    MemoryStockStore,
    VirtualClock,
)
from inventory_domain.use_cases.letter_index import LetterIndex


class Flaky(MemoryStockStore):
    """A store whose audits can be read or not, as written down; after the last one all stops."""

    def __init__(self, answers: Sequence[bool], *, seconds: float = 0) -> None:
        super().__init__()
        self._answers = list(answers)
        self._seconds = seconds
        self.clock = VirtualClock(autojump=True)
        self.auditing = Auditing(Audits(store=self, clock=self.clock), self.clock)

    async def audit_parts(self) -> AsyncIterator[AuditPart]:
        await self.clock.sleep(self._seconds)
        answers = self._answers.pop(0)
        if not self._answers:
            self.auditing.stop()
        if not answers:
            raise DependencyUnavailable(dependency="stock store", reason="it took too long")
        async for part in super().audit_parts():
            yield part


class HungLog(MemoryEventLog):
    """A log that says after ten seconds that it is away; after eleven tries all stops."""

    def __init__(self) -> None:
        self.clock = VirtualClock(autojump=True)
        super().__init__(MemoryBroker(self.clock))
        self.work: Sampling | LetterReading | None = None
        self._tries = 0

    async def groups(self) -> Sequence[GroupInfo]:
        await self._hang()

    async def topics(self) -> Sequence[TopicInfo]:
        await self._hang()

    async def _hang(self) -> NoReturn:
        self._tries += 1
        if self._tries == 11 and self.work is not None:
            self.work.stop()
        await self.clock.sleep(10)
        raise DependencyUnavailable(dependency="event log")


async def seconds_of(*answers: bool, each: float) -> float:
    """Return how long so many audits take that last *each* seconds."""
    store = Flaky(answers, seconds=each)
    began = store.clock.now()
    await store.auditing.run()
    return (store.clock.now() - began).total_seconds()


async def warnings(*answers: bool) -> list[MutableMapping[str, Any]]:
    """Return what is warned of while the audits of a monitor go on like this."""
    with capture_logs() as logs:
        await Flaky(answers).auditing.run()
    return [entry for entry in logs if entry["log_level"] == "warning"]


async def test_an_audit_that_fails_now_and_then_is_not_warned_of() -> None:
    assert await warnings(False, False, True, False, False, True) == []


async def test_an_audit_that_cannot_be_run_is_warned_of_once_with_the_reason() -> None:
    [warning] = await warnings(*[False] * 20)

    assert warning["event"] == "monitor_blind"
    assert warning["work"] == "Auditing"
    assert warning["reason"] == "it took too long"


async def test_the_next_outage_is_warned_of_again() -> None:
    assert len(await warnings(*[False] * 5, True, *[False] * 5)) == 2


async def test_an_audit_that_fails_late_leaves_the_store_in_peace_for_a_while() -> None:
    assert await seconds_of(*[False] * 11, each=60) > 10 * 300
    assert await seconds_of(*[False] * 11, each=3600) < 11 * (3600 + 600) + 1


async def test_an_audit_that_fails_at_once_is_tried_again_soon() -> None:
    assert await seconds_of(*[False] * 11, each=0) < 11 * 5 + 1


@pytest.mark.parametrize("name", ["sampling", "letters"])
async def test_a_log_that_fails_late_is_looked_at_as_soon_as_one_that_fails_at_once(
    name: str,
) -> None:
    log = HungLog()
    letters = LetterReading(LetterIndex(log), log.clock)
    sampling = Sampling(LogWatch(log, log.clock), Samples(), log.clock)
    log.work = sampling if name == "sampling" else letters
    began = log.clock.now()

    await log.work.run()

    assert (log.clock.now() - began).total_seconds() < 11 * (10 + 5) + 1
