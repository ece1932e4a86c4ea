"""Reservations by call: the same decisions, ledger and events as by message, answered at once."""

from litestar import delete, get, post

from apps.edge.answers import Answer, success
from apps.edge.body import read_object
from apps.edge.calls import AnyRequest, Call, as_service
from apps.edge.fields import Fields
from apps.edge.query import query_of
from apps.products import operations as described
from apps.products.bodies import (
    DEFAULT_RELEASE_REASON,
    REASON_LENGTH_MAX,
    Claim,
    parse_claim,
    parse_line_claim,
    parse_line_release,
)
from apps.products.desk import Desk, ProductDesk
from inventory_domain.stock import Reservation
from inventory_domain.views import reservation_view

__all__ = ["RESERVATION_ROUTES"]


@post(
    "/reservations",
    tags=["reservations"],
    summary="Reserve all items of an order, or none",
    operation_class=described.Reserve,
)
async def reserve(request: AnyRequest, desk: Desk) -> Answer:
    """Reserve at once; the same request again is answered with 200 and takes nothing."""
    call = as_service(request)
    claim = parse_claim(Fields(await read_object(request)))
    return await _reserve(desk, call, claim)


@get(
    "/reservations/{orderId:str}",
    tags=["reservations"],
    summary="Read the reservation of an order",
    operation_class=described.GetReservation,
)
async def get_reservation(request: AnyRequest, desk: Desk) -> Answer:
    """Return an order's reservation in whatever state it is."""
    as_service(request)
    return _answer("Reservation found.", await desk.reservation(request.path_params["orderId"]))


@delete(
    "/reservations/{orderId:str}",
    status_code=200,
    tags=["reservations"],
    summary="Give back what an order holds",
    operation_class=described.Release,
)
async def release(request: AnyRequest, desk: Desk) -> Answer:
    """Release at once and for good; an order that holds nothing takes nothing from then on."""
    call = as_service(request)
    fields = query_of(request)
    reason = fields.text("reason", length_max=REASON_LENGTH_MAX) or DEFAULT_RELEASE_REASON
    # A reason in the body would be lost without a word.
    body = Fields(await read_object(request))
    body.refuse_unknown()
    for name, fault in body.faults.items():
        fields.refuse(name, fault)
    fields.finish()
    after = await desk.stock.release(
        desk.order_id(request.path_params["orderId"]), reason=reason, trace=call.trace
    )
    return _answer("Nothing is held.", after)


@post(
    "/products/{id:str}/reserve",
    tags=["reservations"],
    summary="Reserve one product for an order",
    operation_class=described.ReserveLine,
)
async def reserve_line(request: AnyRequest, desk: Desk) -> Answer:
    """Reserve an order of one line; see ``POST /reservations``."""
    call = as_service(request)
    claim = parse_line_claim(Fields(await read_object(request)), request.path_params["id"])
    await desk.product(request.path_params["id"])
    return await _reserve(desk, call, claim)


@post(
    "/products/{id:str}/release",
    status_code=200,
    tags=["reservations"],
    summary="Give back the one product that an order holds",
    operation_class=described.ReleaseLine,
)
async def release_line(request: AnyRequest, desk: Desk) -> Answer:
    """Release an order of exactly this line; an order of others is left alone."""
    call = as_service(request)
    claim = parse_line_release(Fields(await read_object(request)), request.path_params["id"])
    await desk.product(request.path_params["id"])
    after = await desk.stock.release(
        claim.order_id, reason=claim.reason, only=claim.held, trace=call.trace
    )
    return _answer("Nothing is held.", after)


async def _reserve(desk: ProductDesk, call: Call, claim: Claim) -> Answer:
    done = await desk.stock.reserve(
        claim.order_id, claim.lines, order_number=claim.order_number, trace=call.trace
    )
    if done.repeated:
        return _answer("Reserved already.", done.reservation)
    return _answer("Reserved.", done.reservation, status=201)


def _answer(message: str, reservation: Reservation, *, status: int = 200) -> Answer:
    return success(message, {"reservation": reservation_view(reservation)}, status=status)


RESERVATION_ROUTES = (reserve, get_reservation, release, reserve_line, release_line)
