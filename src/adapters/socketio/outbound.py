"""What waits to be written to one client, within bounds."""

import asyncio
from collections.abc import Callable
from typing import Any

__all__ = ["OutboundQueue"]

# More than the emitter puts in while a writer is on its way back for the next run.
_RUN_COUNT_MAX = 500


class OutboundQueue(asyncio.Queue[Any]):
    """Takes the place of the unbounded queue that engine.io gives every client.

    It never makes a sender wait. Past one of its bounds it takes nothing more, for good: the
    client has the beginning of the stream without a hole, and shall be cut off. ``None``, which
    ends the client's writer, always comes through. It hands out few at a time, so that what a
    writer has not written yet still counts here.
    """

    def __init__(self, *, count_max: int, bytes_max: int, on_overflow: Callable[[], None]) -> None:
        super().__init__()
        self.overflowed = False
        self.waiting_bytes = 0
        self._count_max = count_max
        self._bytes_max = bytes_max
        self._on_overflow = on_overflow
        self._run_count = 0

    async def put(self, item: Any) -> None:  # noqa: ANN401 - engine.io's packets have no types
        self.put_nowait(item)

    def put_nowait(self, item: Any) -> None:  # noqa: ANN401
        if item is None or self._has_room_for(item):
            super().put_nowait(item)

    async def get(self) -> Any:  # noqa: ANN401
        self._run_count = 0
        return await super().get()

    def get_nowait(self) -> Any:  # noqa: ANN401
        # A writer takes what it gets by waiting, and then all it gets without.
        if self._run_count >= _RUN_COUNT_MAX:
            raise asyncio.QueueEmpty
        item = super().get_nowait()
        self._run_count += 1
        return item

    def _has_room_for(self, packet: object) -> bool:
        full = (
            self.qsize() >= self._count_max or self.waiting_bytes + _size(packet) > self._bytes_max
        )
        if full and not self.overflowed:
            self.overflowed = True
            self._on_overflow()
        return not self.overflowed

    # The two that asyncio.Queue leaves to its subclasses.

    def _put(self, item: Any) -> None:  # noqa: ANN401
        super()._put(item)
        self.waiting_bytes += _size(item)

    def _get(self) -> Any:  # noqa: ANN401
        item = super()._get()
        self.waiting_bytes -= _size(item)
        return item


def _size(packet: object) -> int:
    data = getattr(packet, "data", None)
    return len(data) if isinstance(data, str | bytes) else 0
