"""Operations on a database's collections, bounded in time, inside a transaction or outside.

They run on motor and on PyMongo's own asynchronous client.
"""

import inspect
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pymongo
from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError

from adapters.mongodb.errors import DUPLICATE_KEY, meaning
from adapters.mongodb.limits import Limits
from adapters.mongodb.undisturbed import undisturbed

__all__ = ["Access", "Document", "Handle", "Sort", "settled"]

Document = dict[str, Any]
Sort = Sequence[tuple[str, int]]

# The two drivers have no type in common.
Handle = Any
_Write = InsertOne[Document] | ReplaceOne[Document] | UpdateOne

_COUNTED_MAX = 100_000


class Access:
    """Operations on the collections of one database, inside a transaction or outside."""

    def __init__(
        self,
        handle: Handle,
        dependency: str,
        limits: Limits,
        session: Handle = None,
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
            found: list[Document] = await (await settled(cursor)).to_list(None)
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
                only_taken = all(fault["code"] == DUPLICATE_KEY for fault in faults)
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
                if error.code == DUPLICATE_KEY:
                    return False
                raise
        return True

    async def delete(self, collection: str, where: Document) -> None:
        """Delete every document that matches."""
        with self.bounded():
            await self._handle[collection].delete_many(where, session=self._session)

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """Bound what runs inside, retries included, and say errors in the domain's words."""
        try:
            with pymongo.timeout(self._seconds):
                yield
        except PyMongoError as error:
            raise meaning(error, self._dependency, can_conflict=self._can_conflict) from error


async def settled(value: Any) -> Any:  # noqa: ANN401 - the drivers differ in what they await
    """Return *value*, or what comes of it."""
    return await value if inspect.isawaitable(value) else value
