"""Health and metrics: what a load balancer and an operator ask for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler

from apps.edge.answers import Answer, failure, success
from apps.edge.describe import obj, operation
from apps.edge.metrics import CONTENT_TYPE, HttpMetrics
from apps.workers import Supervisor
from inventory_domain.errors import DomainError

__all__ = ["Probe", "health_routes"]

Probe = Callable[[], Awaitable[object]]
"""Asks one dependency for a sign of life; whatever it raises, the dependency is down."""

_PROBE_SECONDS_MAX = 2.0

_STATUS = obj({"status": {"type": "string"}}, ["status"])
_Live = operation(answers={200: ("The process is alive.", _STATUS)}, signed_in=False)
_Ready = operation(answers={200: ("Everything it needs is there.", _STATUS)}, signed_in=False)


def _both(path: str) -> list[str]:
    # At the root, where operators look, and beside the rest of the API.
    return [path, f"/api/v1{path}"]


def health_routes(
    metrics: HttpMetrics, probes: Mapping[str, Probe], supervisor: Supervisor | None
) -> list[HTTPRouteHandler]:
    """Return the routes for anyone: live, ready, metrics."""

    @get(_both("/health/live"), tags=["health"], summary="Is it alive?", operation_class=_Live)
    async def live() -> Answer:
        return success("Alive.", {"status": "live"})

    @get(_both("/health/ready"), tags=["health"], summary="Can it work?", operation_class=_Ready)
    async def ready() -> Answer:
        down = {**await _failing(probes), **_troubled(supervisor)}
        if not down:
            return success("Ready.", {"status": "ready"})
        message = f"Not ready, down: {', '.join(sorted(down))}. Try again shortly."
        details = {"code": "not_ready", "down": down}
        headers = [(b"retry-after", b"1")]
        return failure(503, "Not ready", message, details=details, headers=headers)

    @get(_both("/metrics"), include_in_schema=False, media_type=MediaType.TEXT)
    async def scrape() -> Response[bytes]:
        # As a media type it would be given a second charset.
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE})

    return [live, ready, scrape]


async def _failing(probes: Mapping[str, Probe]) -> dict[str, str]:
    faults = await asyncio.gather(*[_fault(probe) for probe in probes.values()])
    return {name: fault for name, fault in zip(probes, faults, strict=True) if fault is not None}


async def _fault(probe: Probe) -> str | None:
    try:
        async with asyncio.timeout(_PROBE_SECONDS_MAX):
            await probe()
    except TimeoutError:
        return f"no answer within {_PROBE_SECONDS_MAX:g} s"
    except DomainError as fault:
        return fault.message()
    except Exception as fault:  # noqa: BLE001 - whatever a driver raises, the dependency is down
        return type(fault).__name__
    return None


def _troubled(supervisor: Supervisor | None) -> dict[str, str]:
    states = () if supervisor is None else supervisor.states()
    # What comes before the colon names the trouble; what follows may be a driver's words, with
    # an address or a password in them.
    return {state.name: state.fault.split(":")[0] for state in states if state.fault is not None}
