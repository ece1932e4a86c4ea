"""Redis from PATH on a free port, with nothing kept on disk."""

import contextlib
import shutil
import socket
import subprocess

from tests.support.server_process import LOOPBACK, ServerProcess

PROBE_SECONDS = 1.0


def no_redis_reason() -> str | None:
    """Say why Redis cannot run here, None when it can."""
    if shutil.which("redis-server"):
        return None
    return "redis-server is not on PATH (Debian's package redis-server has it)"


def redis_version() -> str:
    """Return the version of the redis-server on PATH."""
    run = subprocess.run(["redis-server", "--version"], capture_output=True, check=False, text=True)
    words = (word.partition("v=")[2] for word in run.stdout.split() if word.startswith("v="))
    return next(words, "of unknown version")


class RedisServer(ServerProcess):
    """One Redis server."""

    name = "Redis"

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    @property
    def description(self) -> str:
        """Name and version for reports."""
        return f"Redis {redis_version()}"

    def command(self) -> list[str]:
        """Return its command line."""
        place = ["--port", str(self.port), "--bind", LOOPBACK, "--dir", str(self.folder)]
        return ["redis-server", *place, "--save", "", "--appendonly", "no"]

    def answers(self) -> bool:
        """Say whether it answers a PING."""
        address = (LOOPBACK, self.port)
        with (
            contextlib.suppress(OSError),
            socket.create_connection(address, PROBE_SECONDS) as connection,
        ):
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False
