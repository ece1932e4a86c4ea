"""The products service as a web app, over one container."""

from collections.abc import Sequence

from litestar import Litestar
from litestar.types import ControllerRouterHandler

from apps.container import Container
from apps.edge.app import Edge, Lifespan, create_app
from apps.edge.auth import TokenVerifier
from apps.edge.limits import rate_of
from apps.products.catalogue_routes import CATALOGUE_ROUTES
from apps.products.desk import ProductDesk
from apps.products.reservation_routes import RESERVATION_ROUTES
from apps.products.shapes import SCHEMAS
from apps.products.stock_routes import STOCK_ROUTES
from apps.workers import Supervisor
from inventory_domain.ids import ProductId

__all__ = ["create_products_app"]

_DESCRIPTION = """\
Read the catalogue and keep it, change the stock and read its ledger, reserve for orders. What is
reserved by call and by message follows the same rules and is told by the same events.
"""


def create_products_app(
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
    store = container.stock_store()
    edge = Edge(
        verifier=verifier or TokenVerifier(secret or "", settings.issuer),
        probes={"stock store": lambda: store.load((), [ProductId("ready")])},
        supervisor=supervisor,
        cors_origins=settings.cors_origins,
        rate=rate_of(settings.rate_limit_per_second),
        lifespan=lifespan,
    )
    desk = ProductDesk(store, container.keep_catalogue(), container.serve_stock())
    return create_app(
        edge,
        service="products-service",
        title="Products",
        description=_DESCRIPTION,
        routes=[*CATALOGUE_ROUTES, *STOCK_ROUTES, *RESERVATION_ROUTES],
        provide={"desk": lambda: desk},
        schemas=SCHEMAS,
        pages=pages,
    )
