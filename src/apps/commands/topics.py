"""topics: what the events flow through."""

import sys
from collections.abc import Sequence

import rich_click as click

from apps.bootstrap import Part, open_container
from apps.commands.common import (
    command_settings,
    console,
    examples,
    new_table,
    run_async,
    said_plainly,
)
from apps.faults import NO
from apps.settings import Settings
from inventory_domain.log_view import TopicInfo

__all__ = ["topics"]

_NUMBERS = ("partitions", "messages")


@click.command(epilog=examples("python -m apps topics", "TOPIC_PARTITIONS=6 python -m apps topics"))
@said_plainly
def topics() -> None:
    """Create the topics that are missing, and check those that are there.

    Nothing about a topic that is there is changed; what differs from the settings is said, and
    the exit code is 1 then. It works beside a running system.
    """
    settings = command_settings()
    before, after, differences = run_async(_prepare(settings))
    _print({topic.name for topic in before}, after)
    for difference in differences:
        click.echo(difference, err=True)
    sys.exit(NO if differences else 0)


async def _prepare(
    settings: Settings,
) -> tuple[Sequence[TopicInfo], Sequence[TopicInfo], Sequence[str]]:
    async with open_container(settings, parts=(Part.LOG,), owner=False) as container:
        inspector = container.inspector()
        before = await inspector.topics()
        differences = await container.topics()()
        return before, await inspector.topics(), differences


def _print(before: set[str], after: Sequence[TopicInfo]) -> None:
    table = new_table("topic", *_NUMBERS, "", right=_NUMBERS)
    for topic in sorted(after, key=lambda one: one.name):
        messages = sum(partition.end - partition.begin for partition in topic.partitions)
        note = "" if topic.name in before else "created"
        table.add_row(topic.name, str(len(topic.partitions)), str(messages), note)
    console().print(table)
