"""A member of a consumer group in a simulated process: the real one, with faults around it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Protocol

from inventory_domain.errors import CommitRefused
from inventory_domain.ports import Batch, Subscription
from inventory_domain.records import OutgoingRecord, TopicPartition
from inventory_domain.testing.simulation.gate import Gate
from inventory_domain.testing.simulation.witness import Witness

__all__ = ["Network", "SimulatedSubscription"]

_HELD_BACK_SECONDS = (0.05, 4.0)


class Network(Protocol):
    """What lies between the log and its clients."""

    def again(self, record: OutgoingRecord) -> None:
        """Put *record* into the log once more."""

    def rebalance(self, group: str) -> None:
        """Share out the partitions of *group* anew."""


class SimulatedSubscription:
    """Keeps the promises of ``ports.Subscription`` as *inner* does.

    Partitions give their records later, move in the middle of a batch, and members are expelled.
    """

    def __init__(
        self,
        inner: Subscription,
        gate: Gate,
        witness: Witness,
        group: str,
        network: Network,
    ) -> None:
        self._network = network
        self.inner = inner
        self.gate = gate
        self.witness = witness
        self.group = group
        self._held_back: dict[TopicPartition, int] = {}
        self._assigned: tuple[TopicPartition, ...] = ()

    def batch(
        self,
        *,
        count_max: int,
        wait_seconds: float,
        paused: Collection[TopicPartition] = (),
    ) -> AbstractAsyncContextManager[Batch]:
        """Wait for records and enter the work on them."""
        return _Work(self, count_max, wait_seconds, paused)

    async def rewind(self) -> None:
        """Go back to the last commit."""
        await self.gate.read("rewind")
        await self.inner.rewind()

    async def aclose(self) -> None:
        """Leave the group."""
        await self.inner.aclose()

    def held_back(self) -> list[TopicPartition]:
        """Return the partitions that give their records later."""
        loop, chaos = self.gate.process.loop, self.gate.chaos
        if self._assigned and chaos.strikes_now("late"):
            self._hold([chaos.random.choice(self._assigned)])
        if self._assigned and chaos.strikes_now("reorder"):
            topic = chaos.random.choice(self._assigned).topic
            self._hold([at for at in self._assigned if at.topic == topic])
        if not self._held_back:
            return []
        if not chaos.is_on:
            self._held_back.clear()
        self._held_back = {
            at: until for at, until in self._held_back.items() if until > loop.now_us
        }
        return list(self._held_back)

    def begun(self, batch: Batch) -> None:
        """Note what the member owns, and perhaps take it away."""
        self._assigned = tuple(batch.assigned)
        chaos, process = self.gate.chaos, self.gate.process
        if not self._assigned:
            return
        member: Any = self.inner
        if chaos.strikes_now("rebalance"):
            process.trace.add(process.name, "rebalance of", self.group)
            self._network.rebalance(self.group)
        if chaos.strikes_now("zombie") and hasattr(member, "expel"):
            process.trace.add(process.name, "expelled from", self.group)
            member.expel()
            if chaos.random.random() < 0.5:  # noqa: PLR2004 - an even chance
                process.stall("batch")

    def _hold(self, partitions: Sequence[TopicPartition]) -> None:
        process = self.gate.process
        seconds = self.gate.chaos.seconds(*_HELD_BACK_SECONDS)
        until = process.loop.now_us + round(seconds * 1_000_000)
        self._held_back.update(dict.fromkeys(partitions, until))
        process.trace.add(process.name, "held back", *dict.fromkeys(at.topic for at in partitions))


class _Work:
    """The context of a batch."""

    def __init__(
        self,
        subscription: SimulatedSubscription,
        count_max: int,
        wait_seconds: float,
        paused: Collection[TopicPartition],
    ) -> None:
        self._subscription = subscription
        self._count_max = count_max
        self._wait_seconds = wait_seconds
        self._paused = paused
        self._inner: AbstractAsyncContextManager[Batch] | None = None

    async def __aenter__(self) -> Batch:
        subscription = self._subscription
        gate = subscription.gate
        await gate.read("batch")
        paused = (*self._paused, *subscription.held_back())
        inner = subscription.inner.batch(
            count_max=self._count_max, wait_seconds=self._wait_seconds, paused=paused
        )
        batch = await inner.__aenter__()
        if not gate.process.is_up:
            await gate.process.freeze()
        self._inner = inner
        subscription.begun(batch)
        return _Batch(batch, subscription)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        assert self._inner is not None
        return await self._inner.__aexit__(kind, fault, trace)


class _Batch:
    def __init__(self, inner: Batch, subscription: SimulatedSubscription) -> None:
        self._inner = inner
        self._subscription = subscription
        self.records = inner.records
        self.assigned = inner.assigned

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        gate, witness = self._subscription.gate, self._subscription.witness
        process = gate.process
        await gate.read("commit offsets")
        if gate.chaos.strikes_now("commit_refused"):
            process.trace.add(process.name, "commit refused")
            raise CommitRefused
        try:
            await self._inner.commit(offsets)
        except CommitRefused:
            process.trace.add(process.name, "commit refused, the partitions moved")
            witness.seen("refused_commit")
            raise
        told = [f"{at.topic}/{at.partition}@{offset}" for at, offset in offsets.items()]
        process.trace.add(process.name, "committed", *told)
        witness.endings.commit(self._subscription.group, offsets)
        await process.step("commit offsets")
        gate.check()
