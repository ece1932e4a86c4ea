"""Groups in the cluster that are no consumers of ours: the look at the others goes on."""

import struct
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.structs import OffsetAndMetadata
from aiokafka.structs import TopicPartition as DriverPartition

from adapters.kafka import KafkaInspector, KafkaSettings
from inventory_domain.records import TopicPartition

OURS = ConsumerProtocolMemberAssignment(0, [("inventory.reserve", [0, 2])], b"").encode()


def text(content: str) -> bytes:
    return struct.pack(">h", len(content)) + content.encode()


def of_connect(version: int) -> bytes:
    """Return what a worker of Kafka Connect is told: its leader, and its tasks by connector."""
    return b"".join(
        [
            struct.pack(">hh", version, 0),
            text("connect-1-6f0e1c1e-5c1a-4a53-8b1e-0f8f1f6f3e11"),
            text("http://10.0.0.5:8083/"),
            struct.pack(">qi", 12, 1),
            text("sink-orders"),
            struct.pack(">iii", 2, 0, 1),
            struct.pack(">ii", 0, 0) if version else b"",
        ]
    )


OF_SCHEMA_REGISTRY = b'{"version":1,"error":0,"leader":"sr-1","leader_identity":{"host":"x"}}'


class Cluster:
    """The driver's admin client of a cluster with groups: name -> type and members' assignments."""

    def __init__(self, groups: Mapping[str, tuple[str, list[bytes]]]) -> None:
        self._groups = groups

    async def list_consumer_groups(self) -> list[tuple[str, str]]:
        return [(name, group_type) for name, (group_type, _) in self._groups.items()]

    async def find_coordinator(self, _name: str) -> int:
        return 1

    async def describe_consumer_groups(self, names: list[str], _coordinator: int) -> list[Any]:
        members = [
            {"member_id": f"member-{number}", "member_assignment": assignment}
            for number, assignment in enumerate(self._groups[names[0]][1])
        ]
        group = {"error_code": 0, "state": "Stable", "members": members}
        return [SimpleNamespace(to_object=lambda: {"groups": [group]})]

    async def list_consumer_group_offsets(
        self, _name: str, _coordinator: int
    ) -> Mapping[DriverPartition, OffsetAndMetadata]:
        return {DriverPartition("inventory.reserve", 0): OffsetAndMetadata(7, "")}


def looking_at(**groups: tuple[str, list[bytes]]) -> KafkaInspector:
    inspector = KafkaInspector(KafkaSettings(bootstrap_servers="kafka:9092"))
    inspector._connections = SimpleNamespace(admin=Cluster(groups))  # type: ignore[assignment]
    return inspector


async def test_only_groups_of_consumers_and_of_mere_commits_are_seen() -> None:
    inspector = looking_at(
        products=("consumer", [OURS]),
        tool=("", []),
        connect=("connect", [of_connect(0)]),
        registry=("sr", [OF_SCHEMA_REGISTRY]),
    )

    assert [group.name for group in await inspector.groups()] == ["products", "tool"]


@pytest.mark.parametrize(
    "assignment", [of_connect(0), of_connect(1), OF_SCHEMA_REGISTRY, b"\x00", b"\xff" * 40]
)
async def test_a_member_with_an_assignment_in_a_form_of_its_own_is_seen_without_partitions(
    assignment: bytes,
) -> None:
    inspector = looking_at(mixed=("consumer", [assignment, OURS]))

    [group] = await inspector.groups()

    assert [member.assigned for member in group.members] == [
        (),
        (TopicPartition("inventory.reserve", 0), TopicPartition("inventory.reserve", 2)),
    ]
    assert group.committed == {TopicPartition("inventory.reserve", 0): 7}
