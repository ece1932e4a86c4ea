"""topics: what the events flow through."""

import sys

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
from inventory_domain.topics import ALL_TOPICS

__all__ = ["topics"]

_NUMBERS = ("partitions", "messages")


@click.command(epilog=examples("python -m apps topics", "TOPIC_PARTITIONS=6 python -m apps topics"))
@said_plainly
def topics() -> None:
    """Create the topics that are missing, and check those that are there.

    A new topic gets TOPIC_PARTITIONS partitions, an old one keeps its own. The exit code is 1
    when one has another number than the setting says. It works beside a running system.
    """
    settings = command_settings()
    before, after = run_async(_ensure(settings))
    different = [
        topic.name
        for topic in after
        if topic.name in ALL_TOPICS and len(topic.partitions) != settings.topic_partitions
    ]
    _print({topic.name for topic in before}, after, settings.topic_partitions)
    if different:
        click.echo(
            f"TOPIC_PARTITIONS is {settings.topic_partitions}, and {len(different)} topics have "
            "another number. Records of one order stay in order only while it does not change.",
            err=True,
        )
    sys.exit(NO if different else 0)


async def _ensure(settings: Settings) -> tuple[list[TopicInfo], list[TopicInfo]]:
    async with open_container(settings, parts=(Part.LOG,), owner=False) as container:
        inspector = container.inspector()
        before = await inspector.topics()
        await container.topic_keeper().ensure_topics(ALL_TOPICS)
        return list(before), list(await inspector.topics())


def _print(before: set[str], after: list[TopicInfo], wanted: int) -> None:
    table = new_table("topic", *_NUMBERS, "", right=_NUMBERS)
    for topic in sorted(after, key=lambda one: one.name):
        messages = sum(partition.end - partition.begin for partition in topic.partitions)
        note = "" if topic.name in before else "created"
        if len(topic.partitions) != wanted:
            note = f"TOPIC_PARTITIONS is {wanted}"
        table.add_row(topic.name, str(len(topic.partitions)), str(messages), note)
    console().print(table)
