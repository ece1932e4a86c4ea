"""Assemble an app: routes behind the gate, with everything that every app of ours has."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import attrs
from litestar import Litestar, Router, get
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import ScalarRenderPlugin, SwaggerRenderPlugin
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from apps.edge.auth import TokenVerifier
from apps.edge.body import BODY_BYTES_MAX
from apps.edge.calls import AnyRequest
from apps.edge.describe import JsonSchema, components
from apps.edge.errors import EXCEPTION_HANDLERS
from apps.edge.gate import Gate
from apps.edge.health import Probe, health_routes
from apps.edge.limits import Rate, RateLimit
from apps.edge.metrics import HttpMetrics
from apps.edge.preflight import Preflights
from apps.edge.schema import SCHEMA_PATH, SchemaByAccept
from apps.workers import Supervisor

__all__ = ["API_PREFIX", "Edge", "Lifespan", "create_app"]

API_PREFIX = "/api/v1"
VERSION = "1.0.0"

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


@attrs.frozen(kw_only=True)
class Edge:
    """What an app's edge needs from outside.

    *probes* are asked by ``/health/ready``, beside the workers of *supervisor*. Without a
    *rate* there is no limit. *lifespan* is entered when the server starts the app.
    """

    verifier: TokenVerifier
    probes: Mapping[str, Probe] = attrs.field(factory=dict)
    supervisor: Supervisor | None = None
    cors_origins: Sequence[str] = ()
    rate: Rate | None = None
    lifespan: Sequence[Lifespan] = ()


def create_app(
    edge: Edge,
    *,
    service: str,
    title: str,
    description: str,
    routes: Sequence[ControllerRouterHandler],
    provide: Mapping[str, Callable[[], Any]],
    schemas: Mapping[str, JsonSchema],
    pages: Sequence[ControllerRouterHandler] = (),
) -> Litestar:
    """Return an app that serves *routes* under ``/api/v1``, and *pages* where they say.

    *provide* gives what handlers ask for as ``NamedDependency``, by name. *schemas* are the
    shapes that the routes' descriptions refer to.
    """
    metrics = HttpMetrics(service)
    cors = _cors(edge.cors_origins)
    limits = [] if edge.rate is None else [RateLimit(edge.rate)]
    app = Litestar(
        route_handlers=[
            Router(API_PREFIX, route_handlers=routes, middleware=limits),
            *health_routes(metrics, edge.probes, edge.supervisor),
            schema_beside_api,
            *pages,
        ],
        dependencies={name: _provide(source) for name, source in provide.items()},
        exception_handlers=EXCEPTION_HANDLERS,
        cors_config=cors,
        openapi_config=_openapi(title, description, schemas),
        lifespan=list(edge.lifespan),
        request_max_body_size=BODY_BYTES_MAX,
        # Logging is the process's own business, set up once for all of its apps.
        logging_config=None,
    )
    _describe_shapes(app, schemas)
    handler = app.asgi_handler if cors is None else Preflights(app.asgi_handler, cors)
    app.asgi_handler = Gate(SchemaByAccept(handler), edge.verifier, metrics)
    return app


@get(
    [f"{API_PREFIX}{SCHEMA_PATH}", f"{API_PREFIX}{SCHEMA_PATH}/{{page:path}}"],
    include_in_schema=False,
)
async def schema_beside_api(request: AnyRequest) -> Redirect:
    """Lead from beside the API to the root, where the description is."""
    return Redirect(request.scope["path"].removeprefix(API_PREFIX))


def _provide(source: Callable[[], Any]) -> Provide:
    # A provider of the container is not a function, which Litestar wants to see here.
    def give() -> Any:  # noqa: ANN401 - handlers name the type
        return source()

    return Provide(give, sync_to_thread=False)


def _cors(origins: Sequence[str]) -> CORSConfig | None:
    if not origins:
        return None
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "X-Request-Id",
            "traceparent",
        ],
        expose_headers=["ETag", "Retry-After", "X-Request-Id"],
    )


def _describe_shapes(app: Litestar, schemas: Mapping[str, JsonSchema]) -> None:
    # Litestar puts what it reads from signatures in the place of all shapes that it was given.
    document = app.openapi_schema.components
    document.schemas = {**(document.schemas or {}), **(components(schemas).schemas or {})}


def _openapi(title: str, description: str, schemas: Mapping[str, JsonSchema]) -> OpenAPIConfig:
    return OpenAPIConfig(
        title=title,
        version=VERSION,
        path=SCHEMA_PATH,
        description=description,
        components=components(schemas),
        render_plugins=[ScalarRenderPlugin(), SwaggerRenderPlugin()],
    )
