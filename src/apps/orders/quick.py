"""The quick way to read an order: in one pass of the decoder, if nothing is out of the ordinary.

It either returns what :func:`apps.orders.bodies.parse_draft` would return, or nothing, and then
that patient reader decides and finds the words. So every rule stands there; here is only what
is surely within them.
"""

import re
from typing import Annotated, Final

import msgspec

from apps.edge.auth import Caller
from apps.edge.body import decode_object
from apps.orders.bodies import LINE_COUNT_MAX, NAME_LENGTH_MAX, QUANTITY_MAX, parse_draft
from inventory_domain.ids import ProductId, is_id
from inventory_domain.money import MONEY_MAX, Money
from inventory_domain.order_requests import Draft
from inventory_domain.orders import Address, IdempotencyKey, OrderLine, PaymentMethod

__all__ = ["quick_draft", "read_draft"]

_ShortText = Annotated[str, msgspec.Meta(max_length=20)]
_Text = Annotated[str, msgspec.Meta(max_length=100)]
_Name = Annotated[str, msgspec.Meta(max_length=NAME_LENGTH_MAX)]
_Quantity = Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)]
_Method = Annotated[int, msgspec.Meta(ge=1, le=len(PaymentMethod))]


class _Line(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    product_id: str
    qty: _Quantity
    # As it was written, since a binary fraction would not be exact.
    price: msgspec.Raw
    product_name: _Name = ""


class _Address(msgspec.Struct, forbid_unknown_fields=True, rename="camel", frozen=True):
    street: _Name = ""
    city: _Text = ""
    state: _Text = ""
    zip_code: _ShortText = ""
    country: _Text = ""


class _Body(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    items: Annotated[list[_Line], msgspec.Meta(min_length=1, max_length=LINE_COUNT_MAX)]
    total_amount: msgspec.Raw = msgspec.Raw()
    payment_method: _Method = PaymentMethod.CREDIT_CARD
    shipping_address: _Address = _Address()


_decode = msgspec.json.Decoder(_Body).decode
_AMOUNT: Final = re.compile(rb"(0|[1-9][0-9]{0,8})(?:\.([0-9])([0-9])?)?")


class _Unsure(ValueError):
    """Something is out of the ordinary."""


def read_draft(body: bytes, caller: Caller, idempotency: IdempotencyKey | None = None) -> Draft:
    """Return what *caller* wants to order.

    Raises:
        MalformedRequest: *body* is no JSON object.
        InvalidRequest, Forbidden: see :func:`apps.orders.bodies.parse_draft`.
    """
    draft = quick_draft(body, caller, idempotency)
    return parse_draft(decode_object(body), caller, idempotency) if draft is None else draft


def quick_draft(
    body: bytes, caller: Caller, idempotency: IdempotencyKey | None = None
) -> Draft | None:
    """Return what *caller* wants to order, or None if that takes a closer look."""
    try:
        sent = _decode(body)
        lines = tuple([_line(line) for line in sent.items])
        if len({line.product_id for line in lines}) < len(lines):
            return None
        if sum([line.price * line.quantity for line in lines]) > MONEY_MAX:
            return None
        return Draft(
            user_id=caller.subject,
            lines=lines,
            shipping_address=_address(sent.shipping_address),
            payment_method=PaymentMethod(sent.payment_method),
            total=_cents(sent.total_amount) if sent.total_amount else None,
            idempotency=idempotency,
        )
    except (ValueError, RecursionError):
        return None


def _line(line: _Line) -> OrderLine:
    if not is_id(line.product_id) or not line.product_name.isprintable():
        raise _Unsure
    return OrderLine(
        product_id=ProductId(line.product_id),
        quantity=line.qty,
        price=_cents(line.price),
        product_name=line.product_name,
    )


def _cents(number: msgspec.Raw) -> Money:
    found = _AMOUNT.fullmatch(bytes(number))
    if found is None:
        raise _Unsure
    units, tenths, hundredths = found.groups(b"0")
    return Money(int(units + tenths + hundredths))


def _address(sent: _Address) -> Address:
    address = Address(
        street=sent.street,
        city=sent.city,
        state=sent.state,
        zip_code=sent.zip_code,
        country=sent.country,
    )
    everything = address.street + address.city + address.state + address.zip_code + address.country
    if not everything.isprintable():
        raise _Unsure
    return address
