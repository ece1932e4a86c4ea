"""How every part of the system is: up, behind or down, and why."""

import asyncio
import http.client
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

import attrs

from apps.monitor.readiness import Readiness
from apps.monitor.watch import READS, LogLook, LogWatch
from apps.workers import Supervisor
from inventory_domain.errors import DomainError

__all__ = ["Part", "Status", "Vitals", "group_part", "worst"]

Ask = Callable[[], Awaitable[object]]

_PROBE_SECONDS_MAX: Final = 2.0
_BEHIND_SECONDS: Final = 5.0


class Status(StrEnum):
    """How a part is."""

    UP = "up"
    BEHIND = "behind"
    DOWN = "down"


@attrs.frozen
class Part:
    """One part of the system; *detail* is a sentence for people."""

    name: str
    kind: str
    status: Status
    detail: str = ""


def worst(parts: Sequence[Part]) -> Status:
    """Return the status of the whole."""
    found = {part.status for part in parts}
    return next((one for one in (Status.DOWN, Status.BEHIND) if one in found), Status.UP)


def group_part(name: str, look: LogLook) -> Part:
    """Return how the consumer group *name* is."""
    group = look.group(name)
    if group is None or not group.info.members:
        waiting = 0 if group is None else group.lag_messages
        return Part(name, "group", Status.DOWN, f"Nobody consumes; {waiting} messages wait.")
    if group.lag_seconds > _BEHIND_SECONDS:
        detail = f"{group.lag_messages} messages behind, the oldest for {group.lag_seconds:.0f} s."
        return Part(name, "group", Status.BEHIND, detail)
    return Part(name, "group", Status.UP, f"{group.info.state}, nothing waits long.")


@attrs.frozen(kw_only=True)
class Vitals:
    """Asks every part.

    *probes* are asked directly. Services of this process are known by the workers of
    *supervisor*; without any they live elsewhere and are asked at *addresses* whether they are
    ready.
    """

    watch: LogWatch
    probes: Mapping[str, Ask]
    supervisor: Supervisor | None = None
    addresses: Mapping[str, str] = attrs.field(factory=dict)
    _readiness: Readiness = attrs.field(factory=Readiness, init=False)

    async def parts(self) -> list[Part]:
        """Return how every part is now; this never fails and never takes long."""
        asked = [_probe(name, "store", ask) for name, ask in self.probes.items()]
        workers = self._workers()
        if not workers:
            asked += [self._service(name, address) for name, address in self.addresses.items()]
        return [*workers, *await asyncio.gather(*asked), *await self._log()]

    def _workers(self) -> list[Part]:
        states = () if self.supervisor is None else self.supervisor.states()
        return [
            Part(state.name.replace("-", " "), "worker", *_worker_state(state.fault))
            for state in states
            if not state.name.startswith("monitor-")
        ]

    async def _log(self) -> list[Part]:
        log = await _probe("event log", "log", self.watch.look)
        if log.status is Status.DOWN:
            return [log]
        look = await self.watch.look()
        return [log, *(group_part(name, look) for name in READS)]

    async def _service(self, name: str, address: str) -> Part:
        try:
            async with asyncio.timeout(_PROBE_SECONDS_MAX):
                status, document = await self._readiness.ask(address)
        except OSError:
            return Part(name, "service", Status.DOWN, f"Nobody answers at {address}.")
        except (http.client.HTTPException, ValueError):
            return Part(name, "service", Status.DOWN, f"What answers at {address} is no service.")
        if status == 200:  # noqa: PLR2004 - OK
            return Part(name, "service", Status.UP, "Ready.")
        down = document.get("down")
        named = ", ".join(down) if isinstance(down, dict) else ""
        return Part(name, "service", Status.DOWN, f"Not ready: {named or f'status {status}'}.")


def _worker_state(fault: str | None) -> tuple[Status, str]:
    # What follows the colon may be a driver's own words.
    return (Status.UP, "Runs.") if fault is None else (Status.DOWN, f"{_sentence(fault)}.")


def _sentence(fault: str) -> str:
    text = fault.split(":", maxsplit=1)[0].rstrip(".")
    return text[:1].upper() + text[1:]


async def _probe(name: str, kind: str, ask: Ask) -> Part:
    try:
        async with asyncio.timeout(_PROBE_SECONDS_MAX):
            await ask()
    except TimeoutError:
        return Part(name, kind, Status.DOWN, f"No answer within {_PROBE_SECONDS_MAX:g} s.")
    except DomainError as fault:
        return Part(name, kind, Status.DOWN, fault.message())
    except Exception as fault:  # noqa: BLE001 - whatever a driver raises, it is down
        return Part(name, kind, Status.DOWN, f"It fails ({type(fault).__name__}).")
    return Part(name, kind, Status.UP, "Answers.")
