"""What the stock stores show, held against what they said they stored."""

from collections.abc import Collection, Mapping

from inventory_domain.ids import OrderId, ProductId
from inventory_domain.stock import Product, Reservation, StockChange, StockView
from inventory_domain.testing.simulation.checks import Checks

__all__ = ["ShownStock", "check_sum"]


class ShownStock:
    """Compares views of a store with *products* and *reservations*, which are durable."""

    def __init__(
        self,
        checks: Checks,
        products: Mapping[ProductId, Product],
        reservations: Mapping[OrderId, Reservation],
    ) -> None:
        self._checks = checks
        self._products = products
        self._reservations = reservations

    def known(self, order_ids: Collection[OrderId], product_ids: Collection[ProductId]) -> "Known":
        """Return the versions that any reader must see from now on, or newer ones."""
        return Known(
            {key: self._products[key].version for key in product_ids if key in self._products},
            {
                key: self._reservations[key].version
                for key in order_ids
                if key in self._reservations
            },
        )

    def read(self, known: "Known", view: StockView) -> None:
        """Look at a view that was read after *known* was."""
        self._checks.looked["fresh_reads"] += 1
        for product_id, version in known.products.items():
            shown = view.products.get(product_id)
            if shown is None or shown.version < version:
                self._stale(product_id, version, None if shown is None else shown.version)
        for order_id, version in known.reservations.items():
            held = view.reservations.get(order_id)
            if held is None or held.version < version:
                self._stale(order_id, version, None if held is None else held.version)
        for product in view.products.values():
            check_sum(self._checks, product)

    def compare(self, change: StockChange, found: StockView) -> None:
        """Look at what the store shows after *change*."""
        self._checks.looked["stored_as_written"] += 1
        for write in change.products:
            product = write.product
            shown = found.products.get(product.product_id)
            if shown != product and (shown is None or shown.version <= product.version):
                self._checks.fail(
                    "stored_as_written", f"the store was given {product} and shows {shown}"
                )
        for guarded in change.reservations:
            kept = guarded.reservation
            held = found.reservations.get(kept.order_id)
            if held != kept and (held is None or held.version <= kept.version):
                self._checks.fail(
                    "stored_as_written",
                    f"the store was given the reservation of {kept.order_id} as {kept.state} "
                    f"and shows {None if held is None else held.state}",
                )

    def _stale(self, key: str, version: int, shown: int | None) -> None:
        self._checks.fail(
            "fresh_reads", f"{key} was stored in version {version}, the store shows {shown}"
        )


def check_sum(checks: Checks, product: Product) -> None:
    """Look at whether the numbers of *product* agree with each other."""
    accounted = product.stock + product.reserved + product.sold + product.written_off
    checks.that(
        "conservation",
        product.received == accounted,
        lambda: f"{product.product_id}: {product.received} received, {accounted} accounted for",
    )
    checks.that(
        "no_negative_stock",
        product.stock >= 0 and product.reserved >= 0,
        lambda: f"{product.product_id}: stock {product.stock}, reserved {product.reserved}",
    )


class Known:
    """The versions that were durable at one moment."""

    __slots__ = ("products", "reservations")

    def __init__(
        self, products: Mapping[ProductId, int], reservations: Mapping[OrderId, int]
    ) -> None:
        self.products = products
        self.reservations = reservations
