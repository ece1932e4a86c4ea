"""What callers of the monitor ask for: places in the log, filters, dead letters, switches."""

import re
from typing import Final

import attrs

from apps.edge.fields import Fields
from apps.edge.query import Paging, QueryFields
from apps.monitor.audit_view import AuditFilter
from apps.monitor.desk import Choice
from apps.monitor.messages import Cursors, MessageFilter
from inventory_domain.log_view import TopicInfo
from inventory_domain.use_cases.redrive import DeadLetterFilter, LetterState

__all__ = [
    "MessageQuery",
    "RedriveOrder",
    "parse_audit",
    "parse_letters",
    "parse_messages",
    "parse_redrive",
    "parse_switch",
]

MESSAGES_MAX: Final = 500
IDS_MAX: Final = 5_000
PER_SECOND_MAX: Final = 1_000
PER_SECOND: Final = 20
ANY_STATE: Final = "any"
STATES: Final = (*(state.value for state in LetterState), ANY_STATE)
_OFFSET_MAX: Final = 2**53
_PARTITION_MAX: Final = 100_000
_ID_LENGTH_MAX: Final = 400
_NAME_LENGTH_MAX: Final = 249
_CURSORS: Final = re.compile(r"[0-9]{1,6}:[0-9]{1,15}(,[0-9]{1,6}:[0-9]{1,15})*")


@attrs.frozen(kw_only=True)
class MessageQuery:
    """Which messages: those before *before*, or those from *after* on if that is given."""

    wanted: MessageFilter
    limit: int
    before: Cursors
    after: Cursors


@attrs.frozen(kw_only=True)
class RedriveOrder:
    """Which dead letters to send back, how fast, and whether only to say what it would do."""

    choice: Choice
    dry_run: bool
    per_second: float


def parse_messages(fields: QueryFields, topic: TopicInfo) -> MessageQuery:
    """Read which messages of *topic* to show.

    Raises:
        InvalidRequest: with every bad parameter.
    """
    partition = fields.integer("partition", low=0, high=_PARTITION_MAX)
    start = fields.integer("from", low=0, high=_OFFSET_MAX)
    before, after = _cursors(fields, "before"), _cursors(fields, "after")
    if sum(one is not None for one in (start, before, after)) > 1:
        fields.refuse("from", "goes with neither before nor after")
    numbers = {one.partition for one in topic.partitions}
    if partition is not None and partition not in numbers:
        fields.refuse("partition", f"must be one of {', '.join(map(str, sorted(numbers)))}")
    query = MessageQuery(
        wanted=MessageFilter(
            key=fields.text("key"), order=fields.text("order"), search=fields.text("search")
        ),
        limit=fields.integer("limit", low=1, high=MESSAGES_MAX) or 50,
        before=_chosen(before, partition, topic),
        after=dict.fromkeys(numbers, start) if start is not None else dict(after or {}),
    )
    fields.finish()
    return query if partition is None else _of_partition(query, partition)


def _cursors(fields: QueryFields, name: str) -> Cursors | None:
    value = fields.raw(name)
    if not value:
        return None
    if not _CURSORS.fullmatch(value):
        fields.refuse(name, "must be partition:offset, several separated by commas")
        return None
    pairs = (pair.split(":") for pair in value.split(","))
    return {int(partition): int(offset) for partition, offset in pairs}


def _chosen(before: Cursors | None, partition: int | None, topic: TopicInfo) -> Cursors:
    ends = {one.partition: one.end for one in topic.partitions}
    return before or ({} if partition is None else {partition: ends.get(partition, 0)})


def _of_partition(query: MessageQuery, partition: int) -> MessageQuery:
    return attrs.evolve(
        query,
        before={one: at for one, at in query.before.items() if one == partition},
        after={one: at for one, at in query.after.items() if one == partition},
    )


def parse_letters(fields: QueryFields) -> tuple[DeadLetterFilter, Paging]:
    """Read which dead letters to list.

    Raises:
        InvalidRequest: with every bad parameter.
    """
    state = fields.choice("state", STATES)
    wanted = DeadLetterFilter(
        topic=fields.text("topic"),
        reason=fields.text("reason"),
        order_id=fields.text("order"),
        state=None if state == ANY_STATE else LetterState(state or LetterState.OPEN),
    )
    paging = fields.page(limit=50)
    fields.finish()
    return wanted, paging


def parse_redrive(fields: Fields) -> RedriveOrder:
    """Read which dead letters to send back; without ``dryRun`` it only says what it would do.

    Raises:
        InvalidRequest: with every bad field.
    """
    ids = fields.texts("ids", count_max=IDS_MAX, length_max=_ID_LENGTH_MAX)
    inner = fields.object("filter")
    if (ids is None) == (inner is None):
        fields.refuse("ids", "or filter is required, and not both")
    if ids is not None and not ids:
        fields.refuse("ids", "must not be empty")
    order = RedriveOrder(
        choice=Choice(ids=tuple(dict.fromkeys(ids or ())), wanted=_letter_filter(inner)),
        dry_run=fields.flag("dryRun", default=True) is not False,
        per_second=fields.integer("perSecond", low=1, high=PER_SECOND_MAX) or PER_SECOND,
    )
    fields.finish()
    return order


def _letter_filter(fields: Fields | None) -> DeadLetterFilter:
    if fields is None:
        return DeadLetterFilter()
    wanted = DeadLetterFilter(
        topic=fields.text("topic", length_max=_NAME_LENGTH_MAX),
        reason=fields.text("reason", length_max=_NAME_LENGTH_MAX),
        order_id=fields.text("order", length_max=_NAME_LENGTH_MAX),
    )
    fields.refuse_unknown()
    return wanted


def parse_audit(fields: QueryFields) -> tuple[AuditFilter, Paging]:
    """Read which products of the audit to show.

    Raises:
        InvalidRequest: with every bad parameter.
    """
    wanted = AuditFilter(search=fields.text("search"), broken=fields.flag("broken") or False)
    paging = fields.page(limit=50)
    fields.finish()
    return wanted, paging


def parse_switch(fields: Fields) -> bool:
    """Read ``on``: whether the part is to be there.

    Raises:
        InvalidRequest: it is not said.
    """
    wanted = fields.flag("on")
    if wanted is None:
        fields.refuse("on", "is required: true or false")
    fields.finish()
    return bool(wanted)
