"""The whole system as its users start it: ``python -m apps run``, in a folder of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.support.server_process import wait_until
from tests.support.shop_caller import ShopCaller, order_body

__all__ = ["SystemProcess", "order_body"]

START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 15.0


class SystemProcess(ShopCaller):
    """One start after the other of one system; everything here blocks."""

    def __init__(self, folder: Path, command: str = "run", **settings: str) -> None:
        super().__init__()
        self.folder = folder
        self.command_name = command
        self.seconds_to_ready = 0.0
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._began_at = 0.0

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing of the surrounding settings gets through."""
        # PYTHONPATH: in a second checkout the tests run its own code, not the installed one.
        names = ("PATH", "HOME", "PYTHONPATH")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        ports = {"ORDERS_PORT": "0", "PRODUCTS_PORT": "0", "DATA_DIR": str(self.folder / "data")}
        ports.update(STOREFRONT_PORT="0", MONITOR_PORT="0")
        return {**kept, **ports, "PYTHONUNBUFFERED": "1", **self._settings}

    @property
    def pid(self) -> int:
        assert self._process is not None, "it was not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start it and wait for its addresses."""
        self.begin()
        return self.settle()

    def settle(self) -> Self:
        """Wait for the addresses of one that was begun."""
        ready = wait_until(
            lambda: "Ready in" in self.output() or not self.running, START_SECONDS_MAX
        )
        self.seconds_to_ready = time.monotonic() - self._began_at
        assert ready, f"it is not ready:\n{self.output()}"
        assert self.running, f"it ended:\n{self.output()}\n{self.errors()}"
        found = re.findall(r"^ +(\w+) +(http://\S+)$", self.output(), re.MULTILINE)
        self.addresses = dict(found)
        return self

    def begin(self) -> None:
        """Start it and wait for nothing."""
        assert not self.running, "it runs already"
        self._began_at = time.monotonic()
        self.folder.mkdir(exist_ok=True)
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "apps", self.command_name],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None, "it was not started"
        self._process.send_signal(number)

    def wait(self, seconds_max: float = STOP_SECONDS_MAX) -> int:
        """Wait for its end and return its exit code."""
        assert self._process is not None, "it was not started"
        return self._process.wait(timeout=seconds_max)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end and return its exit code."""
        self.send(number)
        return self.wait()

    def kill(self) -> None:
        """End it as a power cut would, if it runs at all."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.hang_up()

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same folder."""
        return subprocess.run(
            [sys.executable, "-m", "apps", *arguments],
            cwd=self.folder,
            env={**self.environment, **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def output(self) -> str:
        return self._out.read_text() if self._out.exists() else ""

    def errors(self) -> str:
        return self._err.read_text() if self._err.exists() else ""

    @property
    def _out(self) -> Path:
        return self.folder / "out.log"

    @property
    def _err(self) -> Path:
        return self.folder / "err.log"
