"""Whether a server can keep the promises, and what to do if it cannot, in one sentence."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from adapters.mongodb.access import Access, Document
from adapters.mongodb.driver import Database
from adapters.mongodb.errors import NoServer, refusal_code
from inventory_domain.errors import DependencyUnavailable

__all__ = ["ServerUnfit", "check_server", "explain"]

# MongoDB 4.4: sorts that go to disk, and transactions that need no special care.
_WIRE_VERSION_MIN = 9
_CREDENTIALS_REFUSED = frozenset({18})
_RIGHTS_MISSING = frozenset({13, 8000})
_HOW_TO_START = (
    "start it with `mongod --replSet rs0`, run `rs.initiate()` in mongosh once, and set "
    "MONGODB_URI to mongodb://HOST:PORT/?replicaSet=rs0"
)


class ServerUnfit(Exception):
    """The server, or the way to it, cannot be used as it is; the text says what to do."""


async def check_server(database: Database) -> None:
    """Find the server and see that it has transactions.

    Raises:
        ServerUnfit: it is there, but cannot be used.
        DependencyUnavailable: it is not there.
    """
    hello = await database.command({"hello": 1})
    if not _has_replica_set(hello):
        raise ServerUnfit(
            f"The MongoDB server is not part of a replica set, without which it has no "
            f"transactions: {_HOW_TO_START}."
        )
    if hello.get("maxWireVersion", 0) < _WIRE_VERSION_MIN:
        raise ServerUnfit("The MongoDB server is too old: use version 4.4 or newer.")
    try:
        await database.transaction(_read_something, reads_only=True)
    except DependencyUnavailable as error:
        if refusal_code(error) is None:
            raise
        raise ServerUnfit(
            f"The MongoDB server refuses transactions ({error.reason}): {_HOW_TO_START}."
        ) from error


async def explain(database: Database, error: DependencyUnavailable) -> Exception:
    """Return what the person who set MONGODB_URI should read instead of *error*."""
    code = refusal_code(error)
    if code in _CREDENTIALS_REFUSED:
        return ServerUnfit(
            "The MongoDB server refuses the user or the password in MONGODB_URI: correct them, "
            "and its authSource if the user is kept in another database."
        )
    if code in _RIGHTS_MISSING:
        return ServerUnfit(
            f"The MongoDB user of MONGODB_URI lacks a right ({error.reason}): give it readWrite "
            "and dbAdmin on the database, or name another user in MONGODB_URI."
        )
    if not isinstance(error, NoServer):
        return error
    return _explain_silence(database, error, await _ask_each(database))


def _explain_silence(
    database: Database, error: NoServer, answers: dict[str, Document | None]
) -> Exception:
    for place, hello in answers.items():
        if hello is None:
            continue
        found = hello.get("setName")
        if found is None:
            return ServerUnfit(
                f"The MongoDB server at {place} is not part of a replica set: {_HOW_TO_START}."
            )
        if f"replicaset={found}".lower() not in database.address.lower():
            return ServerUnfit(
                f"The MongoDB server at {place} belongs to the replica set {found}, MONGODB_URI "
                f"names another one: set replicaSet={found} in MONGODB_URI."
            )
    places = ", ".join(answers) or "the address"
    what = "has no primary" if any(answers.values()) else "does not answer"
    return DependencyUnavailable(
        dependency=error.dependency,
        reason=f"MongoDB at {places} {what}: start it, or set MONGODB_URI to where it runs.",
    )


async def _ask_each(database: Database) -> dict[str, Document | None]:
    """Return what each server of the address says of itself, None: it is silent."""
    parts = urlsplit(database.address)
    if parts.scheme != "mongodb":
        return {}
    encrypted = [
        (name, value)
        for name, value in parse_qsl(parts.query)
        if name.lower() == "ssl" or name.lower().startswith("tls")
    ]
    query = urlencode([*encrypted, ("directConnection", "true")])
    answers: dict[str, Document | None] = {}
    for place in parts.netloc.rpartition("@")[2].split(","):
        alone = Database(
            f"mongodb://{place}/?{query}",
            "admin",
            dependency=database.dependency,
            driver=database.driver,
            limits=database.limits,
        )
        try:
            answers[place] = await alone.command({"hello": 1})
        except DependencyUnavailable:
            answers[place] = None
        finally:
            await alone.aclose()
    return answers


def _has_replica_set(hello: Document) -> bool:
    return "setName" in hello or hello.get("msg") == "isdbgrid"


async def _read_something(access: Access) -> None:
    await access.find("leases", {}, limit=1)
