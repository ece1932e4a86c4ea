"""What callers send about orders: from JSON to the domain's requests, every fault named."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import attrs

from apps.edge.auth import Caller
from apps.edge.body import canonical
from apps.edge.calls import Call
from apps.edge.fields import Fields, whole_number
from inventory_domain.errors import Forbidden, InvalidRequest
from inventory_domain.ids import ProductId, UserId, is_order_number
from inventory_domain.money import MONEY_MAX, Money
from inventory_domain.order_requests import Details, Draft
from inventory_domain.orders import (
    Address,
    IdempotencyKey,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    PaymentStatus,
)

__all__ = [
    "ADDRESS_LENGTHS",
    "IDEMPOTENCY_KEY_LENGTH_MAX",
    "LINE_COUNT_MAX",
    "NAME_LENGTH_MAX",
    "QUANTITY_MAX",
    "REASON_LENGTH_MAX",
    "TRACKING_LENGTH_MAX",
    "parse_details",
    "parse_draft",
    "parse_idempotency_key",
    "parse_reason",
    "parse_status_change",
    "status_of",
]

LINE_COUNT_MAX: Final = 100
QUANTITY_MAX: Final = 1_000_000
NAME_LENGTH_MAX: Final = 200
REASON_LENGTH_MAX: Final = 500
TRACKING_LENGTH_MAX: Final = 100
IDEMPOTENCY_KEY_LENGTH_MAX: Final = 255
ADDRESS_LENGTHS: Final[Mapping[str, int]] = {
    "street": 200,
    "city": 100,
    "state": 100,
    "zipCode": 20,
    "country": 100,
}

_NUMBERS: Final = frozenset(map(int, OrderStatus))
_STATUSES: Final = {status.name.lower(): status for status in OrderStatus}


def parse_draft(
    document: Mapping[str, Any], caller: Caller, idempotency: IdempotencyKey | None = None
) -> Draft:
    """Return what *caller* wants to order.

    Raises:
        InvalidRequest: with every bad field.
        Forbidden: somebody who is no admin orders for somebody else.
    """
    fields = Fields(document)
    user_id = fields.id("userId")
    lines = _lines(fields)
    number = fields.text("orderNumber", length_max=NAME_LENGTH_MAX)
    if number is not None and not is_order_number(number):
        fields.refuse("orderNumber", "must have the form ORD-1732095234567-K3F9")
    method = fields.integer("paymentMethod", low=1, high=len(PaymentMethod))
    total = fields.money("totalAmount")
    address = _address(fields)
    fields.finish()
    if user_id not in (None, caller.subject) and not caller.is_admin:
        raise Forbidden(reason="Only an admin can order for somebody else: leave userId out.")
    return Draft(
        user_id=UserId(user_id or caller.subject),
        lines=lines,
        shipping_address=address or Address(),
        payment_method=PaymentMethod(method or PaymentMethod.CREDIT_CARD),
        total=total,
        order_number=number,
        idempotency=idempotency,
    )


def _lines(fields: Fields) -> tuple[OrderLine, ...]:
    """Return the lines; those of one product at one price are added up."""
    found: dict[str, OrderLine] = {}
    for line_fields in fields.objects("items", count_max=LINE_COUNT_MAX, required=True):
        line = _line(line_fields)
        if line is None:
            continue
        same = found.get(line.product_id)
        if same is not None:
            line = _added(same, line, line_fields)
        found[line.product_id] = line
    lines = tuple(found.values())
    if sum([line.amount for line in lines]) > MONEY_MAX:
        fields.refuse("items", f"must sum to at most {MONEY_MAX // 100}")
    return lines


def _line(fields: Fields) -> OrderLine | None:
    product_id = fields.id("productId", required=True)
    quantity = _quantity(fields)
    price = fields.money("price", required=True)
    name = fields.text("productName", length_max=NAME_LENGTH_MAX)
    fields.refuse_unknown()
    if product_id is None or quantity is None or price is None:
        return None
    return OrderLine(
        product_id=ProductId(product_id),
        quantity=quantity,
        price=Money(price),
        product_name=name or "",
    )


def _quantity(fields: Fields) -> int | None:
    quantity = fields.integer("qty", low=1, high=QUANTITY_MAX)
    other = fields.integer("quantity", low=1, high=QUANTITY_MAX)
    source = fields.source
    if source.get("qty") is None and source.get("quantity") is None:
        fields.refuse("qty", "is required")
    if quantity is not None and other is not None and quantity != other:
        fields.refuse("quantity", "differs from qty: send one of them")
    return other if quantity is None else quantity


def _added(first: OrderLine, second: OrderLine, fields: Fields) -> OrderLine:
    if first.price != second.price:
        fields.refuse("price", "differs from another line of this product")
    quantity = first.quantity + second.quantity
    if quantity > QUANTITY_MAX:
        fields.refuse("qty", f"all lines of this product together must be at most {QUANTITY_MAX}")
    return attrs.evolve(
        first, quantity=quantity, product_name=first.product_name or second.product_name
    )


def _address(fields: Fields) -> Address | None:
    address = fields.object("shippingAddress")
    if address is None:
        return None
    parts = {
        name: address.text(name, length_max=length) or ""
        for name, length in ADDRESS_LENGTHS.items()
    }
    address.refuse_unknown()
    return Address(
        street=parts["street"],
        city=parts["city"],
        state=parts["state"],
        zip_code=parts["zipCode"],
        country=parts["country"],
    )


def parse_idempotency_key(call: Call, body: bytes) -> IdempotencyKey | None:
    """Return the key that the call bears, with the fingerprint of its JSON *body*.

    Two bodies that differ in white space or in the order of their fields are the same.

    Raises:
        InvalidRequest: the header cannot be a key.
        MalformedRequest: the body is not JSON.
    """
    key = call.idempotency_key
    if key is None:
        return None
    if not 0 < len(key) <= IDEMPOTENCY_KEY_LENGTH_MAX or not (key.isascii() and key.isprintable()):
        fault = f"must be 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} printable ASCII characters"
        raise InvalidRequest(fields={"Idempotency-Key": fault})
    fingerprint = sha256(canonical(body)).hexdigest()
    return IdempotencyKey(subject=call.caller.subject, key=key, fingerprint=fingerprint)


def parse_status_change(document: Mapping[str, Any]) -> tuple[OrderStatus, str | None]:
    """Return the wanted status and the reason, if one is given.

    Raises:
        InvalidRequest: with every bad field.
    """
    fields = Fields(document)
    value = fields.take("status", required=True)
    status = status_of(value)
    if value is not None and status is None:
        fields.refuse("status", f"must be one of 1 to {len(OrderStatus)} or {', '.join(_STATUSES)}")
    reason = fields.text("reason", length_max=REASON_LENGTH_MAX)
    fields.finish()
    return status or OrderStatus.PENDING, reason


def status_of(value: object) -> OrderStatus | None:
    """Return the status that a number or a name, in any case, stands for, or None."""
    if isinstance(value, str):
        return _STATUSES.get(value.lower())
    number = whole_number(value)
    return OrderStatus(number) if number in _NUMBERS else None


def parse_details(document: Mapping[str, Any], caller: Caller) -> Details:
    """Return what *caller* wants to change of an order.

    Raises:
        InvalidRequest: with every bad field, or there is nothing to change.
        Forbidden: it is for admins alone.
    """
    fields = Fields(document)
    details = Details(
        shipping_address=_address(fields),
        payment_status=_payment_status(fields),
        tracking_number=fields.text("trackingNumber", length_min=1, length_max=TRACKING_LENGTH_MAX),
    )
    if not document:
        fields.refuse("shippingAddress", "is required; admins can send paymentStatus instead")
    fields.finish()
    if (details.payment_status or details.tracking_number) and not caller.is_admin:
        raise Forbidden(reason="Only an admin can set paymentStatus and trackingNumber.")
    return details


def _payment_status(fields: Fields) -> PaymentStatus | None:
    number = fields.integer("paymentStatus", low=1, high=len(PaymentStatus))
    return None if number is None else PaymentStatus(number)


def parse_reason(document: Mapping[str, Any]) -> str | None:
    """Return why an order is cancelled, if the caller says so.

    Raises:
        InvalidRequest: with every bad field.
    """
    fields = Fields(document)
    reason = fields.text("reason", length_max=REASON_LENGTH_MAX)
    fields.finish()
    return reason
