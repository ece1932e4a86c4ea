"""Questions to the stores: filters, sorting and pages, the same for every adapter."""

from datetime import datetime
from typing import Generic, TypeVar

import attrs

from inventory_domain.ids import OrderId, ProductId, UserId
from inventory_domain.money import Money
from inventory_domain.orders import Order, OrderStatus, StockState
from inventory_domain.stock import Product

__all__ = [
    "ORDER_SORTS",
    "PAGE_LIMIT_MAX",
    "PRODUCT_SORTS",
    "MovementQuery",
    "OrderQuery",
    "Page",
    "ProductQuery",
    "match_rank",
    "order_matches",
    "product_matches",
]

T = TypeVar("T")

PAGE_LIMIT_MAX = 100

ORDER_SORTS = ("createdAt", "updatedAt", "totalAmount", "status", "orderNumber")
PRODUCT_SORTS = ("name", "price", "stock", "createdAt", "updatedAt")


@attrs.frozen
class Page(Generic[T]):
    """One page of what matched, and how many matched in all."""

    items: tuple[T, ...]
    total: int


@attrs.frozen(kw_only=True)
class OrderQuery:
    """Which orders: every filter given must hold.

    *search* is found, whatever its case, in the order number, the id, the user id or a product
    name, as plain text. *created_from* is inclusive, *created_to* exclusive. *sort* is one of
    ``ORDER_SORTS``, with a leading ``-`` for descending; equal ones are sorted by id. Pages
    count from 1.
    """

    status: OrderStatus | None = None
    stock_state: StockState | None = None
    user_id: UserId | None = None
    search: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    sort: str = "-createdAt"
    page: int = 1
    limit: int = 20


@attrs.frozen(kw_only=True)
class ProductQuery:
    """Which products: every filter given must hold.

    *category* is compared whole, without regard to case. Every word of *search* must be found,
    whatever its case, in the name, brand, sku, category, tags or description. *by_match* sorts
    the best match first (see :func:`match_rank`) instead of by *sort*, one of ``PRODUCT_SORTS``
    with a leading ``-`` for descending; equal ones are sorted by id.
    """

    category: str | None = None
    min_price: Money | None = None
    max_price: Money | None = None
    in_stock: bool | None = None
    search: str | None = None
    by_match: bool = False
    include_inactive: bool = False
    sort: str = "name"
    page: int = 1
    limit: int = 20


@attrs.frozen(kw_only=True)
class MovementQuery:
    """A page of one product's ledger; with *order_id* only what was moved for that order."""

    product_id: ProductId
    order_id: OrderId | None = None
    page: int = 1
    limit: int = 20


def order_matches(order: Order, query: OrderQuery) -> bool:
    """Tell whether *order* passes every filter of *query*."""
    return (
        (query.status is None or order.status is query.status)
        and (query.stock_state is None or order.stock_state is query.stock_state)
        and (query.user_id is None or order.user_id == query.user_id)
        and (query.created_from is None or order.created_at >= query.created_from)
        and (query.created_to is None or order.created_at < query.created_to)
        and (query.search is None or query.search.lower() in order_search_text(order))
    )


def order_search_text(order: Order) -> str:
    """Return the text in which an order is searched, in lower case."""
    names = (line.product_name for line in order.lines)
    return "\n".join((order.order_number, order.order_id, order.user_id, *names)).lower()


def product_matches(product: Product, query: ProductQuery) -> bool:
    """Tell whether *product* passes every filter of *query*."""
    return (
        (query.include_inactive or product.is_active)
        and (query.category is None or product.category.lower() == query.category.lower())
        and (query.min_price is None or product.price >= query.min_price)
        and (query.max_price is None or product.price <= query.max_price)
        and (query.in_stock is None or product.in_stock is query.in_stock)
        and (query.search is None or _has_words(product, query.search))
    )


def product_search_text(product: Product) -> str:
    """Return the text in which a product is searched, in lower case."""
    parts = (product.name, product.brand, product.sku, product.category, *product.tags)
    return "\n".join(part for part in (*parts, product.description) if part).lower()


def _has_words(product: Product, search: str) -> bool:
    text = product_search_text(product)
    return all(word in text for word in search.lower().split())


def match_rank(product: Product, search: str) -> int:
    """Return how well *product* matches *search*: 0 is best.

    0: the name or sku is the search text; 1: the name begins with it; 2: the name holds it;
    3: the name holds every word; 4: the words are found elsewhere. Equal ranks go by name,
    then by id. Nothing matches a blank text better than anything else.
    """
    wanted = " ".join(search.lower().split())
    if not wanted:
        return 0
    name = product.name.lower()
    if wanted in (name, (product.sku or "").lower()):
        return 0
    if name.startswith(wanted):
        return 1
    if wanted in name:
        return 2
    return 3 if all(word in name for word in wanted.split()) else 4
