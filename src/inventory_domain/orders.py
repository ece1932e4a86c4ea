"""Orders: their data, their statuses, and the table of allowed moves."""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Final

import attrs

from inventory_domain.errors import RefusedLine
from inventory_domain.ids import OrderId, ProductId, UserId
from inventory_domain.money import Money

__all__ = [
    "HISTORY_LENGTH_MAX",
    "NEXT",
    "Address",
    "HistoryEntry",
    "IdempotencyKey",
    "Order",
    "OrderLine",
    "OrderStatus",
    "PaymentMethod",
    "PaymentStatus",
    "StockState",
]


class OrderStatus(IntEnum):
    """Where an order is on its way to the customer."""

    PENDING = 1
    PROCESSING = 2
    SHIPPED = 3
    DELIVERED = 4
    CANCELLED = 5

    @property
    def label(self) -> str:
        """The name for people, such as ``Pending``."""
        return self.name.capitalize()


NEXT: Final[Mapping[OrderStatus, frozenset[OrderStatus]]] = {
    OrderStatus.PENDING: frozenset({OrderStatus.PROCESSING, OrderStatus.CANCELLED}),
    OrderStatus.PROCESSING: frozenset({OrderStatus.SHIPPED, OrderStatus.CANCELLED}),
    OrderStatus.SHIPPED: frozenset({OrderStatus.DELIVERED, OrderStatus.CANCELLED}),
    OrderStatus.DELIVERED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
}
"""The allowed moves from each status; a status without moves is final."""


class StockState(StrEnum):
    """What the order knows of its stock."""

    REQUESTED = "requested"
    RESERVED = "reserved"
    REJECTED = "rejected"
    RELEASED = "released"
    CONSUMED = "consumed"


class PaymentMethod(IntEnum):
    """How the customer pays."""

    CREDIT_CARD = 1
    DEBIT_CARD = 2
    PAYPAL = 3
    CASH_ON_DELIVERY = 4
    BANK_TRANSFER = 5
    UPI = 6
    WALLET = 7


class PaymentStatus(IntEnum):
    """Whether the customer has paid."""

    PENDING = 1
    PAID = 2
    FAILED = 3
    REFUNDED = 4


HISTORY_LENGTH_MAX = 500
"""Past this many entries only the status and the stock of an order can change."""


@attrs.frozen(kw_only=True)
class Address:
    """Where an order goes; every part may be empty."""

    street: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    country: str = ""


@attrs.frozen(kw_only=True)
class OrderLine:
    """One product of an order: how many units, at the price per unit that the buyer saw."""

    product_id: ProductId
    quantity: int
    price: Money
    product_name: str = ""

    @property
    def amount(self) -> Money:
        """The line's price in minor units."""
        return Money(self.price * self.quantity)


@attrs.frozen(kw_only=True)
class HistoryEntry:
    """One change of an order: what, when, by whom and why."""

    at: datetime
    actor: str
    change: str
    reason: str | None = None


@attrs.frozen(kw_only=True)
class IdempotencyKey:
    """The caller's once-only token: it belongs to *subject*, *fingerprint* is that of the body."""

    subject: UserId
    key: str
    fingerprint: str


@attrs.frozen(kw_only=True)
class Order:
    """An order as it is stored. ``version`` grows by one with every stored change.

    ``inventory_sequence`` is the number of the last inventory event that was applied, so that
    a late one never undoes a newer. ``refused_lines`` says why the stock was rejected.
    """

    order_id: OrderId
    order_number: str
    user_id: UserId
    lines: tuple[OrderLine, ...]
    total: Money
    status: OrderStatus = OrderStatus.PENDING
    stock_state: StockState = StockState.REQUESTED
    refused_lines: tuple[RefusedLine, ...] = ()
    shipping_address: Address = Address()
    payment_method: PaymentMethod
    payment_status: PaymentStatus = PaymentStatus.PENDING
    tracking_number: str | None = None
    version: int = 1
    inventory_sequence: int = 0
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    history: tuple[HistoryEntry, ...] = ()
    idempotency: IdempotencyKey | None = None

    def changed(self, entry: HistoryEntry, **changes: Any) -> "Order":  # noqa: ANN401 - its fields
        """Return the next version: with *changes*, and with *entry* for them in its history."""
        return attrs.evolve(
            self,
            version=self.version + 1,
            updated_at=entry.at,
            history=(*self.history, entry),
            **changes,
        )
