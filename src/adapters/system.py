"""The machine's clock, ids and chance."""

import asyncio
import random
import secrets
import string
import time
from datetime import UTC, datetime, timedelta

from inventory_domain.times import to_milliseconds

__all__ = ["RandomIds", "SystemClock"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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

    def new_id(self) -> str:
        return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"

    def order_number(self, now: datetime) -> str:
        letters = "".join(secrets.choice(_NUMBER_LETTERS) for _ in range(4))
        return f"ORD-{to_milliseconds(now):013d}-{letters}"

    def jitter(self) -> float:
        return random.random()  # noqa: S311 - it spreads retries, it keeps no secret
