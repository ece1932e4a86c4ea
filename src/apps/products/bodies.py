"""The bodies of calls about stock."""

from typing import Final

import attrs

from apps.edge.fields import Fields
from apps.edge.lines import LINE_COUNT_MAX, QUANTITY_MAX, read_quantity
from inventory_domain.errors import EmptyOrder
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.messages import MessageLine
from inventory_domain.stock import HeldLine

__all__ = [
    "DEFAULT_RELEASE_REASON",
    "ORDER_NUMBER_LENGTH_MAX",
    "PRODUCT_NAME_LENGTH_MAX",
    "REASON_LENGTH_MAX",
    "Claim",
    "Restock",
    "parse_claim",
    "parse_items",
    "parse_line_claim",
    "parse_line_release",
    "parse_restock",
]

REASON_LENGTH_MAX: Final = 500
ORDER_NUMBER_LENGTH_MAX: Final = 64
PRODUCT_NAME_LENGTH_MAX: Final = 200

DEFAULT_RELEASE_REASON: Final = "RESERVATION_RELEASED"


@attrs.frozen(kw_only=True)
class Claim:
    """What somebody wants to reserve or to release for an order."""

    order_id: OrderId
    lines: tuple[MessageLine, ...]
    order_number: str = ""
    reason: str = DEFAULT_RELEASE_REASON

    @property
    def held(self) -> tuple[HeldLine, ...]:
        """The lines as a reservation holds them."""
        return tuple(
            HeldLine(product_id=line.product_id, quantity=line.quantity) for line in self.lines
        )


@attrs.frozen(kw_only=True)
class Restock:
    """Units received, or written off if negative."""

    quantity: int
    reason: str


def parse_restock(fields: Fields) -> Restock:
    """Read a change of stock.

    Raises:
        InvalidRequest: with every bad field.
    """
    quantity = read_quantity(fields, low=-QUANTITY_MAX)
    if quantity == 0:
        fields.refuse("qty", "must not be 0: name how many came, or went as a negative number")
    reason = fields.text("reason", length_max=REASON_LENGTH_MAX)
    fields.finish()
    return Restock(quantity=quantity or 0, reason=(reason or "").strip())


def parse_items(fields: Fields) -> tuple[MessageLine, ...]:
    """Read a body of items alone.

    Raises:
        InvalidRequest: with every bad field.
        EmptyOrder: there are no items.
    """
    lines = _lines(fields)
    fields.finish()
    return _some(lines)


def parse_claim(fields: Fields) -> Claim:
    """Read what to reserve for an order.

    Raises:
        InvalidRequest: with every bad field.
        EmptyOrder: there are no items.
    """
    order_id, number, lines = _order_id(fields), _order_number(fields), _lines(fields)
    fields.finish()
    return Claim(order_id=order_id, order_number=number, lines=_some(lines))


def parse_line_claim(fields: Fields, product_id: ProductId) -> Claim:
    """Read what to reserve of one product for an order.

    Raises:
        InvalidRequest: with every bad field.
    """
    order_id, number, line = _order_id(fields), _order_number(fields), _line(fields, product_id)
    fields.finish()
    return Claim(order_id=order_id, order_number=number, lines=(line,))


def parse_line_release(fields: Fields, product_id: ProductId) -> Claim:
    """Read what an order gives back of the one product that it holds.

    Raises:
        InvalidRequest: with every bad field.
    """
    order_id = _order_id(fields)
    line = MessageLine(product_id=product_id, quantity=read_quantity(fields) or 0)
    reason = fields.text("reason", length_max=REASON_LENGTH_MAX)
    fields.finish()
    return Claim(order_id=order_id, lines=(line,), reason=reason or DEFAULT_RELEASE_REASON)


def _order_id(fields: Fields) -> OrderId:
    return OrderId(fields.id("orderId", required=True) or "")


def _order_number(fields: Fields) -> str:
    return fields.text("orderNumber", length_max=ORDER_NUMBER_LENGTH_MAX) or ""


def _some(lines: tuple[MessageLine, ...]) -> tuple[MessageLine, ...]:
    if not lines:
        raise EmptyOrder
    return lines


def _lines(fields: Fields) -> tuple[MessageLine, ...]:
    """Read ``items``; two lines of one product at one price are added up."""
    lines: dict[str, MessageLine] = {}
    for entry in fields.objects("items", count_max=LINE_COUNT_MAX, required=True):
        product_id = entry.id("productId", required=True)
        line = _line(entry, ProductId(product_id or ""))
        entry.refuse_unknown()
        if product_id is not None:
            same = lines.get(product_id)
            lines[product_id] = line if same is None else _added_up(entry, same, line)
    return tuple(lines.values())


def _line(fields: Fields, product_id: ProductId) -> MessageLine:
    return MessageLine(
        product_id=product_id,
        quantity=read_quantity(fields) or 0,
        price=fields.money("price"),
        product_name=fields.text("productName", length_max=PRODUCT_NAME_LENGTH_MAX) or "",
    )


def _added_up(entry: Fields, same: MessageLine, line: MessageLine) -> MessageLine:
    if same.price != line.price:
        entry.refuse("price", "differs from another line of this product")
    quantity = same.quantity + line.quantity
    if quantity > QUANTITY_MAX:
        entry.refuse("qty", f"all lines of this product together must be at most {QUANTITY_MAX}")
    return attrs.evolve(same, quantity=quantity)
