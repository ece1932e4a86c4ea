"""What the monitor's answers look like: plain data for JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from apps.monitor.messages import MessagePage
from apps.monitor.redrives import RedriveRun
from apps.monitor.samples import Sample
from apps.monitor.switches import Switches
from apps.monitor.vitals import Part
from apps.monitor.watch import GroupLook, LogLook
from apps.reports import letter_facts
from inventory_domain.dead_letters import DeadLetter
from inventory_domain.log_lag import message_count
from inventory_domain.log_view import TopicInfo
from inventory_domain.records import OutgoingRecord, Record
from inventory_domain.times import format_time
from inventory_domain.topics import DEAD_LETTER_SUFFIX
from inventory_domain.use_cases.redrive import Plan

__all__ = [
    "content_view",
    "group_view",
    "letter_view",
    "page_meta",
    "part_view",
    "plan_view",
    "record_view",
    "run_view",
    "sample_view",
    "switches_view",
    "topic_view",
]

View = dict[str, Any]

_SHOWN_BYTES_MAX: Final = 16 * 1024
_decode = msgspec.json.Decoder().decode


def topic_view(topic: TopicInfo, look: LogLook) -> View:
    """Return a topic with its partitions and the lag of every group that reads it."""
    lags = {
        group.info.name: {one.at.partition: one for one in group.lag if one.at.topic == topic.name}
        for group in look.groups
    }
    lags = {name: lag for name, lag in lags.items() if lag}
    return {
        "name": topic.name,
        "isDeadLetters": topic.name.endswith(DEAD_LETTER_SUFFIX),
        "messages": message_count(topic),
        "lag": {name: sum(one.messages for one in lag.values()) for name, lag in lags.items()},
        "partitions": [
            {
                "partition": one.partition,
                "begin": one.begin,
                "end": one.end,
                "messages": one.end - one.begin,
                "lag": {name: lag[one.partition].messages for name, lag in lags.items()},
            }
            for one in topic.partitions
        ],
    }


def group_view(group: GroupLook) -> View:
    """Return a group with its members, and its lag in messages and in seconds."""
    info = group.info
    return {
        "name": info.name,
        "state": info.state,
        "members": [
            {
                "id": member.member_id,
                "partitions": [
                    {"topic": at.topic, "partition": at.partition} for at in member.assigned
                ],
            }
            for member in info.members
        ],
        "lag": {"messages": group.lag_messages, "seconds": round(group.lag_seconds, 1)},
        "partitions": [
            {
                "topic": one.at.topic,
                "partition": one.at.partition,
                "committed": info.committed.get(one.at),
                "committedAt": _maybe_time(info.committed_at.get(one.at)),
                "end": one.end,
                "lag": one.messages,
            }
            for one in group.lag
        ],
    }


def _maybe_time(at: Any) -> str | None:  # noqa: ANN401 - an instant or None
    return None if at is None else format_time(at)


def record_view(record: Record, *, whole: bool = False) -> View:
    """Return a record; a long value is cut unless the *whole* of it is wanted."""
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": format_time(record.timestamp),
        "key": _text(record.key),
        "headers": [
            {"name": name, "value": _text(content) or ""} for name, content in record.headers
        ],
        **content_view(record.value, whole=whole),
    }


def content_view(value: bytes | None, *, whole: bool = False) -> View:
    """Return ``value`` if the bytes are JSON, else their ``text``; both with the size."""
    size = 0 if value is None else len(value)
    if value is None or (size > _SHOWN_BYTES_MAX and not whole):
        shown = _text(None if value is None else value[:_SHOWN_BYTES_MAX])
        return {"size": size, "text": shown, "isWhole": value is None}
    try:
        decoded = _decode(value)
        json.dumps(decoded)  # what is nested too deep for this is too deep for anybody
    except (ValueError, RecursionError):
        return {"size": size, "text": _text(value), "isWhole": True}
    return {"size": size, "value": decoded, "isWhole": True}


def outgoing_view(record: OutgoingRecord) -> View:
    """Return a record that waits to be published."""
    return {"topic": record.topic, "key": _text(record.key), **content_view(record.value)}


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "backslashreplace")


def page_meta(page: MessagePage) -> View:
    """Return where to read on, and whether the search came to an end."""
    return {
        "scanned": page.scanned,
        "isComplete": page.is_complete,
        "older": _cursors(page.older),
        "newer": _cursors(page.newer),
    }


def _cursors(cursors: Mapping[int, int]) -> str:
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(cursors.items()))


def letter_view(letter: DeadLetter, *, whole: bool = False) -> View:
    """Return a dead letter with its reason and its origin."""
    return {**letter_facts(letter), "record": record_view(letter.record, whole=whole)}


def plan_view(plan: Plan) -> View:
    """Return what sending one dead letter back would do."""
    return {
        "id": plan.letter.letter_id,
        "orderId": plan.letter.order_id,
        "topic": plan.letter.origin.topic,
        "forecast": plan.forecast.value,
        "detail": plan.detail,
        "isSent": plan.is_sent,
        "redrives": plan.redrives,
    }


def run_view(run: RedriveRun) -> View:
    """Return how far a redrive is."""
    return {
        "id": run.run_id,
        "state": run.state,
        "total": run.total,
        "done": run.done,
        "sent": run.sent,
        "leftOut": run.done - run.sent,
        "perSecond": run.per_second,
        "startedAt": format_time(run.started_at),
        "finishedAt": _maybe_time(run.finished_at),
        "fault": run.fault,
    }


def sample_view(sample: Sample) -> View:
    """Return one moment for a chart."""
    return {
        "at": format_time(sample.at),
        "orders": sample.orders,
        "records": sample.records,
        "deadLetters": sample.dead_letters,
        "groups": {
            one.group: {"messages": one.messages, "seconds": round(one.seconds, 1)}
            for one in sample.groups
        },
    }


def part_view(part: Part) -> View:
    """Return how a part is."""
    return {
        "name": part.name,
        "kind": part.kind,
        "status": part.status.value,
        "detail": part.detail,
    }


def switches_view(switches: Switches) -> View:
    """Return how the switches are, and what followed from them."""
    notes: Sequence[View] = [
        {"at": format_time(note.at), "text": note.text, "isGood": note.is_good}
        for note in switches.notes
    ]
    return {
        "consumerRuns": switches.consumer_runs,
        "pushesFlow": switches.pushes_flow,
        "storeAwaySeconds": round(switches.seconds_away, 1),
        "notes": notes,
    }
