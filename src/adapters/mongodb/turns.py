"""Turns of the instances at the stock, by a lease in its database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from adapters.mongodb.access import Access
from adapters.mongodb.leases import LEASES, acquire_lease
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.ports import Clock, IdSource

__all__ = ["MongoTurns"]

_NAME = "turn"
# Longer than a transaction takes when all goes well.
_LEASE = timedelta(seconds=3)
_WAIT = timedelta(seconds=5)
_PAUSE_SECONDS = 0.01


class MongoTurns:
    """Keeps the promise of ``Turns`` for all that open the same database."""

    def __init__(self, access: Access, clock: Clock, ids: IdSource) -> None:
        self._access = access
        self._clock = clock
        self._ids = ids
        self._holder = ids.new_id()
        # Those in this process need not ask the database for it.
        self._mine = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the lease, some seconds at most, and give it back at the end."""
        async with self._mine:
            await self._take()
            try:
                yield
            finally:
                # It ends by itself if nobody hears of it.
                with suppress(DependencyUnavailable):
                    await self._access.delete(LEASES, {"_id": _NAME, "holder": self._holder})

    async def _take(self) -> None:
        began = self._clock.now()
        # A clock that was set back would let it wait for as long as that: rather not at all.
        while began <= (now := self._clock.now()) < began + _WAIT:
            until = now + _LEASE
            if await acquire_lease(self._access, self._holder, now=now, until=until, name=_NAME):
                return
            await self._clock.sleep(_PAUSE_SECONDS * (0.5 + self._ids.jitter()))
