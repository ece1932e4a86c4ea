"""Publishing records among which there may be dead letters that are too large for their topic."""

from collections.abc import Sequence

from inventory_domain.dead_letters import abridge
from inventory_domain.errors import RecordTooLarge
from inventory_domain.ports import EventLog
from inventory_domain.records import OutgoingRecord
from inventory_domain.topics import DEAD_LETTER_SUFFIX

__all__ = ["publish_what_fits"]


async def publish_what_fits(log: EventLog, records: Sequence[OutgoingRecord]) -> None:
    """Publish *records*; a dead letter that does not fit goes abridged.

    A record was taken by its own topic, so its letter may be more than its topic takes: others
    may have made that one, or the record came compressed. Waiting would never help it.

    Raises:
        RecordTooLarge: one that is no dead letter is more than the log ever takes.
        DependencyUnavailable: the log is away; some may have been published.
    """
    try:
        await log.publish(records)
    except RecordTooLarge:
        # Each by itself, so that none loses anything to another. Some may come twice.
        for record in records:
            await _publish_alone(log, record)


async def _publish_alone(log: EventLog, record: OutgoingRecord) -> None:
    try:
        await log.publish([record])
    except RecordTooLarge:
        if not record.topic.endswith(DEAD_LETTER_SUFFIX):
            raise
        await log.publish([abridge(record)])
