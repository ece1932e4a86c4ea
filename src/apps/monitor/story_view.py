"""An order's story as data: one list in time, each entry with its kind and a title for people."""

from collections.abc import Iterable
from typing import Any

from apps.monitor.demo_parts import JournalEntry
from apps.monitor.views import letter_view, record_view
from inventory_domain.dead_letters import DeadLetter
from inventory_domain.orders import HistoryEntry
from inventory_domain.records import OutgoingRecord, Record, header
from inventory_domain.stock import Movement
from inventory_domain.times import format_time, parse_time
from inventory_domain.use_cases.tell_story import Chapter, Story
from inventory_domain.views import history_view, movement_view, order_view, reservation_view

__all__ = ["story_view"]

View = dict[str, Any]

# Of what happened within one millisecond, what caused the others comes first.
_RANK = {
    kind: rank
    for rank, kind in enumerate(("call", "history", "record", "movement", "deadLetter", "push"))
}


def story_view(story: Story, pushes: Iterable[JournalEntry]) -> View:
    """Return *story*, with the *pushes* that are remembered in their places."""
    entries = [*map(_chapter_view, story.chapters), *map(_push_view, pushes)]
    entries += _calls(story.chapters)
    entries.sort(key=lambda one: (one["at"], _RANK[one["kind"]]))
    reservation = story.reservation
    return {
        "orderId": story.order_id,
        "order": None if story.order is None else order_view(story.order),
        "reservation": None if reservation is None else reservation_view(reservation),
        "entries": entries,
        "pending": [_pending_view(record) for record in story.pending],
        "isComplete": story.is_complete,
    }


def _chapter_view(chapter: Chapter) -> View:
    what, at = chapter.what, format_time(chapter.at)
    if isinstance(what, HistoryEntry):
        return {"kind": "history", "at": at, "title": what.change, "history": history_view(what)}
    if isinstance(what, Movement):
        return {
            "kind": "movement",
            "at": at,
            "title": _moved(what),
            "movement": movement_view(what),
        }
    if isinstance(what, DeadLetter):
        title = f"Dead letter after {what.failure.attempts} attempts"
        return {"kind": "deadLetter", "at": at, "title": title, "letter": letter_view(what)}
    return {"kind": "record", "at": at, "title": _event_type(what), "record": record_view(what)}


def _calls(chapters: Iterable[Chapter]) -> list[View]:
    """Return the HTTP calls that the records go back to, each at the time of its first event."""
    calls: dict[str, View] = {}
    for chapter in chapters:
        if not isinstance(chapter.what, Record):
            continue
        request_id = header(chapter.what.headers, "correlation-id")
        if request_id is not None and request_id not in calls:
            at = _occurred_at(chapter.what) or format_time(chapter.at)
            calls[request_id] = {
                "kind": "call",
                "at": at,
                "title": "HTTP call",
                "call": {"requestId": request_id},
            }
    return list(calls.values())


def _occurred_at(record: Record) -> str | None:
    document: Any = record_view(record).get("value")
    try:
        return format_time(parse_time(document["occurredAt"]))
    except (KeyError, TypeError, ValueError):
        return None


def _moved(movement: Movement) -> str:
    kind = movement.kind.value.replace("_", " ").capitalize()
    return f"{kind} {movement.quantity} of {movement.product_id}"


def _event_type(record: Record) -> str:
    return header(record.headers, "event-type") or record.topic


def _push_view(entry: JournalEntry) -> View:
    return {
        "kind": "push",
        "at": format_time(entry.at),
        "title": entry.push.event,
        "push": {
            "event": entry.push.event,
            "rooms": list(entry.push.rooms),
            "message": entry.push.payload.get("message"),
            "reached": entry.reached,
        },
    }


def _pending_view(record: OutgoingRecord) -> View:
    event_type = header(record.headers, "event-type")
    return {"topic": record.topic, "title": event_type or record.topic}
