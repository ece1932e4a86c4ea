"""The lines that an order's story is found in: the partitions of the log."""

from collections.abc import Sequence

import attrs

from inventory_domain.log_view import PartitionInfo
from inventory_domain.ports import LogInspector
from inventory_domain.records import Record, TopicPartition
from inventory_domain.use_cases.timelines import Placed

__all__ = ["PartitionLine"]


@attrs.frozen
class PartitionLine:
    """The records of one partition."""

    inspector: LogInspector
    topic: str
    info: PartitionInfo

    @property
    def begin(self) -> int:
        """The first offset kept."""
        return self.info.begin

    @property
    def end(self) -> int:
        """The offset that the next record gets."""
        return self.info.end

    async def read(self, start: int, count_max: int) -> Sequence[Placed[Record]]:
        """Return records from offset *start* on."""
        at = TopicPartition(self.topic, self.info.partition)
        records = await self.inspector.read(at, start=start, count_max=count_max)
        return [Placed(record.offset, record.timestamp, record) for record in records]
