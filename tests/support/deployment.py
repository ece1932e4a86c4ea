"""The system as it may be deployed; who tests its promises never asks which way it is."""

import abc
import secrets
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol, Self

from adapters.embedded.event_log import SqliteEventLog
from apps.edge.auth import issue_token
from inventory_domain.records import OutgoingRecord
from tests.support.foreign_kafka import ForeignProducer
from tests.support.shop_caller import ShopCaller
from tests.support.system_process import SystemProcess

__all__ = ["Deployment", "ForeignLog", "ManyProcesses", "OneProcess"]

SECRET = "a secret that is long enough for HS256"
TOKEN_SECONDS = 24 * 3600


class ForeignLog(Protocol):
    """The topics as another team's program writes to them."""

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when the log has *records*."""


class Deployment(ShopCaller, abc.ABC):
    """A system to start, call, stop and look at."""

    @abc.abstractmethod
    def start(self) -> Self:
        """Return when all of it answers."""

    @abc.abstractmethod
    def stop(self) -> int:
        """Ask all of it to end; return the worst exit code."""

    @abc.abstractmethod
    def kill(self) -> None:
        """End all of it as a power cut would."""

    @abc.abstractmethod
    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside it."""

    @abc.abstractmethod
    def foreign_log(self) -> AbstractAsyncContextManager[ForeignLog]:
        """Open the log beside it, as a foreign producer has it."""


class OneProcess(Deployment):
    """Everything in one process, over SQLite."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__()
        self.process = SystemProcess(folder, **settings)

    def start(self) -> Self:
        self.addresses.update(self.process.start().addresses)
        return self

    def stop(self) -> int:
        return self.process.stop()

    def kill(self) -> None:
        self.process.kill()
        self.hang_up()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.process.run(*arguments)

    @asynccontextmanager
    async def foreign_log(self) -> AsyncIterator[ForeignLog]:
        path = self.process.folder / "data" / "log.db"
        log = await SqliteEventLog.open(path, is_owner=False)
        try:
            yield log
        finally:
            await log.aclose()


class ManyProcesses(Deployment):
    """Each service in processes of its own, as many as wanted, over Kafka and MongoDB."""

    def __init__(self, folder: Path, *, bootstrap: str, mongodb_uri: str, **settings: str) -> None:
        super().__init__()
        mark = secrets.token_hex(4)
        self.folder = folder
        self.bootstrap = bootstrap
        self.settings = {
            "EVENT_LOG": "kafka",
            "STORE": "mongodb",
            "MONGODB_URI": mongodb_uri,
            "ORDERS_DB": f"orders_{mark}",
            "PRODUCTS_DB": f"products_{mark}",
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "ACCESS_TOKEN_SECRET": SECRET,
            **settings,
        }
        self.instances: list[SystemProcess] = []
        self._aside = SystemProcess(folder, **self.settings)

    def new_token(self, sub: str, role: str) -> str:
        """Return a token of the secret that all services share."""
        return issue_token(
            secret=SECRET, issuer="inventory", subject=sub, roles=[role], ttl_seconds=TOKEN_SECONDS
        )

    def add(self, service: str, **settings: str) -> SystemProcess:
        """Return a further instance of *service*, not started yet."""
        folder = self.folder / f"{service}-{len(self.instances) + 1}"
        instance = SystemProcess(folder, service, **{**self.settings, **settings})
        self.instances.append(instance)
        return instance

    def start(self) -> Self:
        """Start those that do not run; without any, one of each service."""
        if not self.instances:
            self.add("orders")
            self.add("products")
        begun = [one for one in self.instances if not one.running]
        for instance in begun:
            instance.begin()
        for instance in begun:
            self.addresses.update(instance.settle().addresses)
        return self

    def stop(self) -> int:
        running = [one for one in self.instances if one.running]
        for instance in running:
            instance.send(signal.SIGTERM)
        self.hang_up()
        return max([instance.wait() for instance in running], default=0)

    def kill(self) -> None:
        for instance in self.instances:
            instance.kill()
        self.hang_up()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._aside.run(*arguments)

    @asynccontextmanager
    async def foreign_log(self) -> AsyncIterator[ForeignLog]:
        yield ForeignProducer(self.bootstrap)
