"""The checks by name, and how often each had something to look at."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import attrs

__all__ = ["CHECKS", "Checks", "Violation"]

CHECKS: Final[Mapping[str, str]] = {
    # After every durable step.
    "conservation": "received = stock + reserved + sold + written off, and the claims add up",
    "no_negative_stock": "no number of a product is below zero",
    "whole_orders": "an order holds all its lines or none",
    "reservation_moves": "a reservation that has ended never takes stock again",
    "applied_once": "one request has its effect once",
    "guards": "a write whose guard does not hold changes nothing",
    "stored_as_written": "a store holds what it said it stored",
    "fresh_reads": "a store shows what was stored before it was asked",
    "order_moves": "an order's versions grow by one, its status as the table and its stock allow",
    "one_key_one_order": "an idempotency key belongs to one order",
    "told_after_stored": "nothing is told before it is durable",
    "told_in_order": "an order's events are published in its order",
    "outbox_kept": "the outbox forgets nothing before it is in the log",
    "offsets": "no offset is committed past a record that has not ended",
    "offsets_forward": "commits go forward",
    "answered": "a request is answered again when it comes again",
    "dead_letters": "a dead letter is its record byte for byte, with its reason and its tries",
    "pushes": "a push tells what is stored, to its owner",
    "no_surprise": "nothing raises what no port and no decision promises",
    # At the end, when the faults are over.
    "rest": "everything comes to rest",
    "accepted": "every accepted order is there, as it was ordered",
    "outcomes": "every accepted order has its outcome, and it is the one that its stock has",
    "published": "every event of every stored change was published",
    "one_ending": "every message ended in exactly one of its four ways",
    "audit": "the audit holds, and stock came in and out as the admins were told",
    "customer_view": "what the customers see is what is stored",
    "calls": "what a service was answered is what its order's stock is",
    # In histories without faults.
    "no_holding_up": "an order whose stock is there does not wait for one that is short",
    "pushes_complete": "where nothing goes wrong every change reaches its customer",
}
"""Every check by name, with what it holds."""


@attrs.frozen
class Violation:
    """A promise that was broken."""

    check: str
    text: str

    def __str__(self) -> str:
        return f"{self.check}: {self.text}"


class Checks:
    """Counts what was looked at, and keeps the first violation; *stop* ends the history."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self.looked: Counter[str] = Counter()
        self.violation: Violation | None = None
        self._stop = stop

    def fail(self, check: str, text: str) -> None:
        """Say that a promise is broken."""
        if self.violation is None:
            self.violation = Violation(check, text)
        self._stop()

    def that(self, check: str, holds: bool, text: Callable[[], str]) -> None:  # noqa: FBT001
        """Look at one thing; *text* says what is wrong with it."""
        self.looked[check] += 1
        if not holds:
            self.fail(check, text())
