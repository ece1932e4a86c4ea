"""Which products a caller asks for: filters, searches and pages."""

from apps.edge.calls import Call
from apps.edge.query import Paging, QueryFields
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.queries import PRODUCT_SORTS, MovementQuery, ProductQuery

__all__ = ["parse_listing", "parse_movements", "parse_search"]


def parse_listing(call: Call, fields: QueryFields) -> tuple[ProductQuery, Paging]:
    """Read which products to list, and how.

    Raises:
        InvalidRequest: with every bad parameter.
        Unauthenticated, Forbidden: inactive ones are for admins.
    """
    paging = fields.paging(PRODUCT_SORTS, sort="name")
    search = fields.text("search")
    return _query(call, fields, paging, search, by_match=False), paging


def parse_search(call: Call, fields: QueryFields) -> tuple[ProductQuery, Paging]:
    """Read what to search for; the filters of a listing narrow it.

    Raises:
        InvalidRequest: with every bad parameter; ``q`` must say something.
        Unauthenticated, Forbidden: inactive ones are for admins.
    """
    paging = fields.page(sort="name")
    search = fields.text("q")
    if search is None:
        fields.refuse("q", "is required")
    return _query(call, fields, paging, search, by_match=True), paging


def _query(
    call: Call, fields: QueryFields, paging: Paging, search: str | None, *, by_match: bool
) -> ProductQuery:
    low, high = fields.money("minPrice"), fields.money("maxPrice")
    if low is not None and high is not None and low > high:
        fields.refuse("maxPrice", "must not be less than minPrice")
    query = ProductQuery(
        category=fields.text("category"),
        min_price=low,
        max_price=high,
        in_stock=fields.flag("inStock"),
        search=search,
        by_match=by_match,
        include_inactive=fields.flag("includeInactive") or False,
        sort=paging.sort,
        page=paging.page,
        limit=paging.limit,
    )
    fields.finish()
    if query.include_inactive:
        call.require_role({"admin"})
    return query


def parse_movements(product_id: ProductId, fields: QueryFields) -> tuple[MovementQuery, Paging]:
    """Read which page of a ledger is wanted.

    Raises:
        InvalidRequest: with every bad parameter.
    """
    order_id = fields.id("orderId")
    paging = fields.page()
    fields.finish()
    query = MovementQuery(
        product_id=product_id,
        order_id=None if order_id is None else OrderId(order_id),
        page=paging.page,
        limit=paging.limit,
    )
    return query, paging
