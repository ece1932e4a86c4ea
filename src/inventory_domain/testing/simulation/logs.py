"""The event log as a simulated process sees it: the real calls, with faults around them."""

from collections.abc import Sequence
from typing import Any

from inventory_domain.log_view import GroupInfo, TopicInfo
from inventory_domain.ports import EventLog, LogInspector
from inventory_domain.records import OutgoingRecord, Record, TopicPartition
from inventory_domain.testing.simulation.gate import Gate
from inventory_domain.testing.simulation.subscriptions import Network, SimulatedSubscription
from inventory_domain.testing.simulation.witness import Witness

__all__ = ["SimulatedLog"]


class SimulatedLog:
    """Keeps the promises of ``ports.EventLog`` and ``ports.LogInspector`` as *inner* does.

    *network* is told of records that shall be in the log once more, and of rebalances.
    """

    def __init__(
        self,
        inner: EventLog,
        gate: Gate,
        witness: Witness,
        network: Network,
    ) -> None:
        self._inner = inner
        self._gate = gate
        self._witness = witness
        self._network = network

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        """Append *records*."""
        gate, chaos = self._gate, self._gate.chaos
        await gate.process.step("publish")
        gate.check()
        if chaos.strikes_now("publish_lost"):
            await self._inner.publish(self._part(records))
            raise gate.unavailable("publish failed")
        await self._inner.publish(records)
        if records and chaos.strikes_now("duplicate"):
            self._network.again(chaos.random.choice(list(records)))
        await gate.process.step("publish")
        gate.check()
        if chaos.strikes_now("publish_unacknowledged"):
            raise gate.unavailable("publish was not acknowledged")

    async def subscribe(self, group: str, topics: Sequence[str]) -> SimulatedSubscription:
        """Join *group* as a new member."""
        await self._gate.read("subscribe")
        inner = await self._inner.subscribe(group, topics)
        return SimulatedSubscription(inner, self._gate, self._witness, group, self._network)

    async def topics(self) -> Sequence[TopicInfo]:
        """Return every topic."""
        await self._gate.read("inspect")
        return await self._inspector().topics()

    async def groups(self) -> Sequence[GroupInfo]:
        """Return every group."""
        await self._gate.read("inspect")
        return await self._inspector().groups()

    async def read(self, at: TopicPartition, *, start: int, count_max: int) -> Sequence[Record]:
        """Return records of one partition."""
        await self._gate.read("inspect")
        return await self._inspector().read(at, start=start, count_max=count_max)

    def _inspector(self) -> LogInspector:
        inner: Any = self._inner
        return inner  # type: ignore[no-any-return] # a log that can be looked into is asked for

    def _part(self, records: Sequence[OutgoingRecord]) -> list[OutgoingRecord]:
        """Return what arrives: of each topic and key the first so many."""
        chance = self._gate.chaos.random
        cut: set[tuple[str, bytes | None]] = set()
        part = []
        for record in records:
            line = (record.topic, record.key)
            if line not in cut and chance.random() < 0.5:  # noqa: PLR2004 - an even chance
                part.append(record)
            else:
                cut.add(line)
        return part
