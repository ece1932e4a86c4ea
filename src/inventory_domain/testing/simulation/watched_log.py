"""What the log holds: what was told when, in which order, and what was parked."""

from inventory_domain.dead_letters import DeadLetter, read_letter
from inventory_domain.ids import OrderId
from inventory_domain.records import OutgoingRecord, Record, TopicPartition
from inventory_domain.testing.simulation.checks import Checks
from inventory_domain.testing.simulation.watched_orders import WatchedOrders
from inventory_domain.testing.simulation.watched_stock import WatchedStock
from inventory_domain.topics import (
    DEAD_LETTER_SUFFIX,
    INVENTORY_ADJUSTED,
    INVENTORY_REJECTED,
    INVENTORY_RELEASED,
    INVENTORY_RESERVED,
)

__all__ = ["Identity", "WatchedLog", "content", "event_id_of", "identity"]

Identity = tuple[str, bytes | None, bytes | None, object]
Content = tuple[str, bytes | None, bytes | None]

OUTCOMES = frozenset({INVENTORY_RESERVED, INVENTORY_REJECTED, INVENTORY_RELEASED})
SHORTAGES = frozenset({"insufficient_stock", "unknown_product", "inactive_product"})


def identity(record: Record | OutgoingRecord) -> Identity:
    """Return what makes a record the same as another one, wherever it lies."""
    return record.topic, record.key, record.value, record.headers


def content(record: Record | OutgoingRecord) -> Content:
    """Return what a record says, whatever was added to its headers on the way."""
    return record.topic, record.key, record.value


def event_id_of(record: Record | OutgoingRecord) -> str:
    """Return the id of a record's event, '' if it has none."""
    for name, value in record.headers:
        if name == "event-id":
            return value.decode()
    return ""


class WatchedLog:
    """Every record in the order in which it became durable."""

    def __init__(
        self, checks: Checks, orders: WatchedOrders, stock: WatchedStock, attempts_max: int
    ) -> None:
        self.records: dict[TopicPartition, list[Record]] = {}
        self.places: dict[TopicPartition, list[int]] = {}
        self.foreign: set[Content] = set()
        self.letters: dict[tuple[str, int, int], DeadLetter] = {}
        self.parked: set[tuple[str, int]] = set()
        self.answered: dict[str, int] = {}
        self.first_answer_us: dict[str, int] = {}
        self.now_us = 0
        self.count = 0
        self._first: dict[Identity, int] = {}
        self._newest: dict[tuple[str, bytes | None], int] = {}
        self._checks = checks
        self._orders = orders
        self._stock = stock
        self._attempts_max = attempts_max

    def __contains__(self, record: OutgoingRecord) -> bool:
        return identity(record) in self._first

    def is_first(self, record: Record) -> bool:
        """Tell whether *record* is the first of its content."""
        return self._first[identity(record)] == self.place_of(record)

    def place_of(self, record: Record) -> int:
        """Return the record's place in the order of everything that was appended."""
        return self.places[record.topic_partition][record.offset]

    def appended(self, record: Record) -> None:
        """Take in one record."""
        self.count += 1
        at = record.topic_partition
        self.records.setdefault(at, []).append(record)
        self.places.setdefault(at, []).append(self.count)
        known = identity(record)
        is_new = known not in self._first
        if is_new:
            self._first[known] = self.count
        if record.topic.endswith(DEAD_LETTER_SUFFIX):
            self._parked(record)
        elif content(record) not in self.foreign:
            self._told(record, is_new=is_new)

    def _told(self, record: Record, *, is_new: bool) -> None:
        if record.topic == INVENTORY_ADJUSTED:
            return
        subject, _, rest = event_id_of(record).partition(".")
        numbers = rest.split(".")
        if record.topic in OUTCOMES:
            number = int(numbers[1])
            held = self._stock.reservations.get(OrderId(subject))
            durable = 0 if held is None else held.sequence
            self.answered[subject] = self.count
            self.first_answer_us.setdefault(subject, self.now_us)
        else:
            number = int(numbers[0])
            durable = self._orders.version(subject)
        self._checks.that(
            "told_after_stored",
            durable >= number or self._may_be_stored(record),
            lambda: (
                f"{record.topic} told {event_id_of(record)}, but {durable} is the newest stored"
            ),
        )
        if is_new:
            line = (record.topic, record.key)
            before = self._newest.get(line, 0)
            self._newest[line] = number
            self._checks.that(
                "told_in_order",
                number >= before,
                lambda: f"{record.topic} told {event_id_of(record)} behind number {before}",
            )

    def _may_be_stored(self, record: Record) -> bool:
        def matches(event: OutgoingRecord) -> bool:
            return content(event) == content(record)

        return self._stock.writes.may_tell(matches) or self._orders.writes.may_tell(matches)

    def _parked(self, record: Record) -> None:
        letter = read_letter(record)
        origin = (letter.origin.topic, letter.origin.partition, letter.offset)
        lain = self.records.get(letter.origin, [])
        original = lain[letter.offset] if letter.offset < len(lain) else None
        kept = original is not None and (
            (original.key, original.value) == (record.key, record.value)
            and record.headers[: len(original.headers)] == original.headers
        )
        self.parked.add((event_id_of(record), letter.redrives))
        failure = letter.failure
        tried = failure.error_class not in SHORTAGES or failure.attempts == self._attempts_max
        reasoned = bool(failure.message) and failure.error_class != "unknown"
        before = self.letters.setdefault(origin, letter)
        same = before.failure.error_class == failure.error_class
        self._checks.that(
            "dead_letters",
            kept and tried and reasoned and same,
            lambda: (
                f"the dead letter of {origin} says {failure}, and its record is "
                f"{'the same' if kept else 'another'}"
            ),
        )
