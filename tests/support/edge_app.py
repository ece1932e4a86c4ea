"""A small app behind the edge, and a way to call it."""

from typing import Any

import httpx
from litestar import Litestar, get, post

from apps.edge.answers import Answer, success
from apps.edge.app import Edge, create_app
from apps.edge.auth import TokenVerifier
from apps.edge.body import read_object
from apps.edge.calls import AnyRequest, as_service, as_user, call_of
from apps.edge.describe import operation
from tests.support.orders_app import ISSUER, SECRET, client_of

__all__ = ["app_of", "call", "fault"]

ANY = operation(answers={200: ("Anything.", {"type": "object"})})


@get("/echo", operation_class=ANY)
async def echo(request: AnyRequest) -> Answer:
    call = call_of(request)
    return success("Here.", {"id": call.request_id, "trace": call.traceparent})


@post("/body", operation_class=ANY)
async def take(request: AnyRequest) -> Answer:
    as_user(request)
    return success("Taken.", await read_object(request))


@get("/service", operation_class=ANY)
async def serve(request: AnyRequest) -> Answer:
    as_service(request)
    return success("Served.", None)


def fault(name: str, error: Exception) -> Any:
    @get(f"/{name}", operation_class=ANY, name=name)
    async def fail(request: AnyRequest) -> Answer:
        raise error

    return fail


def app_of(*more: Any, **edge: Any) -> Litestar:
    return create_app(
        Edge(verifier=TokenVerifier(SECRET, ISSUER), **edge),
        service="test-service",
        title="Test",
        description="A test.",
        routes=[echo, take, serve, *more],
        provide={},
        schemas={},
    )


async def call(app: Litestar, method: str, path: str, **named: Any) -> httpx.Response:
    async with client_of(app) as client:
        return await client.request(method, path, **named)
