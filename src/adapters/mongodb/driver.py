"""The one module that touches MongoDB's drivers: clients, operations, and what errors mean.

It runs on motor and on PyMongo's own asynchronous client. What is written is acknowledged by a
majority of the replica set, each in its journal; what is read outside a transaction has been so
acknowledged, and cannot be rolled back any more.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Final, Literal, TypeVar

import pymongo
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, InsertOne, ReadPreference, ReplaceOne, UpdateOne, WriteConcern
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.read_concern import ReadConcern

from adapters.mongodb.limits import (
    BadAddress,
    DocumentRefused,
    Limits,
    NoServer,
    client_options,
    milliseconds,
)
from adapters.mongodb.undisturbed import undisturbed
from inventory_domain.errors import DependencyUnavailable, StockConflict

__all__ = ["Access", "Database", "Document", "Driver", "Sort", "refusal_code"]

T = TypeVar("T")

Driver = Literal["motor", "pymongo"]
Document = dict[str, Any]
Sort = Sequence[tuple[str, int]]

# The two drivers have no type in common.
_Handle = Any
_Write = InsertOne[Document] | ReplaceOne[Document] | UpdateOne

_CLIENTS: Final[dict[Driver, Callable[..., _Handle]]] = {
    "motor": AsyncIOMotorClient,
    "pymongo": AsyncMongoClient,
}
_COUNTED_MAX = 100_000
_DUPLICATE_KEY = 11000
_WRITE_CONFLICT = 112
_TRANSIENT = "TransientTransactionError"
# The server understood the command and will never do it: a fault of ours, not an outage.
_REFUSALS = frozenset({2, 9, 14, 121, 10334, 17280})


class Access:
    """Operations on the collections of one database, inside a transaction or outside."""

    def __init__(
        self,
        handle: _Handle,
        dependency: str,
        limits: Limits,
        session: _Handle = None,
        *,
        reads_only: bool = False,
    ) -> None:
        self._handle = handle
        self._dependency = dependency
        self._seconds = limits.call_seconds
        self._session = session
        # Who only reads has no rival: if the server gives up such a transaction, it is an outage.
        self._can_conflict = session is not None and not reads_only

    async def command(self, document: Document) -> Document:
        """Run a database command."""
        with self.bounded():
            return dict(await self._handle.command(document, session=self._session))

    async def find(
        self,
        collection: str,
        where: Document,
        *,
        fields: Document | None = None,
        sort: Sort = (),
        skip: int = 0,
        limit: int = 0,
        hint: str | None = None,
    ) -> list[Document]:
        """Return the documents that match; a negative *limit* gives what fits in one answer.

        *hint* names the index to take.
        """
        with self.bounded():
            cursor = self._handle[collection].find(where, fields, session=self._session, hint=hint)
            if sort:
                cursor = cursor.sort(list(sort))
            if self._session is None:
                cursor = cursor.allow_disk_use(allow_disk_use=True)
            found: list[Document] = await cursor.skip(skip).limit(limit).to_list(None)
        return found

    async def parts(
        self, collection: str, where: Document, *, sort: Sort, size: int
    ) -> AsyncIterator[list[Document]]:
        """Yield the documents that match, *size* at a time."""
        cursor = self._handle[collection].find(where, session=self._session, batch_size=size)
        cursor = cursor.sort(list(sort))
        while True:
            with self.bounded():
                part = await undisturbed(cursor.to_list(size))
            if not part:
                return
            yield part

    async def count(self, collection: str, where: Document) -> int:
        """Return how many documents match; of all of a large collection, how many it should have.

        The server keeps that number, and may be off by what it wrote in its last minute if it
        was killed. Looking at each of millions of documents would take longer than a call may.
        """
        counted = self._handle[collection]
        with self.bounded():
            if not where and self._session is None:
                kept = int(await counted.estimated_document_count())
                if kept > _COUNTED_MAX:
                    return kept
            return int(await counted.count_documents(where, session=self._session))

    async def aggregate(self, collection: str, steps: Sequence[Document]) -> list[Document]:
        """Return what the pipeline of *steps* gives."""
        with self.bounded():
            cursor = self._handle[collection].aggregate(
                list(steps), session=self._session, allowDiskUse=True
            )
            found: list[Document] = await (await _settled(cursor)).to_list(None)
        return found

    async def insert(self, collection: str, documents: Sequence[Document]) -> frozenset[int]:
        """Insert each by itself; return the places of those whose id or unique field is taken."""
        with self.bounded():
            try:
                await self._handle[collection].insert_many(
                    documents, ordered=False, session=self._session
                )
            except BulkWriteError as error:
                faults = error.details["writeErrors"]
                only_taken = all(fault["code"] == _DUPLICATE_KEY for fault in faults)
                if self._session or not only_taken or error.details["writeConcernErrors"]:
                    raise
                return frozenset(fault["index"] for fault in faults)
        return frozenset()

    async def write(
        self,
        collection: str,
        *,
        inserts: Sequence[Document] = (),
        replacements: Sequence[tuple[Document, Document]] = (),
        updates: Sequence[tuple[Document, Document]] = (),
    ) -> int:
        """Insert, then replace and update in turn (a filter and what to do each), in one call.

        Returns how many replacements and updates found their document.
        """
        operations: list[_Write] = [InsertOne(document) for document in inserts]
        operations += [ReplaceOne(where, document) for where, document in replacements]
        operations += [UpdateOne(where, change) for where, change in updates]
        if not operations:
            return 0
        with self.bounded():
            done = await self._handle[collection].bulk_write(operations, session=self._session)
            return int(done.matched_count)

    async def update_all(
        self, collection: str, where: Document, change: Sequence[Document]
    ) -> None:
        """Take every document that matches through the pipeline *change*."""
        with self.bounded():
            await self._handle[collection].update_many(where, list(change), session=self._session)

    async def put(self, collection: str, where: Document, change: Document) -> bool:
        """Apply *change* to the document that matches, or insert it; False if its id is taken."""
        with self.bounded():
            try:
                await self._handle[collection].update_one(
                    where, change, upsert=True, session=self._session
                )
            except OperationFailure as error:
                if error.code == _DUPLICATE_KEY:
                    return False
                raise
        return True

    async def delete(self, collection: str, where: Document) -> None:
        """Delete every document that matches."""
        with self.bounded():
            await self._handle[collection].delete_many(where, session=self._session)

    @contextmanager
    def bounded(self, seconds: float | None = None) -> Iterator[None]:
        """Bound what runs inside, retries included, and say errors in the domain's words."""
        try:
            with pymongo.timeout(seconds or self._seconds):
                yield
        except PyMongoError as error:
            raise self._meaning(error) from error

    def _meaning(self, error: PyMongoError) -> Exception:
        if isinstance(error, BulkWriteError):
            codes = {fault["code"] for fault in error.details["writeErrors"]}
        else:
            codes = {error.code} if isinstance(error, OperationFailure) else set()
        if self._can_conflict and _is_conflict(error, codes):
            return StockConflict()
        if codes & _REFUSALS:
            return DocumentRefused(str(error))
        kind = NoServer if isinstance(error, ServerSelectionTimeoutError) else DependencyUnavailable
        return kind(dependency=self._dependency, reason=str(error))


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
            await _settled(self._client.close())

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
            session = await _settled(self._client.start_session())
        access = Access(self._handle, self.dependency, self.limits, session, reads_only=reads_only)
        try:
            await _settled(
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


def refusal_code(error: DependencyUnavailable) -> int | None:
    """Return the code with which the server refused a command, None: it did not."""
    cause = error.__cause__
    # What it gave up only this time is no refusal.
    if isinstance(cause, OperationFailure) and not cause.has_error_label(_TRANSIENT):
        return cause.code
    return None


def _is_conflict(error: PyMongoError, codes: set[int | None]) -> bool:
    if codes & {_DUPLICATE_KEY, _WRITE_CONFLICT}:
        return True
    # An outage has the same label, but deciding again at once would not help it.
    return (
        isinstance(error, OperationFailure)
        and error.has_error_label(_TRANSIENT)
        and not error.has_error_label("UnknownTransactionCommitResult")
    )


async def _settled(value: Any) -> Any:  # noqa: ANN401 - the drivers differ in what they await
    return await value if inspect.isawaitable(value) else value
