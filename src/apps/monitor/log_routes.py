"""The log: topics, messages, groups."""

from litestar import get

from apps.edge.answers import Answer, success
from apps.edge.calls import AnyRequest, as_admin
from apps.edge.query import query_of
from apps.monitor import operations as described
from apps.monitor.desk import Desk
from apps.monitor.reading import parse_messages
from apps.monitor.views import group_view, page_meta, record_view, topic_view

__all__ = ["LOG_ROUTES"]


@get("/topics", tags=["log"], summary="List topics", operation_class=described.Topics)
async def list_topics(request: AnyRequest, desk: Desk) -> Answer:
    """Return every topic with its partitions, and the lag of the groups that read it."""
    as_admin(request)
    look = await desk.watch.look()
    found = [topic_view(topic, look) for topic in look.topics]
    return success(f"Topics found: {len(found)}.", {"topics": found, "count": len(found)})


@get(
    "/topics/{name:str}/messages",
    tags=["log"],
    summary="Read messages",
    operation_class=described.Messages,
)
async def list_messages(request: AnyRequest, desk: Desk) -> Answer:
    """Return messages of a topic: the newest, or those around a place, filtered or not."""
    as_admin(request)
    topic = await desk.topic(request.path_params["name"])
    query = parse_messages(query_of(request), topic)
    reader = desk.messages(topic, query.wanted, query.limit)
    page = await (reader.newer(query.after) if query.after else reader.older(query.before))
    whole = query.limit == 1
    found = [record_view(record, whole=whole) for record in page.records]
    data = {"messages": found, "count": len(found), **page_meta(page)}
    return success(f"Messages found: {len(found)}.", data)


@get("/groups", tags=["log"], summary="List consumer groups", operation_class=described.Groups)
async def list_groups(request: AnyRequest, desk: Desk) -> Answer:
    """Return every consumer group with its members and how far it is behind."""
    as_admin(request)
    found = [group_view(group) for group in (await desk.watch.look()).groups]
    return success(f"Groups found: {len(found)}.", {"groups": found, "count": len(found)})


LOG_ROUTES = (list_topics, list_messages, list_groups)
