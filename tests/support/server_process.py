"""One server of the tests: started on free ports, waited for, killed, frozen, left behind never."""

import abc
import contextlib
import functools
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

LOOPBACK = "127.0.0.1"
POLL_SECONDS = 0.02
STOP_SECONDS_MAX = 20.0
LOG_TAIL_LINES = 30
PORTS_TRIED_MAX = 100

# Waits for the end of its input, which comes when the test process ends in whatever way, and
# takes the server and its folder along. Deleted twice: a dying server may still write.
GUARD = """
PATH=$PATH:/usr/bin:/bin
read -r _
read -r pid < "$1/pid" && kill -KILL -"$pid"
rm -rf -- "$1"; sleep 1; rm -rf -- "$1"
"""


class ServerFailed(Exception):
    """A server did not start, or ended by itself; the text carries the end of its log."""


# What free_port has handed out: whoever asked may begin to listen there only later.
_ports_given: set[int] = set()


def free_port() -> int:
    """Return a port nobody listens on, another one at each call in this process.

    It lies below the ports that the kernel hands to outgoing connections, so that a server
    finds its port free again when it comes back after a kill.
    """
    chance = random.SystemRandom()
    for _ in range(PORTS_TRIED_MAX):
        port = chance.randrange(20_000, 32_000)
        if port in _ports_given:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            _ports_given.add(port)
            return port
    raise ServerFailed(f"no free port found in {PORTS_TRIED_MAX} tries")


def listening(port: int) -> bool:
    """Say whether somebody takes connections at *port*."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_until(condition: Callable[[], bool], seconds_max: float) -> bool:
    """Return True as soon as *condition* holds, False when it did not within *seconds_max*."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


class ServerProcess(abc.ABC):
    """A server in a process group and a temporary folder of its own.

    Everything here blocks: from a coroutine call ``await asyncio.to_thread(server.restart)``.
    """

    name: str
    start_seconds_max = 60.0

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @functools.cached_property
    def folder(self) -> Path:
        """The temporary folder, made at its first use and deleted by close."""
        folder = Path(tempfile.mkdtemp(prefix=f"inventory-{self.name.replace(' ', '-')}-"))
        self._guard = _start_guard(folder)
        return folder

    @abc.abstractmethod
    def command(self) -> list[str]:
        """Return the program and its arguments."""

    @abc.abstractmethod
    def answers(self) -> bool:
        """Say whether the server, which takes connections, does its work; raises nothing."""

    @property
    def running(self) -> bool:
        """Say whether the process is alive (frozen counts as alive)."""
        return self._process is not None and self._process.poll() is None

    @property
    def log_path(self) -> Path:
        """Where the server's output goes, over all its starts."""
        return self.folder / "server.log"

    def start(self) -> None:
        """Start and wait until it answers; raise ServerFailed with the log's end otherwise."""
        assert not self.running, f"{self.name} runs already"
        if listening(self.port):
            raise ServerFailed(f"{self.name} did not start: port {self.port} is taken")
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        (self.folder / "pid").write_text(f"{self._process.pid}\n")
        ready = wait_until(self._settled, self.start_seconds_max)
        if not (ready and self.running):
            how = "ended" if not self.running else f"no answer in {self.start_seconds_max:.0f} s"
            self.kill()
            raise ServerFailed(f"{self.name} did not start ({how}); its log ends:\n{self.log()}")

    def stop(self) -> None:
        """Ask it to end and wait; one that does not end in time is killed."""
        if self.running:
            self.resume()
            self._signal(signal.SIGTERM)
        if not wait_until(lambda: not self.running, STOP_SECONDS_MAX):
            self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut would (kill -9)."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def restart(self) -> None:
        """Start it again on the same port and data, after stop or kill or in full run."""
        self.stop()
        self.start()

    def ensure_running(self) -> None:
        """Wake it, and start it again if it is dead: the state that the next test expects."""
        self.resume()
        if not self.running:
            self.start()

    def pause(self) -> None:
        """Freeze it: connections stay open, nothing answers from here on."""
        self._signal(signal.SIGSTOP)
        if self._process is not None and self._process.poll() is None:
            # The signal is only on its way: on a busy machine one more call may be answered.
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let a frozen one go on; no effect on one that runs."""
        self._signal(signal.SIGCONT)

    def wait(self) -> int:
        """Wait until it ends by itself and return its exit code."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process.wait()

    def close(self) -> None:
        """Stop it for good and delete its folder."""
        self.stop()
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
            shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """Return the last lines that it wrote."""
        lines = self.log_path.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:]) or "(empty)"

    def _settled(self) -> bool:
        return not self.running or (listening(self.port) and self.answers())

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def _start_guard(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", GUARD, "guard", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
