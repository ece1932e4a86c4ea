"""The whole: overview, samples for charts, audit, and an order's story."""

from litestar import get

from apps.edge.answers import Answer, success
from apps.edge.calls import AnyRequest, as_admin
from apps.edge.query import query_of
from apps.monitor import operations as described
from apps.monitor.audit_view import audit_view, chosen_products
from apps.monitor.desk import Desk
from apps.monitor.overview import overview
from apps.monitor.reading import parse_audit
from apps.monitor.story_view import story_view
from apps.monitor.views import sample_view

__all__ = ["SYSTEM_ROUTES"]


@get(
    "/overview",
    tags=["system"],
    summary="See how everything is",
    operation_class=described.Overview,
)
async def get_overview(request: AnyRequest, desk: Desk) -> Answer:
    """Return the health of every part and the few numbers that tell most."""
    as_admin(request)
    return success("This is how it is.", await overview(desk))


@get(
    "/samples",
    tags=["system"],
    summary="Read the last half hour",
    operation_class=described.SamplesSince,
)
async def list_samples(request: AnyRequest, desk: Desk) -> Answer:
    """Return the samples of the last half hour, or those since a time."""
    as_admin(request)
    fields = query_of(request)
    since = fields.time("since")
    fields.finish()
    found = [sample_view(sample) for sample in desk.samples.since(since)]
    return success(f"Samples found: {len(found)}.", {"samples": found, "count": len(found)})


@get("/audit", tags=["system"], summary="Audit the stock", operation_class=described.Audit)
async def get_audit(request: AnyRequest, desk: Desk) -> Answer:
    """Return one page of the products of the latest conservation audit.

    In a small shop it is run now. In a large one it is run at intervals: ``at`` says when.
    """
    as_admin(request)
    wanted, paging = parse_audit(query_of(request))
    audit = await desk.audits.recent()
    products = chosen_products(audit, wanted)
    start = (paging.page - 1) * paging.limit
    data = audit_view(audit, products[start : start + paging.limit])
    message = "Everything adds up." if audit.report.holds else "It does not add up."
    return success(message, data, meta=paging.meta(len(products)))


@get(
    "/orders/{id:str}/story",
    tags=["system"],
    summary="Read the story of an order",
    operation_class=described.Story,
)
async def get_story(request: AnyRequest, desk: Desk) -> Answer:
    """Return everything that carries the order's id, in time."""
    as_admin(request)
    story = await desk.story(request.path_params["id"])
    return success("Story found.", story_view(story, desk.pushes_of(story.order_id)))


SYSTEM_ROUTES = (get_overview, list_samples, get_audit, get_story)
