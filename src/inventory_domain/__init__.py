"""Orders and stock with an exactly-once effect: the domain, for services and for tools.

Decisions are pure functions over frozen values (:func:`decide`, :func:`place_order`,
:func:`change_status`), ports are small protocols (:mod:`inventory_domain.ports`), use cases
join the two (:mod:`inventory_domain.use_cases`), and :mod:`inventory_domain.testing` holds
fakes that keep the ports' promises, with the contract suites that prove it.
"""

from inventory_domain.audit import Auditor, AuditPart, AuditReport, Difference, ProductSum
from inventory_domain.codec import Codec
from inventory_domain.errors import (
    DependencyUnavailable,
    DomainError,
    InvalidRequest,
    RefusedLine,
    Shortage,
)
from inventory_domain.ids import EventId, OrderId, ProductId, UserId
from inventory_domain.messages import MessageLine, ReleaseRequest, ReserveRequest, StockOutcome
from inventory_domain.money import Money, parse_money, to_number
from inventory_domain.order_decisions import (
    Actor,
    Details,
    Draft,
    OrderChange,
    cancel_order,
    change_details,
    change_status,
    place_order,
)
from inventory_domain.order_stock import apply_outcome
from inventory_domain.orders import (
    Address,
    Order,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    PaymentStatus,
    StockState,
)
from inventory_domain.ports import (
    Clock,
    EventLog,
    IdSource,
    LogInspector,
    Notifier,
    OrderStore,
    StockStore,
)
from inventory_domain.stock import (
    Adjust,
    Consume,
    Movement,
    MovementKind,
    Product,
    Release,
    Reservation,
    ReservationState,
    Reserve,
    StockChange,
    StockView,
)
from inventory_domain.stock_decisions import Decision, Outcome, StockPolicy, Verdict, decide

__all__ = [
    "Actor",
    "Address",
    "Adjust",
    "AuditPart",
    "AuditReport",
    "Auditor",
    "Clock",
    "Codec",
    "Consume",
    "Decision",
    "DependencyUnavailable",
    "Details",
    "Difference",
    "DomainError",
    "Draft",
    "EventId",
    "EventLog",
    "IdSource",
    "InvalidRequest",
    "LogInspector",
    "MessageLine",
    "Money",
    "Movement",
    "MovementKind",
    "Notifier",
    "Order",
    "OrderChange",
    "OrderId",
    "OrderLine",
    "OrderStatus",
    "OrderStore",
    "Outcome",
    "PaymentMethod",
    "PaymentStatus",
    "Product",
    "ProductId",
    "ProductSum",
    "RefusedLine",
    "Release",
    "ReleaseRequest",
    "Reservation",
    "ReservationState",
    "Reserve",
    "ReserveRequest",
    "Shortage",
    "StockChange",
    "StockOutcome",
    "StockPolicy",
    "StockState",
    "StockStore",
    "StockView",
    "UserId",
    "Verdict",
    "apply_outcome",
    "cancel_order",
    "change_details",
    "change_status",
    "decide",
    "parse_money",
    "place_order",
    "to_number",
]
