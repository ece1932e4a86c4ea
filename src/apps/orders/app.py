"""The orders service as a web app, over one container."""

from collections.abc import Sequence

from litestar import Litestar
from litestar.types import ControllerRouterHandler

from apps.container import Container
from apps.edge.app import Edge, Lifespan, create_app
from apps.edge.auth import TokenVerifier
from apps.edge.limits import rate_of
from apps.orders.demo import DEMO_SCHEMAS, demo_token_route
from apps.orders.desk import OrderDesk
from apps.orders.routes import ROUTES
from apps.orders.shapes import SCHEMAS
from apps.workers import Supervisor
from inventory_domain.ids import OrderId

__all__ = ["create_orders_app"]

_DESCRIPTION = """\
Place orders, follow them, change and cancel them. An order is stored before it is answered; its
stock is reserved behind the answer, which `stockState` and the Socket.IO events tell.
"""


def create_orders_app(
    container: Container,
    *,
    verifier: TokenVerifier | None = None,
    supervisor: Supervisor | None = None,
    lifespan: Sequence[Lifespan] = (),
    pages: Sequence[ControllerRouterHandler] = (),
) -> Litestar:
    """Return the app; *supervisor* keeps the workers that ``/health/ready`` speaks of.

    Tokens are verified by *verifier*, or with the secret of the settings.

    Raises:
        ValueError: there is neither.
    """
    settings = container.settings()
    secret = settings.access_token_secret
    if verifier is None and secret is None:
        raise ValueError("ACCESS_TOKEN_SECRET is not set")
    store = container.order_store()
    edge = Edge(
        verifier=verifier or TokenVerifier(secret or "", settings.issuer),
        probes={"order store": lambda: store.get([OrderId("ready")])},
        supervisor=supervisor,
        cors_origins=settings.cors_origins,
        rate=rate_of(settings.rate_limit_per_second),
        lifespan=lifespan,
    )
    demo = [demo_token_route(secret, settings.issuer)] if settings.demo and secret else []
    desk = OrderDesk(store, container.change_order())
    return create_app(
        edge,
        service="orders-service",
        title="Orders",
        description=_DESCRIPTION,
        routes=[*ROUTES, *demo],
        provide={"place_order": container.place_order, "desk": lambda: desk},
        schemas={**SCHEMAS, **(DEMO_SCHEMAS if demo else {})},
        pages=pages,
    )
