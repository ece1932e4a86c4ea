"""Read a stretch of a partition to its end, though the log gives large records few at a time."""

from collections.abc import AsyncIterator, Sequence

from inventory_domain.ports import LogInspector
from inventory_domain.records import Record, TopicPartition

__all__ = ["read_on"]


async def read_on(
    inspector: LogInspector, at: TopicPartition, start: int, end: int
) -> AsyncIterator[Sequence[Record]]:
    """Yield the records from offset *start* to before *end*, in parts as the log gives them."""
    while start < end:
        records = await inspector.read(at, start=start, count_max=end - start)
        if not records:
            return
        # Offsets may be left out: as many records may reach further than the stretch.
        yield [record for record in records if record.offset < end]
        start = records[-1].offset + 1
