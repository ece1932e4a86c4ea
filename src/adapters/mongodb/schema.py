"""The collections: their indexes and their validators, made and checked at every start."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from adapters.mongodb.access import Document
from adapters.mongodb.driver import Database
from adapters.mongodb.errors import refusal_code
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.orders import StockState

__all__ = [
    "ORDERS_SCHEMA",
    "PENDING_INDEX",
    "STOCK_SCHEMA",
    "Collection",
    "Index",
    "SchemaDiffers",
    "ensure",
]

_NAMESPACE_EXISTS = 48
_DUPLICATE_KEY = 11000
_WHOLE = ["int", "long"]


class SchemaDiffers(Exception):
    """What lies in the database does not let an index or a validator be made."""


@attrs.frozen
class Index:
    """An index by *keys*; with *only*, of the documents that match it."""

    name: str
    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    only: Document | None = None

    def document(self) -> Document:
        """Return it as ``createIndexes`` wants it."""
        document: Document = {"name": self.name, "key": dict(self.keys)}
        if self.unique:
            document["unique"] = True
        if self.only is not None:
            document["partialFilterExpression"] = self.only
        return document


@attrs.frozen
class Collection:
    """A collection; *fields* are JSON schemas that a document's fields must satisfy."""

    name: str
    fields: Mapping[str, Document] = attrs.field(factory=dict)
    indexes: Sequence[Index] = ()

    def validator(self) -> Document:
        """Return the rule that the database holds every written document against."""
        if not self.fields:
            return {}
        return {
            "$jsonSchema": {
                "bsonType": "object",
                "required": list(self.fields),
                "properties": dict(self.fields),
            }
        }


PENDING_INDEX = "pending"
"""Finds the orders with something in their outbox."""


def _at_least(minimum: int) -> Document:
    return {"bsonType": _WHOLE, "minimum": minimum}


def _kind(*kinds: str) -> Document:
    return {"bsonType": list(kinds)}


ORDERS_SCHEMA = (
    Collection(
        "orders",
        {
            "orderNumber": _kind("string"),
            "userId": _kind("string"),
            "items": _kind("array"),
            "totalAmount": _at_least(0),
            "status": {"bsonType": _WHOLE, "minimum": 1, "maximum": 5},
            "version": _at_least(1),
            "outbox": _kind("array"),
            "createdAt": _kind("date"),
            "updatedAt": _kind("date"),
        },
        (
            Index("number", (("orderNumber", 1),), unique=True),
            Index(
                "idempotency_key",
                (("idempotency.subject", 1), ("idempotency.key", 1)),
                unique=True,
                only={"idempotency.key": {"$exists": True}},
            ),
            # Only what waits is in it, so that it stays small.
            Index(
                PENDING_INDEX,
                (("pendingSince", 1), ("_id", 1)),
                only={"pendingSince": {"$exists": True}},
            ),
            # None by the last change, and of the states of the stock only the one that people
            # look for: each change of an order would have to move it there.
            Index("newest", (("createdAt", -1), ("_id", 1))),
            Index("total", (("totalAmount", -1), ("_id", 1))),
            Index("user_newest", (("userId", 1), ("createdAt", -1), ("_id", 1))),
            Index("status_newest", (("status", 1), ("createdAt", -1), ("_id", 1))),
            Index(
                "rejected_newest",
                (("stockState", 1), ("createdAt", -1), ("_id", 1)),
                only={"stockState": StockState.REJECTED.value},
            ),
        ),
    ),
    Collection("leases"),
)

STOCK_SCHEMA = (
    Collection(
        "products",
        {
            "name": _kind("string"),
            "price": _at_least(0),
            "stock": _at_least(0),
            "reserved": _at_least(0),
            "received": _at_least(0),
            "sold": _at_least(0),
            "writtenOff": _at_least(0),
            "inStock": _kind("bool"),
            "isActive": _kind("bool"),
            "version": _at_least(1),
        },
        # Few, since products are written all the time; the best of a catalogue by price or by
        # date is found by walking through it.
        (
            Index("name", (("name", 1), ("_id", 1))),
            Index("category_name", (("categoryText", 1), ("name", 1), ("_id", 1))),
        ),
    ),
    Collection(
        "reservations",
        {"state": _kind("string"), "items": _kind("array"), "version": _at_least(1)},
    ),
    Collection(
        "movements",
        {
            "productId": _kind("string"),
            "number": _at_least(1),
            "qty": _at_least(1),
            "stockAfter": _at_least(0),
            "reservedAfter": _at_least(0),
        },
    ),
    Collection("outbox", {"records": _kind("array")}),
    Collection("leases"),
)


async def ensure(database: Database, collections: Sequence[Collection]) -> None:
    """Make what is missing and bring every validator up to date; the documents stay as they are.

    Raises:
        SchemaDiffers: an index by the same name is another one, or documents that are there
            break a unique one.
        DependencyUnavailable: the database is away, or the user may not do it.
    """
    for collection in collections:
        await _ensure_collection(database, collection)
        if collection.indexes:
            await _ensure_indexes(database, collection)


async def _ensure_collection(database: Database, collection: Collection) -> None:
    wanted = collection.validator()
    found = await _stored_options(database, collection.name)
    if found is None:
        try:
            await database.command({"create": collection.name, "validator": wanted})
        except DependencyUnavailable as error:
            if refusal_code(error) != _NAMESPACE_EXISTS:
                raise
            # Another instance starts at the same time, with the same validator as a rule.
            found = await _stored_options(database, collection.name)
    if found is not None and found.get("validator", {}) != wanted:
        await database.command(
            {
                "collMod": collection.name,
                "validator": wanted,
                "validationLevel": "strict",
                "validationAction": "error",
            }
        )


async def _stored_options(database: Database, name: str) -> dict[str, Any] | None:
    answer = await database.command({"listCollections": 1, "filter": {"name": name}})
    found = answer["cursor"]["firstBatch"]
    return found[0].get("options", {}) if found else None


async def _ensure_indexes(database: Database, collection: Collection) -> None:
    indexes = [index.document() for index in collection.indexes]
    try:
        await database.command({"createIndexes": collection.name, "indexes": indexes})
    except DependencyUnavailable as error:
        code = refusal_code(error)
        if code == _DUPLICATE_KEY:
            raise SchemaDiffers(
                f"documents in the collection {collection.name} share what must be unique: "
                f"{error.reason}"
            ) from error
        if code in {85, 86}:
            raise SchemaDiffers(
                f"the collection {collection.name} has another index by the name of one of ours, "
                f"drop it first: {error.reason}"
            ) from error
        raise
