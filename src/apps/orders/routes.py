"""The routes of orders: each reads, asks a use case, and answers."""

from litestar import get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.types import ControllerRouterHandler

from apps.edge.answers import Answer, etag, success
from apps.edge.body import read_body, read_object
from apps.edge.calls import AnyRequest, as_admin, as_user
from apps.edge.query import Paging
from apps.orders import operations as described
from apps.orders.bodies import (
    parse_details,
    parse_idempotency_key,
    parse_reason,
    parse_status_change,
)
from apps.orders.desk import OrderDesk
from apps.orders.quick import read_draft
from apps.orders.reading import expected_version, parse_order_query
from apps.words import counted
from inventory_domain.errors import InvalidRequest
from inventory_domain.ids import UserId, id_fault
from inventory_domain.order_requests import OrderChange
from inventory_domain.orders import Order
from inventory_domain.queries import Page
from inventory_domain.use_cases.place_order import PlaceOrder
from inventory_domain.views import history_view, order_view, status_views

__all__ = ["ROUTES"]

Desk = NamedDependency[SkipValidation[OrderDesk]]
Place = NamedDependency[SkipValidation[PlaceOrder]]


@post("/orders", operation_class=described.Place, summary="Place an order", tags=["orders"])
async def place(request: AnyRequest, place_order: Place) -> Answer:
    """Store the order with the request for its stock, then answer."""
    call = as_user(request)
    body = await read_body(request)
    draft = read_draft(body, call.caller, parse_idempotency_key(call, body))
    placed = await place_order(draft, actor=call.actor, trace=call.trace)
    return _one(placed.order, "The order is placed.", status=200 if placed.repeated else 201)


@get("/orders", operation_class=described.List, summary="Find orders", tags=["orders"])
async def find(request: AnyRequest, desk: Desk) -> Answer:
    """Answer one page of all orders that match."""
    as_admin(request)
    query, paging = parse_order_query(request)
    return _page(await desk.store.find(query), paging)


@get(
    "/orders/user/{userId:str}",
    operation_class=described.ListOfUser,
    summary="Find one user's orders",
    tags=["orders"],
)
async def find_own(request: AnyRequest, desk: Desk) -> Answer:
    """Answer one page of a user's orders that match."""
    call = as_user(request)
    user_id: str = request.path_params["userId"]
    call.require_own(user_id)
    fault = id_fault(user_id)
    if fault is not None:
        raise InvalidRequest(fields={"userId": fault})
    query, paging = parse_order_query(request, UserId(user_id))
    return _page(await desk.store.find(query), paging)


@get("/orders/{id:str}", operation_class=described.Get, summary="Read an order", tags=["orders"])
async def read(request: AnyRequest, desk: Desk) -> Answer:
    """Answer the order as it is now."""
    order = await desk.order(request.path_params["id"], as_user(request))
    return _one(order, "The order as it is now.")


@get(
    "/orders/{id:str}/history",
    operation_class=described.History,
    summary="Read what became of an order",
    tags=["orders"],
)
async def history(request: AnyRequest, desk: Desk) -> Answer:
    """Answer every change with time, actor and reason, oldest first."""
    order = await desk.order(request.path_params["id"], as_user(request))
    entries = [history_view(entry) for entry in order.history]
    data = {"orderId": order.order_id, "history": entries, "count": len(entries)}
    return success("The changes of the order, oldest first.", data, headers=[etag(order.version)])


@patch(
    "/orders/{id:str}/status",
    operation_class=described.ChangeStatus,
    summary="Move an order to another status",
    tags=["orders"],
)
async def change_status(request: AnyRequest, desk: Desk) -> Answer:
    """Move the order, if the table of moves and its stock allow it."""
    call = as_admin(request)
    status, reason = parse_status_change(await read_object(request))
    order = await desk.order(request.path_params["id"], call)
    change = await desk.change.status(
        order.order_id,
        status,
        actor=call.actor,
        reason=reason,
        expected_version=expected_version(call),
        trace=call.trace,
    )
    return _moved(change)


@patch(
    "/orders/{id:str}/cancel",
    operation_class=described.Cancel,
    summary="Cancel an order",
    tags=["orders"],
)
async def cancel(request: AnyRequest, desk: Desk) -> Answer:
    """Cancel the order and give its stock back; owners can until it is shipped."""
    call = as_user(request)
    reason = parse_reason(await read_object(request))
    order = await desk.order(request.path_params["id"], call)
    change = await desk.change.cancel(
        order.order_id,
        actor=call.actor,
        reason=reason,
        expected_version=expected_version(call),
        trace=call.trace,
    )
    return _moved(change)


@put(
    "/orders/{id:str}",
    operation_class=described.ChangeDetails,
    summary="Change an order's address, payment or tracking",
    tags=["orders"],
)
async def change_details(request: AnyRequest, desk: Desk) -> Answer:
    """Change what is given; items never change."""
    call = as_user(request)
    details = parse_details(await read_object(request), call.caller)
    order = await desk.order(request.path_params["id"], call)
    change = await desk.change.details(
        order.order_id, details, actor=call.actor, expected_version=expected_version(call)
    )
    return _one(change.order, "The order as it is now.")


@get(
    "/order-statuses",
    operation_class=described.Statuses,
    summary="Read the statuses and their allowed moves",
    tags=["orders"],
)
async def statuses() -> Answer:
    """Answer the table of moves as data."""
    views = status_views()
    return success(
        "The statuses and their allowed moves.", {"statuses": views, "count": len(views)}
    )


ROUTES: list[ControllerRouterHandler] = [
    place,
    find,
    find_own,
    read,
    history,
    change_status,
    cancel,
    change_details,
    statuses,
]
"""Every route of orders, for the router of the API."""


def _one(order: Order, message: str, *, status: int = 200) -> Answer:
    data = {"order": order_view(order)}
    return success(message, data, status=status, headers=[etag(order.version)])


def _page(page: Page[Order], paging: Paging) -> Answer:
    orders = [order_view(order) for order in page.items]
    message = f"{counted(page.total, 'order matches', 'orders match')}."
    return success(message, {"orders": orders, "count": len(orders)}, meta=paging.meta(page.total))


def _moved(change: OrderChange) -> Answer:
    order = change.order
    old = (change.before or order).status
    data = {
        "order": order_view(order),
        "oldStatus": int(old),
        "oldStatusLabel": old.label,
        "newStatus": int(order.status),
        "newStatusLabel": order.status.label,
    }
    message = f"The order is {order.status.label.lower()}."
    return success(message, data, headers=[etag(order.version)])
