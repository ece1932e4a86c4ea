"""A real Apache Kafka broker, one KRaft node on loopback; also ``python -m`` for a developer."""

import argparse
import contextlib
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.support import kafka_jars
from tests.support.kafka_secured import Lock
from tests.support.kafka_settings import cluster_name, listener_settings, write_properties
from tests.support.server_process import (
    LOOPBACK,
    ServerFailed,
    ServerProcess,
    free_port,
    wait_until,
)

QUICK_START = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
MADE_ARCHIVE = "classes.jsa"
PROBE_SECONDS = 0.5
TOPIC_SECONDS_MAX = 60.0
LOG_LEVEL = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"


class KafkaServer(ServerProcess):
    """One broker with topics made by hand only.

    *data* is kept when given, temporary otherwise. Clients that must meet a faulty network
    bootstrap at *proxy_port*, where a test puts a proxy in front of *behind_proxy_port*; the
    broker names *proxy_port* to them as its address, so that none slips past the proxy.
    """

    name = "Apache Kafka"
    real = True

    def __init__(
        self,
        port: int | None = None,
        data: Path | None = None,
        settings: Mapping[str, str] | None = None,
        jvm_flags: Sequence[str] = QUICK_START,
        lock: Lock | None = None,
    ) -> None:
        self.version = kafka_jars.kafka_version()
        self._java = kafka_jars.java_path() or "java"
        self._jvm_flags = tuple(jvm_flags)
        self._settings = dict(settings or {})
        self._lock = lock
        super().__init__()
        self.port = port or self.port
        self.controller_port, self.proxy_port, self.behind_proxy_port = _distinct_ports(self.port)
        self._data_kept = data.resolve() if data else None

    @property
    def data(self) -> Path:
        """The folder of the records, which live from one start to the next."""
        return self._data_kept or self.folder / "data"

    @property
    def bootstrap(self) -> str:
        """The address for clients."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def description(self) -> str:
        """Name and version for reports."""
        return f"Apache Kafka {self.version}"

    def command(self) -> list[str]:
        """Return the broker's command line."""
        return [*self._java_command(), "kafka.Kafka", str(self._properties())]

    def start(self) -> None:
        """Fetch the jars if need be, format new data, start, and wait for the broker's metadata.

        Raises:
            JarsMissing: this machine has no jars and cannot fetch them.
            ServerFailed: the broker did not come up.
        """
        kafka_jars.jars_folder()
        if not (self.data / "meta.properties").exists():
            self._format()
        super().start()

    def stop(self) -> None:
        """Stop the broker in good order."""
        super().stop()
        made = self.folder / MADE_ARCHIVE
        if made.is_file():
            kafka_jars.keep_class_archive(made, self._java)
            made.unlink()

    def answers(self) -> bool:
        """Say whether the broker names itself as a member of its cluster."""
        with contextlib.suppress(KafkaException):
            brokers = self._admin().list_topics(timeout=PROBE_SECONDS).brokers.values()
            return any(broker.port == self.port for broker in brokers)
        return False

    def create_topic(
        self, name: str, partitions: int = 3, config: Mapping[str, str] | None = None
    ) -> None:
        """Create a topic and wait until every partition has its leader."""
        topic = NewTopic(name, partitions, 1, config=dict(config or {}))
        admin = self._admin()  # held until the answer is here: its end would cancel the request
        admin.create_topics([topic])[name].result(TOPIC_SECONDS_MAX)
        if not wait_until(lambda: self._leaders(name) == partitions, TOPIC_SECONDS_MAX):
            raise ServerFailed(f"topic {name} has no leaders; the broker's log ends:\n{self.log()}")

    def _leaders(self, topic: str) -> int:
        known = self._admin().list_topics(timeout=PROBE_SECONDS).topics
        partitions = known[topic].partitions.values() if topic in known else ()
        return sum(partition.leader >= 0 for partition in partitions)

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def _format(self) -> None:
        cluster = cluster_name(uuid.uuid4())
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._properties())]
        known = self._lock.format_options() if self._lock else []
        command = [*self._java_command(), *tool, *known]
        run = subprocess.run(command, capture_output=True, check=False, text=True)
        if run.returncode != 0:
            raise ServerFailed(f"{self.data} could not be formatted:\n{run.stdout}{run.stderr}")

    def _java_command(self) -> list[str]:
        archive = kafka_jars.class_archive(self._java)
        how = "SharedArchiveFile" if archive.is_file() else "ArchiveClassesAtExit"
        file = archive if archive.is_file() else self.folder / MADE_ARCHIVE
        return [
            self._java,
            *self._jvm_flags,
            f"-XX:{how}={file}",
            LOG_LEVEL,
            "-cp",
            f"{kafka_jars.cache_folder()}/libs/*",
        ]

    def _properties(self) -> Path:
        path = self.folder / "server.properties"
        listeners = listener_settings(
            address=self.bootstrap,
            controller=f"{LOOPBACK}:{self.controller_port}",
            behind=f"{LOOPBACK}:{self.behind_proxy_port}",
            proxy=f"{LOOPBACK}:{self.proxy_port}",
        )
        if self._lock:
            listeners = self._lock.listener(listeners)
        write_properties(path, self.data, listeners, self._settings)
        return path


def _distinct_ports(taken: int) -> tuple[int, int, int]:
    ports: set[int] = {taken}
    while len(ports) < 4:
        ports.add(free_port())
    first, second, third = ports - {taken}
    return first, second, third


def _stop_on(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main() -> None:
    """Run one broker in the foreground until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="Run one Kafka broker from Maven Central's jars.")
    parser.add_argument("--port", type=int, default=9092)
    parser.add_argument("--data", type=Path, help="folder to keep (default: temporary)")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop_on)
    if reason := kafka_jars.no_java_reason():
        sys.exit(f"kafka: {reason}")
    run_in_foreground(arguments.port, arguments.data)


def run_in_foreground(port: int, data: Path | None) -> None:
    """Start a broker, print its address, and stay until it or we are told to end."""
    server = KafkaServer(port=port, data=data)
    try:
        server.start()
        sys.stdout.write(f"{server.description} at {server.bootstrap} (Ctrl-C stops it)\n")
        sys.stdout.flush()
        sys.exit(f"kafka: the broker ended with {server.wait()}; its log ends:\n{server.log()}")
    except (kafka_jars.JarsMissing, ServerFailed) as failed:
        sys.exit(f"kafka: {failed}")
    finally:
        server.close()


if __name__ == "__main__":
    main()
