"""What goes into the stores and out to the clients: small records without behaviour."""

from collections.abc import Mapping
from typing import Any

import attrs

from inventory_domain.orders import Order
from inventory_domain.records import OutgoingRecord

__all__ = [
    "AddResult",
    "Added",
    "Conflict",
    "KeyKnown",
    "NumberTaken",
    "OrderWrite",
    "OutboxEntry",
    "Push",
    "SaveResult",
    "Saved",
]


@attrs.frozen
class OrderWrite:
    """An order as it shall be stored, with the records that become durable with it."""

    order: Order
    events: tuple[OutgoingRecord, ...] = ()


@attrs.frozen
class OutboxEntry:
    """Records that were stored in one step and wait to be published, in their order."""

    entry_id: str
    records: tuple[OutgoingRecord, ...]


@attrs.frozen
class Added:
    """The order was stored."""


@attrs.frozen
class KeyKnown:
    """The idempotency key came before, with *order*."""

    order: Order


@attrs.frozen
class NumberTaken:
    """Another order bears the number."""


AddResult = Added | KeyKnown | NumberTaken


@attrs.frozen
class Saved:
    """The change was stored."""


@attrs.frozen
class Conflict:
    """The stored order has another version; *current* is what is stored, if anything."""

    current: Order | None


SaveResult = Saved | Conflict


@attrs.frozen
class Push:
    """One event for everybody in one of *rooms*; somebody in several gets it once."""

    event: str
    rooms: tuple[str, ...]
    payload: Mapping[str, Any]
