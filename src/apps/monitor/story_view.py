"""An order's story as data: one list in time, each entry with its kind and a title for people."""

from collections.abc import Iterable
from typing import Any

from apps.monitor.demo_parts import JournalEntry
from apps.monitor.views import letter_view, record_view
from inventory_domain.dead_letters import DeadLetter
from inventory_domain.orders import HistoryEntry
from inventory_domain.records import OutgoingRecord, Record, header
from inventory_domain.stock import Movement
from inventory_domain.times import format_time
from inventory_domain.use_cases.tell_story import Chapter, Story
from inventory_domain.views import history_view, movement_view, order_view, reservation_view

__all__ = ["story_view"]

View = dict[str, Any]

_PUSH_RANK = 4
_KIND_RANK = {"history": 0, "record": 1, "movement": 2, "deadLetter": 3, "push": _PUSH_RANK}


def story_view(story: Story, pushes: Iterable[JournalEntry]) -> View:
    """Return *story*, with the *pushes* that are remembered in their places."""
    entries = [*map(_chapter_view, story.chapters), *map(_push_view, pushes)]
    entries.sort(key=lambda one: (one["at"], _KIND_RANK[one["kind"]]))
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
