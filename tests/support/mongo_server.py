"""A server that speaks MongoDB's protocol with transactions, whichever the machine offers."""

import contextlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

from tests.support.server_process import LOOPBACK, ServerProcess

REPLICA_SET = "tests"
ALREADY_INITIALIZED = 23
PROBE_MS = 1000


class MongoServer(ServerProcess):
    """A replica set of one node that the tests may kill, freeze and restart."""

    managed = True
    replica_set: str

    @property
    def data(self) -> Path:
        """The folder of the data files, which live from one start to the next."""
        return self.folder / "data"

    @property
    def uri(self) -> str:
        """The address for clients, with the replica set's name."""
        return f"mongodb://{LOOPBACK}:{self.port}/?replicaSet={self.replica_set}"

    @property
    def description(self) -> str:
        """Name and version for reports."""
        raise NotImplementedError

    def start(self) -> None:
        """Start and wait until the node is its replica set's primary."""
        self.data.mkdir(exist_ok=True)
        super().start()

    def answers(self) -> bool:
        """Say whether the node takes writes."""
        with contextlib.suppress(PyMongoError), self.direct_client() as client:
            return bool(client.admin.command("hello").get("isWritablePrimary"))
        return False

    def direct_client(self) -> MongoClient[dict[str, Any]]:
        """Return a client of this one node that gives up soon."""
        uri = f"mongodb://{LOOPBACK}:{self.port}/?directConnection=true"
        return MongoClient(uri, serverSelectionTimeoutMS=PROBE_MS, socketTimeoutMS=PROBE_MS)


class Mongod(MongoServer):
    """MongoDB's own server from PATH."""

    name = "MongoDB"
    replica_set = REPLICA_SET

    @property
    def description(self) -> str:
        """Name and version for reports."""
        return f"MongoDB {mongod_version()} (mongod, one-node replica set)"

    def command(self) -> list[str]:
        """Return mongod's command line."""
        place = ["--port", str(self.port), "--bind_ip", LOOPBACK, "--dbpath", str(self.data)]
        small = ["--wiredTigerCacheSizeGB", "0.25", "--quiet"]
        return ["mongod", "--replSet", REPLICA_SET, *place, *small]

    def answers(self) -> bool:
        """Say whether the node takes writes, making the replica set when there is none yet."""
        member = {"_id": 0, "host": f"{LOOPBACK}:{self.port}"}
        with contextlib.suppress(PyMongoError), self.direct_client() as client:
            try:
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            except OperationFailure as refusal:
                if refusal.code != ALREADY_INITIALIZED:
                    raise
            return super().answers()
        return False


class Secantus(MongoServer):
    """SecantusDB from PyPI, on MongoDB's storage engine."""

    name = "SecantusDB"
    replica_set = "secantus"

    @property
    def description(self) -> str:
        """Name and version for reports."""
        return f"SecantusDB {importlib.metadata.version('secantusdb')} (not MongoDB's own server)"

    def command(self) -> list[str]:
        """Return its command line, with a settings file of our own: none is looked for."""
        settings = self.folder / "secantusd.toml"
        settings.touch()
        place = ["--host", LOOPBACK, "--port", str(self.port), "--storage-path", str(self.data)]
        # Without it a transaction that was acknowledged does not survive kill -9.
        durable = ["--sync-on-commit"]
        quiet = ["--cache-size", "256M", "--log-level", "WARNING", "--enable-test-commands"]
        start = [sys.executable, "-m", "secantus", "--config", str(settings)]
        return [*start, *place, *durable, *quiet]


class ForeignMongo:
    """A server that somebody else runs (MONGODB_TEST_URI): used, never killed."""

    managed = False

    def __init__(self, uri: str) -> None:
        self.uri = uri

    @property
    def description(self) -> str:
        """Name and version for reports; the address without the credentials in it."""
        hosts = ",".join(f"{host}:{port}" for host, port in parse_uri(self.uri)["nodelist"])
        try:
            with MongoClient[dict[str, Any]](self.uri, serverSelectionTimeoutMS=PROBE_MS) as client:
                return f"MongoDB {client.server_info()['version']} at {hosts} (MONGODB_TEST_URI)"
        except PyMongoError as error:
            return f"MONGODB_TEST_URI at {hosts} does not answer ({type(error).__name__})"

    def start(self) -> None:
        """Change nothing: it runs already."""

    def close(self) -> None:
        """Leave it as it is."""


def mongod_version() -> str:
    """Return the version of the mongod on PATH."""
    run = subprocess.run(["mongod", "--version"], capture_output=True, check=False, text=True)
    first = run.stdout.partition("\n")[0]
    return first.removeprefix("db version v") or "of unknown version"


def choose_mongo() -> Mongod | Secantus | ForeignMongo:
    """Return the best server that this machine offers, not started yet."""
    if uri := os.environ.get("MONGODB_TEST_URI"):
        return ForeignMongo(uri)
    return Mongod() if shutil.which("mongod") else Secantus()
