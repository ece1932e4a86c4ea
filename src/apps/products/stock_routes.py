"""The stock of products: admins change it and read its ledger, buyers ask what can be had."""

from litestar import get, post

from apps.edge.answers import Answer, success
from apps.edge.body import read_object
from apps.edge.calls import AnyRequest, as_admin, as_user
from apps.edge.fields import Fields
from apps.edge.query import query_of
from apps.products import operations as described
from apps.products.bodies import parse_items, parse_restock
from apps.products.desk import Desk
from apps.products.reading import parse_movements
from inventory_domain.messages import Document
from inventory_domain.money import to_number
from inventory_domain.use_cases.serve_stock import Availability
from inventory_domain.views import movement_view, product_view

__all__ = ["STOCK_ROUTES"]


@post(
    "/products/{id:str}/restock",
    status_code=200,
    tags=["stock"],
    summary="Receive units, or write them off",
    operation_class=described.Restock,
)
async def restock_product(request: AnyRequest, desk: Desk) -> Answer:
    """Change the stock by ``qty``; it never falls below zero."""
    call = as_admin(request)
    wanted = parse_restock(Fields(await read_object(request)))
    found = await desk.product(request.path_params["id"])
    product = await desk.stock.adjust(
        found.product_id,
        wanted.quantity,
        reason=wanted.reason,
        actor=call.caller.subject,
        trace=call.trace,
    )
    return success("Stock changed.", {"product": product_view(product)})


@get(
    "/products/{id:str}/movements",
    tags=["stock"],
    summary="Read the ledger of a product",
    operation_class=described.Movements,
)
async def list_movements(request: AnyRequest, desk: Desk) -> Answer:
    """Return one page of the changes of a product's stock, the newest first."""
    as_admin(request)
    found = await desk.product(request.path_params["id"])
    query, paging = parse_movements(found.product_id, query_of(request))
    page = await desk.store.find_movements(query)
    data = {"movements": [movement_view(x) for x in page.items], "count": len(page.items)}
    return success(f"Movements found: {page.total}.", data, meta=paging.meta(page.total))


@post(
    "/products/availability",
    status_code=200,
    tags=["stock"],
    summary="Ask what can be had now",
    operation_class=described.Availability,
)
async def ask_availability(request: AnyRequest, desk: Desk) -> Answer:
    """Tell for each item whether it can be had, or why not; nothing is held by asking."""
    as_user(request)
    found = await desk.stock.availability(parse_items(Fields(await read_object(request))))
    items = [_availability_view(one) for one in found]
    available = all(item["available"] for item in items)
    message = "Everything can be had." if available else "Not everything can be had."
    return success(message, {"available": available, "items": items, "count": len(items)})


def _availability_view(found: Availability) -> Document:
    view: Document = {
        "productId": found.line.product_id,
        "qty": found.line.quantity,
        "quantity": found.line.quantity,
        "available": found.refused is None,
        "stock": found.stock,
    }
    if found.refused is not None:
        view["reason"] = found.refused.reason
        if found.refused.price is not None:
            view["price"] = to_number(found.refused.price)
    return view


STOCK_ROUTES = (restock_product, list_movements, ask_availability)
