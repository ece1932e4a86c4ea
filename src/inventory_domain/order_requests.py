"""What is asked of an order, and what a decision about it gives: values without behaviour."""

import attrs

from inventory_domain.ids import UserId
from inventory_domain.messages import Message
from inventory_domain.money import Money
from inventory_domain.orders import (
    Address,
    IdempotencyKey,
    Order,
    OrderLine,
    PaymentMethod,
    PaymentStatus,
)

__all__ = ["Actor", "Details", "Draft", "OrderChange"]


@attrs.frozen(kw_only=True)
class Actor:
    """Who does something: a subject, perhaps with an admin's rights."""

    subject: UserId
    is_admin: bool = False


@attrs.frozen(kw_only=True)
class Draft:
    """What somebody wants to order; *total*, if stated, must be the sum of the lines."""

    user_id: UserId
    lines: tuple[OrderLine, ...]
    shipping_address: Address = Address()
    payment_method: PaymentMethod = PaymentMethod.CREDIT_CARD
    total: Money | None = None
    order_number: str | None = None
    idempotency: IdempotencyKey | None = None


@attrs.frozen(kw_only=True)
class Details:
    """What can be changed of an order besides its status; None leaves it as it is."""

    shipping_address: Address | None = None
    payment_status: PaymentStatus | None = None
    tracking_number: str | None = None


@attrs.frozen
class OrderChange:
    """An order after a decision, and what is to be told; ``before`` is None for a new one."""

    before: Order | None
    order: Order
    messages: tuple[Message, ...] = ()

    @property
    def is_noop(self) -> bool:
        """Whether nothing changed."""
        return self.before is not None and self.before.version == self.order.version
