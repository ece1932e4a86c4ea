"""What a decision about stock can say: values without behaviour."""

from enum import StrEnum

import attrs

from inventory_domain.errors import RefusedLine
from inventory_domain.records import OutgoingRecord
from inventory_domain.stock import Reservation, StockChange

__all__ = ["Decision", "Outcome", "StockPolicy", "Verdict"]


class Verdict(StrEnum):
    """What was decided about one command."""

    RESERVED = "reserved"
    SHORT = "short"
    REJECTED = "rejected"
    PRICE_CHANGED = "price_changed"
    HELD_OTHERWISE = "held_otherwise"
    RELEASED = "released"
    NOTHING_HELD = "nothing_held"
    CONSUMED = "consumed"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    ADJUSTED = "adjusted"
    BELOW_ZERO = "below_zero"
    UNKNOWN_PRODUCT = "unknown_product"


@attrs.frozen(kw_only=True)
class StockPolicy:
    """Rules that a shop can choose."""

    check_prices: bool = True


@attrs.frozen(kw_only=True)
class Outcome:
    """The verdict on one command.

    ``reservation`` is the order's as it stands after the command (None: there is none, or the
    command was about a product). ``refused`` names the lines that fell short. ``event`` is
    what is to be published, if anything.
    """

    verdict: Verdict
    reservation: Reservation | None = None
    refused: tuple[RefusedLine, ...] = ()
    stock: int | None = None
    event: OutgoingRecord | None = None


@attrs.frozen(kw_only=True)
class Decision:
    """One outcome for each command, in their order, and the change that makes them true."""

    outcomes: tuple[Outcome, ...]
    change: StockChange
