"""The web pages of the shop and of its admins, as an app that serves files and nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from litestar import Litestar

from apps.container import Container
from apps.edge.app import Edge, Lifespan, create_app
from apps.edge.auth import TokenVerifier
from apps.pages.site import Shell, site_routes
from apps.workers import Supervisor

__all__ = ["create_storefront_app"]

_STATIC: Final = Path(__file__).parent / "static"
_SHELLS: Final = (
    Shell(
        title="Fieldhouse",
        entry="/shop/main.js",
        styles=["/shop/shop.css"],
        paths=["/", "/products/*", "/cart", "/checkout", "/orders", "/orders/*", "/sign-in"],
    ),
    Shell(
        title="Fieldhouse admin",
        entry="/admin-files/main.js",
        styles=["/modules/uplot.css", "/admin-files/admin.css"],
        paths=["/admin", "/admin/*"],
        admins_only=True,
    ),
)
_FOLDERS: Final = {
    "shop": _STATIC / "shop",
    "admin-files": _STATIC / "admin",
    "images": _STATIC / "images",
}
_DESCRIPTION: Final = "Web pages. What is on them comes from the orders and products services."


def create_storefront_app(
    container: Container,
    *,
    verifier: TokenVerifier,
    supervisor: Supervisor | None = None,
    lifespan: Sequence[Lifespan] = (),
) -> Litestar:
    """Return the app; *supervisor* keeps the workers that ``/health/ready`` speaks of."""
    return create_app(
        Edge(verifier=verifier, supervisor=supervisor, lifespan=lifespan),
        service="storefront",
        title="Storefront",
        description=_DESCRIPTION,
        routes=[],
        provide={},
        schemas={},
        pages=site_routes(container.settings(), _SHELLS, _FOLDERS),
    )
