"""The data folder: where the files lie, and whose they are."""

import fcntl
import json
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["DataFolder", "FolderHeld", "FolderLock"]


class FolderHeld(Exception):
    """Another running system owns the data folder; the text says which one."""


class FolderLock:
    """The ownership of a folder; it ends with :meth:`release`, or with the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the folder up; a second time does nothing."""
        # The file stays: whoever removed it could remove that of the next owner.
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class DataFolder:
    """A folder with the files of one system.

    One running system owns it. The command line reads beside the owner, appends to the log and
    seeds products without owning it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.orders = path / "orders.db"
        self.products = path / "products.db"
        self.log = path / "log.db"
        self._lock = path / "owner.lock"

    def make(self) -> None:
        """Make the folder, readable by its user alone, if it is not there."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def acquire(self, started_at: str) -> FolderLock:
        """Become the owner.

        Raises:
            FolderHeld: somebody else is.
        """
        self.make()
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _describe(os.pread(descriptor, 4096, 0))
            os.close(descriptor)
            raise FolderHeld(
                f"the data folder {self.path} belongs to a running system ({holder}): "
                "stop it first, or set DATA_DIR to another folder"
            ) from error
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "startedAt": started_at}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(owner).encode(), 0)
        return FolderLock(descriptor)


def _describe(content: bytes) -> str:
    try:
        owner = json.loads(content)
        return f"process {owner['pid']} on {owner['host']}, started at {owner['startedAt']}"
    except (ValueError, KeyError, TypeError):
        return "which is just starting"
