"""The broker's server.properties, and the name of its cluster."""

import base64
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

# Partitions and copies as small as one node allows; no waiting for group members that do not
# come; sessions short enough for a test to see one end. A killed broker is let in again only
# when its old session has ended.
SMALL = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.num.partitions": "3",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "500",
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "400",
    "log.cleaner.dedupe.buffer.size": "8388608",
    "num.network.threads": "2",
    "num.io.threads": "4",
}


def listener_settings(address: str, controller: str, behind: str, proxy: str) -> dict[str, str]:
    """Return the settings of three listeners; the one at *behind* calls itself *proxy*."""
    names = ("PLAINTEXT", "PROXIED", "CONTROLLER")
    return {
        "listeners": f"PLAINTEXT://{address},PROXIED://{behind},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{address},PROXIED://{proxy}",
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in names),
        "controller.quorum.voters": f"1@{controller}",
    }


def write_properties(path: Path, data: Path, *layers: Mapping[str, str]) -> None:
    """Write the settings to *path*, later *layers* winning over earlier ones."""
    settings = {**SMALL, "log.dirs": str(data)}
    for layer in layers:
        settings.update(layer)
    path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))


def cluster_name(number: UUID) -> str:
    """Return *number* as Kafka writes it, its first byte left out: never with a "-" in front.

    Kafka's format tool would take such a name, one in 64, for an option.
    """
    return base64.urlsafe_b64encode(b"\0" + number.bytes[1:]).decode().rstrip("=")
