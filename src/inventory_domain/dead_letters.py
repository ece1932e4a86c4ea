"""Dead letters: a record that could not be processed, parked with its reason and its origin."""

import json
from datetime import datetime

import attrs

from inventory_domain.codec import REDRIVE_COUNT_HEADER
from inventory_domain.errors import BrokenMessage
from inventory_domain.message_reading import read_text
from inventory_domain.records import (
    Headers,
    OutgoingRecord,
    Record,
    TopicPartition,
    byte_count,
    header,
    text_headers,
)
from inventory_domain.times import format_time, parse_time
from inventory_domain.topics import DEAD_LETTER_SUFFIX, dead_letter_topic

__all__ = [
    "DeadLetter",
    "Failure",
    "abridge",
    "bury",
    "letter_id",
    "parse_letter_id",
    "read_letter",
    "redrive_count",
    "revive",
]

_TOPIC = "original-topic"
_PARTITION = "original-partition"
_OFFSET = "original-offset"
_TIMESTAMP = "original-timestamp"
_ATTEMPTS = "attempts"
_ERROR_CLASS = "error-class"
_ERROR_MESSAGE = "error-message"
_SERVICE = "service"
_FIRST = "first-failure-at"
_LAST = "last-failure-at"
_SIZE = "original-bytes"
_OURS = frozenset(
    (
        _TOPIC,
        _PARTITION,
        _OFFSET,
        _TIMESTAMP,
        _ATTEMPTS,
        _ERROR_CLASS,
        _ERROR_MESSAGE,
        _SERVICE,
        _FIRST,
        _LAST,
        _SIZE,
    )
)

_MESSAGE_LENGTH_MAX = 1000
_ABRIDGED_KEY_BYTES_MAX = 1024
# Whoever wrote a header: up to so many digits it is a number that every store can hold.
_DIGITS_MAX = 18
# A hundred lines need less. Longer ones are not worth the time of whoever reads all letters.
_SEARCHED_BYTES_MAX = 32 * 1024


def _no_number(_text: str) -> None:
    """Stand in for a number: some would take for ever to read, and none is looked at."""


_loads = json.JSONDecoder(parse_int=_no_number, parse_float=_no_number).decode


@attrs.frozen(kw_only=True)
class Failure:
    """Why and how a record failed.

    *error_class* is the stable reason, such as ``insufficient_stock`` or ``broken_message``;
    *message* is for people.
    """

    error_class: str
    message: str
    attempts: int
    first_at: datetime
    last_at: datetime


@attrs.frozen(kw_only=True)
class DeadLetter:
    """A dead letter as people see it. *origin* and *offset* name the record that failed.

    Not *is_open*: it was sent back since. None: nobody looked whether it was.
    """

    letter_id: str
    record: Record
    origin: TopicPartition
    offset: int
    failure: Failure
    service: str
    redrives: int
    is_open: bool | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it has all that failed, and not only its reason: see :func:`abridge`."""
        headers = self.record.headers
        # What a producer calls by the same name stands before ours.
        return self.record.value is not None or not headers or headers[-1][0] != _SIZE

    @property
    def order_id(self) -> str | None:
        """The order it is about, as far as its key tells.

        Where there is no key, or the message is broken and its key may be another's, the order
        that its value names comes first.
        """
        key, named = self.record.key, ""
        if key is None or self.failure.error_class == BrokenMessage.code:
            named = _order_named_in(self.record.value)
        if named or key is None:
            return named or None
        return key.decode("utf-8", "replace")


def bury(record: Record, failure: Failure, *, service: str) -> OutgoingRecord:
    """Return the dead letter of *record*: key, value and headers byte for byte, and the reason."""
    ours = text_headers(
        (
            (_TOPIC, record.topic),
            (_PARTITION, record.partition),
            (_OFFSET, record.offset),
            (_TIMESTAMP, format_time(record.timestamp)),
            (_ATTEMPTS, failure.attempts),
            (_ERROR_CLASS, failure.error_class),
            (_ERROR_MESSAGE, failure.message[:_MESSAGE_LENGTH_MAX]),
            (_SERVICE, service),
            (_FIRST, format_time(failure.first_at)),
            (_LAST, format_time(failure.last_at)),
        )
    )
    headers = record.headers + ours
    return OutgoingRecord(dead_letter_topic(record.topic), record.key, record.value, headers)


def abridge(letter: OutgoingRecord) -> OutgoingRecord:
    """Return what :func:`bury` gave in a form that fits into any log.

    The value, the producer's headers and a long key are left out; ``original-bytes`` says how
    much the record had. The reason tells of it, and where the record itself lies.
    """
    begin = _ours_begin(letter.headers)
    theirs, ours = letter.headers[:begin], letter.headers[begin:]
    key = letter.key
    size = byte_count(attrs.evolve(letter, headers=theirs))
    if key is not None and len(key) > _ABRIDGED_KEY_BYTES_MAX:
        key = None
    note = f" (Its {size} bytes do not fit into a dead letter; it is kept in its topic only.)"
    told = tuple(
        (name, value + note.encode() if name == _ERROR_MESSAGE else value) for name, value in ours
    )
    return OutgoingRecord(letter.topic, key, None, told + text_headers(((_SIZE, size),)))


def revive(letter: DeadLetter, *, redrives: int) -> OutgoingRecord:
    """Return the record that sends *letter* back where it came from, counted as *redrives*."""
    headers = letter.record.headers
    theirs = headers[: _ours_begin(headers)]
    kept = tuple(pair for pair in theirs if pair[0] != REDRIVE_COUNT_HEADER)
    counted = text_headers(((REDRIVE_COUNT_HEADER, redrives),))
    return OutgoingRecord(
        letter.origin.topic, letter.record.key, letter.record.value, kept + counted
    )


def read_letter(record: Record) -> DeadLetter:
    """Read a record of a dead letter topic; what somebody else left out is filled in plainly."""
    headers = record.headers
    topic = header(headers, _TOPIC) or record.topic.removesuffix(DEAD_LETTER_SUFFIX)
    return DeadLetter(
        letter_id=letter_id(record),
        record=record,
        origin=TopicPartition(topic, _number(headers, _PARTITION)),
        offset=_number(headers, _OFFSET),
        failure=Failure(
            error_class=header(headers, _ERROR_CLASS) or "unknown",
            message=header(headers, _ERROR_MESSAGE) or "",
            attempts=_number(headers, _ATTEMPTS),
            first_at=_time(headers, _FIRST, record.timestamp),
            last_at=_time(headers, _LAST, record.timestamp),
        ),
        service=header(headers, _SERVICE) or "",
        redrives=_number(headers, REDRIVE_COUNT_HEADER),
    )


def letter_id(record: Record) -> str:
    """Return the id of a dead letter: its topic, partition and offset, fit for a URL."""
    return f"{record.topic}-{record.partition}-{record.offset}"


def parse_letter_id(text: str) -> tuple[TopicPartition, int] | None:
    """Return the place that a dead letter's id names, or None if it is no such id."""
    parts = text.rsplit("-", 2)
    if len(parts) != 3 or not (_is_number(parts[1]) and _is_number(parts[2])):  # noqa: PLR2004
        return None
    return TopicPartition(parts[0], int(parts[1])), int(parts[2])


def redrive_count(headers: Headers) -> int:
    """Return how often people have sent this record back."""
    return _number(headers, REDRIVE_COUNT_HEADER)


def _order_named_in(value: bytes | None) -> str:
    """Return the order id in *value*, whatever that holds, or an empty text."""
    if not value or len(value) > _SEARCHED_BYTES_MAX:
        return ""
    try:
        document = _loads(value.decode())
    except (ValueError, RecursionError):
        return ""
    return read_text(document.get("orderId")) if isinstance(document, dict) else ""


def _ours_begin(headers: Headers) -> int:
    """Return where the headers begin that :func:`bury` added; a letter of another's has none."""
    for begin in range(len(headers) - 1, -1, -1):
        name = headers[begin][0]
        if name == _TOPIC:
            return begin
        if name not in _OURS:
            break
    return len(headers)


def _number(headers: Headers, name: str) -> int:
    text = header(headers, name)
    return int(text) if text is not None and _is_number(text) else 0


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= _DIGITS_MAX


def _time(headers: Headers, name: str, default: datetime) -> datetime:
    text = header(headers, name)
    try:
        return default if text is None else parse_time(text)
    except ValueError:
        return default
