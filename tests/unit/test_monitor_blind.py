"""The log tells when the monitor cannot look, for then its alarm is off."""

from collections.abc import AsyncIterator, MutableMapping, Sequence
from typing import Any

from structlog.testing import capture_logs

from apps.monitor.audits import Audits
from apps.monitor.work import Auditing
from inventory_domain.audit import AuditPart
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.testing.fakes import MemoryStockStore, VirtualClock


class Flaky(MemoryStockStore):
    """A store whose audits can be read or not, as written down; after the last one all stops."""

    def __init__(self, answers: Sequence[bool]) -> None:
        super().__init__()
        self._answers = list(answers)
        clock = VirtualClock(autojump=True)
        self.auditing = Auditing(Audits(store=self, clock=clock), clock)

    async def audit_parts(self) -> AsyncIterator[AuditPart]:
        answers = self._answers.pop(0)
        if not self._answers:
            self.auditing.stop()
        if not answers:
            raise DependencyUnavailable(dependency="stock store", reason="it took too long")
        async for part in super().audit_parts():
            yield part


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
