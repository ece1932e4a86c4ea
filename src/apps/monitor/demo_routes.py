"""The demo's switches over HTTP. An app outside the embedded demo does not have these routes."""

from collections.abc import Sequence

from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from apps.access import is_at_home
from apps.edge.answers import Answer, success
from apps.edge.body import read_object
from apps.edge.calls import AnyRequest, as_admin
from apps.edge.fields import Fields
from apps.monitor import operations as described
from apps.monitor.reading import parse_switch
from apps.monitor.switches import Switches
from apps.monitor.views import switches_view

__all__ = ["demo_routes"]


def demo_routes(switches: Switches) -> Sequence[HTTPRouteHandler]:
    """Return the routes that move *switches*."""

    def answer(message: str) -> Answer:
        return success(message, switches_view(switches))

    @get("/demo", tags=["demo"], summary="See the switches", operation_class=described.Demo)
    async def see(request: AnyRequest) -> Answer:
        _let_in(request)
        return answer("These are the switches.")

    @post(
        "/demo/consumer",
        status_code=200,
        tags=["demo"],
        summary="Stop or start the products consumer",
        operation_class=described.Switch,
    )
    async def set_consumer(request: AnyRequest) -> Answer:
        _let_in(request)
        switches.set_consumer(runs=parse_switch(Fields(await read_object(request))))
        return answer("Done.")

    @post(
        "/demo/pushes",
        status_code=200,
        tags=["demo"],
        summary="Cut or join the push channel",
        operation_class=described.Switch,
    )
    async def set_pushes(request: AnyRequest) -> Answer:
        _let_in(request)
        await switches.set_pushes(flow=parse_switch(Fields(await read_object(request))))
        return answer("Done.")

    @post(
        "/demo/redeliver",
        status_code=200,
        tags=["demo"],
        summary="Deliver the last hundred messages again",
        operation_class=described.Redeliver,
    )
    async def redeliver(request: AnyRequest) -> Answer:
        _let_in(request)
        return answer(f"Delivered again: {await switches.redeliver()}.")

    @post(
        "/demo/outage",
        status_code=200,
        tags=["demo"],
        summary="Take the stock store away for ten seconds",
        operation_class=described.Redeliver,
    )
    async def take_away(request: AnyRequest) -> Answer:
        _let_in(request)
        switches.take_stock_away()
        return answer("It is away.")

    return (see, set_consumer, set_pushes, redeliver, take_away)


def _let_in(request: AnyRequest) -> None:
    if not is_at_home(request.headers):
        raise NotFoundException
    as_admin(request)
