"""Refusals and failures as typed values with stable codes.

A refusal says that a request cannot be done as asked; its ``code`` never changes, its data is
on the object, and its text tells the sender what to do. How a code looks in HTTP is decided
elsewhere, in one place.
"""

from inventory_domain.failures import (
    BrokenMessage,
    CommitRefused,
    Contention,
    DependencyUnavailable,
    DomainError,
    Forbidden,
    InvalidRequest,
    RecordTooLarge,
    StockConflict,
)
from inventory_domain.order_errors import (
    AddressFixed,
    CancelNotAllowed,
    EmptyOrder,
    IdempotencyKeyReused,
    OrderChanged,
    OrderNotFound,
    OrderNumberTaken,
    StaleVersion,
    StockNotReserved,
    TooManyChanges,
    TotalMismatch,
    TransitionNotAllowed,
)
from inventory_domain.stock_errors import (
    PriceChanged,
    ProductExists,
    ProductNotFound,
    RefusedLine,
    ReservationEnded,
    ReservationHeld,
    ReservationNotFound,
    Shortage,
    StockBelowZero,
)

__all__ = [
    "AddressFixed",
    "BrokenMessage",
    "CancelNotAllowed",
    "CommitRefused",
    "Contention",
    "DependencyUnavailable",
    "DomainError",
    "EmptyOrder",
    "Forbidden",
    "IdempotencyKeyReused",
    "InvalidRequest",
    "OrderChanged",
    "OrderNotFound",
    "OrderNumberTaken",
    "PriceChanged",
    "ProductExists",
    "ProductNotFound",
    "RecordTooLarge",
    "RefusedLine",
    "ReservationEnded",
    "ReservationHeld",
    "ReservationNotFound",
    "Shortage",
    "StaleVersion",
    "StockBelowZero",
    "StockConflict",
    "StockNotReserved",
    "TooManyChanges",
    "TotalMismatch",
    "TransitionNotAllowed",
]
