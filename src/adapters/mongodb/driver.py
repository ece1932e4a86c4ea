"""A database over one of MongoDB's drivers: its client and its transactions.

What is written is acknowledged by a majority of the replica set, each in its journal; what is
read outside a transaction has been so acknowledged, and cannot be rolled back any more.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, Literal, TypeVar

import pymongo
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, ReadPreference, WriteConcern
from pymongo.errors import ConfigurationError, PyMongoError
from pymongo.read_concern import ReadConcern

from adapters.mongodb.access import Access, Handle, settled
from adapters.mongodb.limits import BadAddress, Limits, client_options, milliseconds
from adapters.mongodb.undisturbed import undisturbed

__all__ = ["Database", "Driver"]

T = TypeVar("T")

Driver = Literal["motor", "pymongo"]

_CLIENTS: Final[dict[Driver, Callable[..., Handle]]] = {
    "motor": AsyncIOMotorClient,
    "pymongo": AsyncMongoClient,
}


class Database(Access):
    """One database over a client of its own; *address* is a connection string."""

    def __init__(
        self, address: str, name: str, *, dependency: str, driver: Driver, limits: Limits
    ) -> None:
        self.address = address
        self.dependency = dependency
        self.driver: Driver = driver
        self.limits = limits
        try:
            self._client = _CLIENTS[driver](address, **client_options(address, limits))
        except (ConfigurationError, ValueError) as error:
            raise BadAddress(str(error)) from error
        # The drivers leave wtimeout out of a call that has a deadline, which stands in its place.
        self._concern = WriteConcern(
            "majority", wtimeout=milliseconds(limits.transaction_seconds), j=True
        )
        handle = self._client.get_database(
            name,
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("majority"),
            write_concern=self._concern,
        )
        super().__init__(handle, dependency, limits)

    async def aclose(self) -> None:
        """Close the client's connections, also if nobody answers any more."""
        with pymongo.timeout(self.limits.connect_seconds):
            await settled(self._client.close())

    async def transaction(
        self, work: Callable[[Access], Awaitable[T]], *, reads_only: bool = False
    ) -> T:
        """Do *work* in a transaction, all of it or nothing, and return its result.

        It comes to its end even if the caller is cancelled meanwhile: a thread of the driver
        may be at work with its session.

        Raises:
            StockConflict: another transaction was quicker, or an inserted id was taken; never
                for work that *reads_only*.
            DependencyUnavailable: whether it was committed is unknown.
        """
        return await undisturbed(self._transact(work, reads_only=reads_only))

    @asynccontextmanager
    async def moment(self, *, reads_only: bool) -> AsyncIterator[Access]:
        """Enter a transaction: its reads see one moment; it is committed at the end."""
        with self.bounded():
            session = await settled(self._client.start_session())
        access = Access(self._handle, self.dependency, self.limits, session, reads_only=reads_only)
        try:
            await settled(
                session.start_transaction(
                    read_concern=ReadConcern("snapshot"),
                    write_concern=self._concern,
                    read_preference=ReadPreference.PRIMARY,
                )
            )
            yield access
            # Also after reads alone: only then are they known to have seen what a majority has.
            with access.bounded():
                await undisturbed(session.commit_transaction())
        finally:
            with suppress(PyMongoError), pymongo.timeout(self.limits.connect_seconds):
                await undisturbed(session.end_session())

    async def _transact(self, work: Callable[[Access], Awaitable[T]], *, reads_only: bool) -> T:
        with pymongo.timeout(self.limits.transaction_seconds):
            async with self.moment(reads_only=reads_only) as access:
                return await work(access)
