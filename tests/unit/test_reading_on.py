"""A log gives large records few at a time; whoever reads a stretch reads on to its end."""

from collections.abc import Sequence

import attrs
import pytest

from apps.monitor.messages import MessageFilter, MessageReader
from inventory_domain.log_view import GroupInfo, PartitionInfo, TopicInfo
from inventory_domain.ports import LogInspector
from inventory_domain.records import Record, TopicPartition
from inventory_domain.testing.builders import a_record
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.use_cases.letter_filter import DeadLetterFilter
from inventory_domain.use_cases.letters import Letters
from inventory_domain.use_cases.reading_on import read_on
from inventory_domain.use_cases.story_lines import PartitionLine
from inventory_domain.use_cases.timelines import find_within

AT = TopicPartition("work", 0)


@attrs.frozen
class TwoAtOnce:
    """A look at a log whose records are large: each read gives two at most."""

    inspector: LogInspector

    async def topics(self) -> Sequence[TopicInfo]:
        return await self.inspector.topics()

    async def groups(self) -> Sequence[GroupInfo]:
        return await self.inspector.groups()

    async def read(self, at: TopicPartition, *, start: int, count_max: int) -> Sequence[Record]:
        return await self.inspector.read(at, start=start, count_max=min(count_max, 2))


class Kept:
    """A look at one partition that holds these offsets alone."""

    def __init__(self, *offsets: int) -> None:
        self._records = [a_record(topic=AT.topic, offset=offset) for offset in offsets]

    async def topics(self) -> Sequence[TopicInfo]:
        end = self._records[-1].offset + 1
        info = PartitionInfo(partition=AT.partition, begin=self._records[0].offset, end=end)
        return [TopicInfo(name=AT.topic, partitions=(info,))]

    async def groups(self) -> Sequence[GroupInfo]:
        return []

    async def read(self, _at: TopicPartition, *, start: int, count_max: int) -> Sequence[Record]:
        return [record for record in self._records if record.offset >= start][:count_max]


@pytest.fixture
def kept() -> TwoAtOnce:
    # Retention took the first ones; marks of transactions lie between the others.
    return TwoAtOnce(Kept(3, 4, 6, 7, 9, 10, 12))


@pytest.mark.parametrize(
    ("start", "end", "offsets"),
    [
        (0, 13, [3, 4, 6, 7, 9, 10, 12]),
        (4, 9, [4, 6, 7]),
        (5, 6, []),
        (13, 20, []),
        (7, 7, []),
    ],
)
async def test_a_stretch_is_read_to_its_end_and_no_further(
    kept: TwoAtOnce, start: int, end: int, offsets: list[int]
) -> None:
    parts = [part async for part in read_on(kept, AT, start, end)]

    assert [record.offset for part in parts for record in part] == offsets


async def test_every_dead_letter_is_found() -> None:
    shop = MemoryShop()
    await shop.add_products({"lamp": 1})
    orders = {(await shop.place({"lamp": 5})).order_id for _ in range(7)}
    await shop.settle()
    letters = Letters(TwoAtOnce(shop.log))

    found = await letters.find(DeadLetterFilter())
    page = await letters.page(DeadLetterFilter(), start=0, count=10)

    assert {str(one.record.key, "utf-8") for one in found if one.record.key} == orders
    assert (len(found), len(page.letters), page.total) == (7, 7, 7)


async def test_every_message_is_shown_in_both_directions(kept: TwoAtOnce) -> None:
    [topic] = await kept.topics()
    reader = MessageReader(kept, topic, MessageFilter(), 50)

    older, newer = await reader.older({}), await reader.newer({0: 0})

    assert [record.offset for record in older.records] == [12, 10, 9, 7, 6, 4, 3]
    assert [record.offset for record in newer.records] == [12, 10, 9, 7, 6, 4, 3]


async def test_an_orders_story_is_searched_in_all_of_a_partition(kept: TwoAtOnce) -> None:
    [topic] = await kept.topics()
    line = PartitionLine(kept, topic.name, topic.partitions[0])

    found = await find_within(line, [], lambda _record: True, read_count_max=100)

    assert [record.offset for record in found.items] == [3, 4, 6, 7, 9, 10, 12]
    assert found.is_complete
