"""The conservation audit: what was received is in stock, reserved, sold or written off.

The audit recomputes every product's level from its ledger and every order's claim from both
the ledger and the reservations, and names each difference. It is fed in parts, so that its
memory grows with the products and the open orders, not with the ledger; and an audit that only
has to tell whether everything adds up, not where, does without the orders too.
"""

from collections.abc import Iterable

import attrs

from inventory_domain.audit_claims import Claims, ClaimsByOrder, ClaimsByProduct
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.stock import Movement, MovementKind, Product, Reservation, ReservationState

__all__ = ["AuditPart", "AuditReport", "Auditor", "Difference", "ProductSum"]


@attrs.frozen(kw_only=True)
class AuditPart:
    """A part of what the audit looks at."""

    products: tuple[Product, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    movements: tuple[Movement, ...] = ()


@attrs.frozen(kw_only=True)
class Difference:
    """One thing that does not add up: *found* is stored, *expected* follows from the ledger."""

    product_id: ProductId
    what: str
    expected: int
    found: int
    order_id: OrderId | None = None

    def __str__(self) -> str:
        order = f" of order {self.order_id}" if self.order_id else ""
        return (
            f"product {self.product_id}: {self.what}{order} is {self.found} but should be "
            f"{self.expected} (difference {self.found - self.expected:+d})"
        )


@attrs.frozen(kw_only=True)
class ProductSum:
    """A product's sum: received = stock + reserved + sold + written off."""

    product_id: ProductId
    name: str
    received: int
    stock: int
    reserved: int
    sold: int
    written_off: int
    holds: bool


@attrs.frozen(kw_only=True)
class AuditReport:
    """The sums of all products and everything that breaks them."""

    products: tuple[ProductSum, ...]
    differences: tuple[Difference, ...]
    orders_reserved: int
    movements: int

    @property
    def holds(self) -> bool:
        """Whether everything adds up."""
        return not self.differences


class _Ledger:
    """What the movements of one product say."""

    __slots__ = ("faults", "received", "reserved", "sold", "stock", "written_off")

    def __init__(self) -> None:
        self.received = self.stock = self.reserved = self.sold = self.written_off = 0
        self.faults: list[Difference] = []

    def add(self, movement: Movement) -> None:
        quantity, kind = movement.quantity, movement.kind
        if kind is MovementKind.RECEIVED:
            self.received += quantity
            self.stock += quantity
        elif kind is MovementKind.WRITTEN_OFF:
            self.written_off += quantity
            self.stock -= quantity
        elif kind is MovementKind.RESERVED:
            self.stock -= quantity
            self.reserved += quantity
        elif kind is MovementKind.RELEASED:
            self.stock += quantity
            self.reserved -= quantity
        else:
            self.reserved -= quantity
            self.sold += quantity
        self._check_balance("stock", self.stock, movement.stock_after, movement)
        self._check_balance("reserved", self.reserved, movement.reserved_after, movement)

    def _check_balance(self, what: str, expected: int, found: int, movement: Movement) -> None:
        if expected == found or self.faults:
            return
        # Only the first: every later balance of the product is off by the same.
        fault = Difference(
            product_id=movement.product_id,
            what=f"{what} after movement {movement.number}",
            expected=expected,
            found=found,
            order_id=movement.order_id,
        )
        self.faults.append(fault)


class Auditor:
    """Gathers the parts in any order and reports.

    A product's movements must come in the order of their numbers. One that *names_orders* keeps
    every open order in memory; any other says of which product the orders' claims are wrong.
    """

    def __init__(self, *, names_orders: bool = True) -> None:
        self._claims: Claims = ClaimsByOrder() if names_orders else ClaimsByProduct()
        self._products: dict[ProductId, Product] = {}
        self._ledgers: dict[ProductId, _Ledger] = {}
        self._reserved_orders = 0
        self._movements = 0

    def add(self, part: AuditPart) -> None:
        """Take in one part."""
        self._products.update((product.product_id, product) for product in part.products)
        for movement in part.movements:
            self._add_movement(movement)
        for reservation in part.reservations:
            self._add_reservation(reservation)

    def report(self) -> AuditReport:
        """Return the sums, and every difference with its product and order."""
        differences: list[Difference] = []
        sums = []
        for product in sorted(self._products.values(), key=lambda found: found.product_id):
            own = list(self._product_differences(product))
            differences.extend(own)
            sums.append(_sum(product, holds=not own))
        for key in sorted(self._ledgers.keys() - self._products.keys()):
            differences.extend(self._ledgers[key].faults)
            differences.append(
                Difference(product_id=key, what="ledgers without a product", expected=0, found=1)
            )
        differences.extend(
            Difference(
                product_id=product_id,
                what="units held beyond the ledger",
                expected=0,
                found=claim,
                order_id=order_id,
            )
            for product_id, order_id, claim in self._claims.left()
        )
        return AuditReport(
            products=tuple(sums),
            differences=tuple(differences),
            orders_reserved=self._reserved_orders,
            movements=self._movements,
        )

    def _add_movement(self, movement: Movement) -> None:
        self._movements += 1
        self._ledgers.setdefault(movement.product_id, _Ledger()).add(movement)
        if movement.order_id is None:
            return
        sign = -1 if movement.kind is MovementKind.RESERVED else 1
        self._claims.add(movement.product_id, movement.order_id, sign * movement.quantity)

    def _add_reservation(self, reservation: Reservation) -> None:
        if reservation.state is not ReservationState.RESERVED:
            return
        self._reserved_orders += 1
        for line in reservation.lines:
            self._claims.add(line.product_id, reservation.order_id, line.quantity)

    def _product_differences(self, product: Product) -> Iterable[Difference]:
        ledger = self._ledgers.get(product.product_id, _Ledger())
        yield from ledger.faults
        yield from _below_zero(product)
        for what in ("received", "stock", "reserved", "sold", "written_off"):
            expected, found = getattr(ledger, what), getattr(product, what)
            if expected != found:
                yield Difference(
                    product_id=product.product_id,
                    what=what.replace("_", " "),
                    expected=expected,
                    found=found,
                )


def _below_zero(product: Product) -> Iterable[Difference]:
    # A ledger can add up and still tell of units that were sold and never there.
    for what in ("stock", "reserved"):
        found = getattr(product, what)
        if found < 0:
            yield Difference(
                product_id=product.product_id,
                what=f"{what}, which is never below zero,",
                expected=0,
                found=found,
            )


def _sum(product: Product, *, holds: bool) -> ProductSum:
    accounted = product.stock + product.reserved + product.sold + product.written_off
    return ProductSum(
        product_id=product.product_id,
        name=product.name,
        received=product.received,
        stock=product.stock,
        reserved=product.reserved,
        sold=product.sold,
        written_off=product.written_off,
        holds=holds and accounted == product.received,
    )
