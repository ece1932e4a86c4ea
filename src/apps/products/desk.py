"""The desk: everything a handler needs to serve the catalogue and its stock."""

import attrs
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from inventory_domain.errors import ProductNotFound, ReservationNotFound
from inventory_domain.ids import OrderId, ProductId, is_id
from inventory_domain.ports import StockStore
from inventory_domain.stock import Product, Reservation
from inventory_domain.use_cases.keep_catalogue import KeepCatalogue
from inventory_domain.use_cases.serve_stock import ServeStock

__all__ = ["Desk", "ProductDesk"]

_ECHO_LENGTH_MAX = 200


@attrs.frozen
class ProductDesk:
    """The stored products and the ways to change them.

    Handlers get this one thing, since Litestar opens a task group to resolve two.
    """

    store: StockStore
    catalogue: KeepCatalogue
    stock: ServeStock

    async def product(self, product_id: str) -> Product:
        """Return a product, active or not.

        Raises:
            ProductNotFound: no product has this id, or could have it.
        """
        found = None
        if is_id(product_id):
            key = ProductId(product_id)
            found = (await self.store.load((), [key])).products.get(key)
        if found is None:
            raise ProductNotFound(product_id=product_id[:_ECHO_LENGTH_MAX])
        return found

    async def reservation(self, order_id: str) -> Reservation:
        """Return an order's reservation, in whatever state it is.

        Raises:
            ReservationNotFound: none was ever asked for, or could be.
        """
        return await self.stock.reservation(self.order_id(order_id))

    def order_id(self, order_id: str) -> OrderId:
        """Return what an address names as an order's id.

        Raises:
            ReservationNotFound: it cannot be one.
        """
        if not is_id(order_id):
            raise ReservationNotFound(order_id=order_id[:_ECHO_LENGTH_MAX])
        return OrderId(order_id)


Desk = NamedDependency[SkipValidation[ProductDesk]]
