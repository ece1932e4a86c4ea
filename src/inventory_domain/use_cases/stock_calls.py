"""Calls about stock that come at the same time: one decision and one write for all of them."""

import asyncio
from collections import deque
from collections.abc import Sequence

from inventory_domain.errors import DependencyUnavailable
from inventory_domain.stock import Command
from inventory_domain.stock_decisions import Outcome
from inventory_domain.use_cases.stock_ledger import StockLedger

__all__ = ["StockCalls"]

COMMAND_COUNT_MAX = 500

_Call = tuple[Command, "asyncio.Future[Outcome]"]


class StockCalls:
    """Applies single commands through a ledger.

    While one write is under way the next commands gather, in the order in which they came, and
    are decided together. So callers of one process never lose against each other, however many
    want the same product at once.
    """

    def __init__(self, ledger: StockLedger, count_max: int = COMMAND_COUNT_MAX) -> None:
        self._ledger = ledger
        self._count_max = count_max
        self._gathered: deque[_Call] = deque()
        self._work: asyncio.Task[None] | None = None

    async def apply(self, command: Command) -> Outcome:
        """Decide *command* and store what follows; it is durable on return.

        A caller that is cancelled does not take back a command that was taken up already.

        Raises:
            Contention: other instances won every try; nothing was stored.
        """
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._gathered.append((command, answer))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._serve(), name="stock calls")
            self._work.add_done_callback(self._dismiss)
        return await answer

    async def _serve(self) -> None:
        while self._gathered:
            taken = [self._gathered.popleft() for _ in range(self._batch_count)]
            # Whoever left before the command was taken up asked for nothing.
            calls = [call for call in taken if not call[1].done()]
            try:
                await self._settle(calls)
            finally:
                # At the end of the program some have no answer, and nobody shall wait for ever.
                for _, answer in calls:
                    answer.cancel()

    def _dismiss(self, work: "asyncio.Task[None]") -> None:
        if work.cancelled():
            for _, answer in self._gathered:
                answer.cancel()
            self._gathered.clear()

    @property
    def _batch_count(self) -> int:
        return min(len(self._gathered), self._count_max)

    async def _settle(self, calls: Sequence[_Call]) -> None:
        try:
            outcomes = await self._ledger.apply([command for command, _ in calls], whole=True)
        except DependencyUnavailable as outage:
            _fail(calls, outage)
        except Exception as fault:  # noqa: BLE001 - whatever befell the write, each caller is told
            if len(calls) <= 1:
                _fail(calls, fault)
                return
            # Lost against others, or one of them is to blame: the fewer go together, the fewer
            # fail together.
            half = len(calls) // 2
            await self._settle(calls[:half])
            await self._settle(calls[half:])
        else:
            for (_, answer), outcome in zip(calls, outcomes, strict=True):
                if not answer.done():
                    answer.set_result(outcome)


def _fail(calls: Sequence[_Call], fault: Exception) -> None:
    for _, answer in calls:
        if not answer.done():
            answer.set_exception(fault)
