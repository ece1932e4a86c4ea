"""Stock: products with their levels, reservations, and the ledger of movements.

For every product, always: ``received == stock + reserved + sold + written_off``.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import attrs

from inventory_domain.errors import RefusedLine
from inventory_domain.ids import EventId, OrderId, ProductId
from inventory_domain.messages import MessageLine, Trace
from inventory_domain.money import Money
from inventory_domain.records import OutgoingRecord

__all__ = [
    "Adjust",
    "Command",
    "Consume",
    "HeldLine",
    "Movement",
    "MovementKind",
    "Product",
    "ProductWrite",
    "Release",
    "Reservation",
    "ReservationState",
    "ReservationWrite",
    "Reserve",
    "StockChange",
    "StockView",
]


@attrs.frozen(kw_only=True)
class Product:
    """A product of the catalogue with its level.

    ``stock`` can still be sold, ``reserved`` is held for open orders, ``sold`` was delivered.
    ``version`` grows with every movement and with every edit.
    """

    product_id: ProductId
    name: str
    price: Money
    description: str = ""
    category: str = ""
    brand: str | None = None
    sku: str | None = None
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    is_active: bool = True
    stock: int = 0
    reserved: int = 0
    received: int = 0
    sold: int = 0
    written_off: int = 0
    version: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def in_stock(self) -> bool:
        """Whether anything can still be sold."""
        return self.stock > 0


class MovementKind(StrEnum):
    """Why stock changed."""

    RECEIVED = "received"
    WRITTEN_OFF = "written_off"
    RESERVED = "reserved"
    RELEASED = "released"
    CONSUMED = "consumed"


@attrs.frozen(kw_only=True)
class Movement:
    """One change of one product's stock, written once and never changed.

    ``number`` is the product's version after it, so (product_id, number) is its identity.
    ``quantity`` is the number of units moved, always positive; its effect on ``stock`` and
    ``reserved`` follows from the kind, and both balances after it are kept.
    """

    product_id: ProductId
    number: int
    kind: MovementKind
    quantity: int
    stock_after: int
    reserved_after: int
    order_id: OrderId | None = None
    reason: str = ""
    actor: str = ""
    at: datetime


class ReservationState(StrEnum):
    """Where a reservation stands. The last three never take stock again.

    ``REJECTED`` can become ``RESERVED`` by a new request. ``CANCELLED``: its release came
    before it held anything. ``DELIVERED_EARLY``: its delivery came before its reserve, which
    will then be turned into a sale at once.
    """

    RESERVED = "reserved"
    REJECTED = "rejected"
    DELIVERED_EARLY = "delivered_early"
    RELEASED = "released"
    CONSUMED = "consumed"
    CANCELLED = "cancelled"


@attrs.frozen(kw_only=True)
class HeldLine:
    """Units of one product that an order asked for, and holds while it is reserved."""

    product_id: ProductId
    quantity: int


@attrs.frozen(kw_only=True)
class Reservation:
    """One order's claim on all its lines; its id is the order's id, and it is kept for ever.

    ``event_id`` and ``redrives`` name the request that made it what it is: the same request
    again is a duplicate. ``sequence`` counts its outcomes, and ``outcome`` is the last of them
    as it was published, byte for byte. ``refused`` says why it was rejected.
    """

    order_id: OrderId
    state: ReservationState
    lines: tuple[HeldLine, ...] = ()
    order_number: str = ""
    event_id: EventId
    redrives: int = 0
    sequence: int = 0
    outcome: OutgoingRecord | None = None
    refused: tuple[RefusedLine, ...] = ()
    version: int = 1
    updated_at: datetime


@attrs.frozen(kw_only=True)
class Reserve:
    """Take all *lines* for an order, or none; each product is named once, with at least 1 unit.

    *final*: a shortage is not to be tried again, it rejects the order. *redrives* counts how
    often people have sent the request back; a higher count is a new try, not a duplicate.
    """

    order_id: OrderId
    lines: tuple[MessageLine, ...]
    event_id: EventId
    order_number: str = ""
    redrives: int = 0
    final: bool = False
    trace: Trace = Trace()


@attrs.frozen(kw_only=True)
class Release:
    """Give back what an order holds; from then on it takes nothing any more.

    With *only*, a reservation of other lines than these is left alone.
    """

    order_id: OrderId
    event_id: EventId
    reason: str = ""
    order_number: str = ""
    only: tuple[HeldLine, ...] = ()
    trace: Trace = Trace()


@attrs.frozen(kw_only=True)
class Consume:
    """Turn what an order holds into a sale: it was delivered."""

    order_id: OrderId
    event_id: EventId
    trace: Trace = Trace()


@attrs.frozen(kw_only=True)
class Adjust:
    """Receive (positive) or write off (negative) units of a product, never 0."""

    product_id: ProductId
    quantity: int
    event_id: EventId
    reason: str = ""
    actor: str = ""
    trace: Trace = Trace()


Command = Reserve | Release | Consume | Adjust


@attrs.frozen
class StockView:
    """What decisions look at: one consistent moment of the reservations and products asked for.

    What is not there is not stored.
    """

    reservations: Mapping[OrderId, Reservation]
    products: Mapping[ProductId, Product]


@attrs.frozen
class ProductWrite:
    """A product as it shall be; *expected_version* is the stored one, None: it must be new."""

    product: Product
    expected_version: int | None


@attrs.frozen
class ReservationWrite:
    """A reservation as it shall be; *expected_version* is the stored one, None: must be new."""

    reservation: Reservation
    expected_version: int | None


@attrs.frozen(kw_only=True)
class StockChange:
    """What becomes durable together, all of it or nothing.

    ``events`` are outgoing records: outcomes and dead letters, to be published after.
    """

    products: tuple[ProductWrite, ...] = ()
    reservations: tuple[ReservationWrite, ...] = ()
    movements: tuple[Movement, ...] = ()
    events: tuple[OutgoingRecord, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return not (self.products or self.reservations or self.movements or self.events)
