"""The machine's clock, ids and chance."""

import asyncio
import io
import os
import random
import string
import time
from datetime import UTC, datetime, timedelta

from inventory_domain.times import to_milliseconds

__all__ = ["RandomIds", "SystemClock"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DRAWN_AT_ONCE = 4096
_NUMBER_LETTERS = string.ascii_uppercase + string.digits


class SystemClock:
    """The machine's time, in UTC."""

    def now(self) -> datetime:
        return _EPOCH + timedelta(milliseconds=time.time_ns() // 1_000_000)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        if event.is_set():
            return True
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return False
        return True


class RandomIds:
    """Ids of 32 hexadecimal digits that nobody can guess.

    They begin with the time, so that new rows land side by side at the end of an index instead
    of all over it: a store with a million orders takes the next one as fast as an empty store.
    """

    def __init__(self) -> None:
        self._chance = io.BytesIO()

    def new_id(self) -> str:
        return f"{time.time_ns() // 1_000_000:012x}{self._draw(10).hex()}"

    def order_number(self, now: datetime) -> str:
        # So many bytes that no letter is likelier than another by a part in 10**12.
        drawn = int.from_bytes(self._draw(8))
        letters = ""
        for _ in range(4):
            drawn, place = divmod(drawn, len(_NUMBER_LETTERS))
            letters += _NUMBER_LETTERS[place]
        return f"ORD-{to_milliseconds(now):013d}-{letters}"

    def jitter(self) -> float:
        return random.random()  # noqa: S311 - it spreads retries, it keeps no secret

    def _draw(self, count: int) -> bytes:
        """Return so many bytes of the operating system's chance, none of them twice.

        Each call of the system lets other threads in, which an order would wait for five times.
        """
        drawn = self._chance.read(count)
        if len(drawn) < count:
            self._chance = io.BytesIO(os.urandom(_DRAWN_AT_ONCE))
            drawn = self._chance.read(count)
        return drawn
