"""What every app has: ids, envelopes, limits, health, metrics, and never a traceback."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from apps.edge.errors import STATUS
from inventory_domain.errors import (
    DependencyUnavailable,
    DomainError,
    OrderChanged,
    RefusedLine,
    Shortage,
)
from inventory_domain.ids import OrderId, ProductId
from tests.support.edge_app import app_of, call, fault
from tests.support.orders_app import bearer, client_of


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


def every_code() -> set[str]:
    found, left = set(), [DomainError]
    while left:
        kind = left.pop()
        found.add(kind.code)
        left.extend(kind.__subclasses__())
    return found


def test_every_refusal_of_the_domain_has_a_status_and_a_title() -> None:
    assert every_code() <= STATUS.keys()
    assert all(400 <= status < 600 and title for status, title in STATUS.values())


@pytest.mark.parametrize("sent", ["abc-1.2_3", "A" * 128])
async def test_a_sane_request_id_is_kept(sent: str) -> None:
    answer = await call(app_of(), "GET", "/api/v1/echo", headers={"X-Request-Id": sent})

    assert answer.headers["x-request-id"] == sent
    assert answer.json()["data"]["id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "a/b", "A" * 129, "é", "<script>"])
async def test_another_request_id_is_replaced(sent: str) -> None:
    headers = [(b"X-Request-Id", sent.encode())]
    answer = await call(app_of(), "GET", "/api/v1/echo", headers=headers)

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_a_traceparent_is_carried_on_if_it_is_one() -> None:
    good = f"00-{'a' * 32}-{'b' * 16}-01"
    for sent, kept in ((good, good), ("00-xyz", None)):
        answer = await call(app_of(), "GET", "/api/v1/echo", headers={"traceparent": sent})
        assert answer.json()["data"]["trace"] == kept


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/nowhere", 404),
        ("DELETE", "/api/v1/echo", 405),
        ("FOO", "/api/v1/echo", 405),
        ("POST", "/api/v1/body", 401),
    ],
)
async def test_every_failure_has_the_envelope_and_an_id(
    method: str, path: str, status: int
) -> None:
    answer = await call(app_of(), method, path)

    assert answer.status_code == status
    assert answer.headers["x-request-id"]
    body = answer.json()
    assert body["success"] is False
    assert body["statusCode"] == status
    assert body["error"]
    assert body["message"]


async def test_a_refused_caller_is_told_how_to_sign_in() -> None:
    answer = await call(app_of(), "POST", "/api/v1/body", headers={"Authorization": "Basic x"})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer" in answer.json()["message"]


async def test_roles_are_looked_at() -> None:
    app = app_of()
    for role, status in (("service", 200), ("admin", 200), ("user", 403)):
        answer = await call(app, "GET", "/api/v1/service", headers=bearer("x", role))
        assert answer.status_code == status, role


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_bound_is_refused(*, announced: bool) -> None:
    body = b'{"a":"' + b"x" * (2 * 1024 * 1024) + b'"}'

    async def pieces() -> Any:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    content: Any = body if announced else pieces()
    answer = await call(app_of(), "POST", "/api/v1/body", content=content, headers=bearer("anna"))

    assert answer.status_code == 413
    assert answer.json()["bytesMax"] == 1024 * 1024


async def test_a_body_in_pieces_is_put_together() -> None:
    async def pieces() -> Any:
        for piece in (b'{"a"', b":", b"1}"):
            yield piece

    answer = await call(app_of(), "POST", "/api/v1/body", content=pieces(), headers=bearer("anna"))

    assert answer.json()["data"] == {"a": 1}


async def test_a_client_that_leaves_while_it_sends_changes_nothing() -> None:
    messages: list[Any] = [
        {"type": "http.request", "body": b'{"a"', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []
    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/body",
        "raw_path": b"/api/v1/body",
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(k.lower().encode(), v.encode()) for k, v in bearer("anna").items()],
        "client": None,
        "server": ("x", 80),
    }

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app_of()(scope, receive, send)

    assert sent[0]["status"] == 400


async def test_an_unforeseen_error_says_nothing_of_itself_but_its_id(quiet_log: list[Any]) -> None:
    app = app_of(fault("boom", ValueError("secret detail")))
    answer = await call(app, "GET", "/api/v1/boom")

    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert answer.json()["requestId"] == answer.headers["x-request-id"]
    [entry] = quiet_log
    assert entry["event"] == "request_failed"
    assert entry["correlation_id"] == answer.headers["x-request-id"]


async def test_an_error_before_routing_is_answered_too(quiet_log: list[Any]) -> None:
    app = app_of()

    async def broken(*_: object) -> None:
        raise RuntimeError

    app.asgi_handler._app = broken  # type: ignore[attr-defined]
    answer = await call(app, "GET", "/api/v1/echo")

    assert answer.status_code == 500
    assert answer.headers["x-request-id"]


async def test_refusals_carry_what_they_know() -> None:
    lines = (
        RefusedLine(
            product_id=ProductId("LAMP"), wanted=5, available=2, reason="insufficient_stock"
        ),
    )
    app = app_of(
        fault("short", Shortage(order_id=OrderId("o1"), lines=lines)),
        fault("changed", OrderChanged(order_id=OrderId("o1"), status="Shipped", version=7)),
    )
    short = (await call(app, "GET", "/api/v1/short")).json()
    changed = (await call(app, "GET", "/api/v1/changed")).json()

    assert short["statusCode"] == 409
    assert short["orderId"] == "o1"
    [line] = short["lines"]
    assert (line["productId"], line["quantity"], line["available"]) == ("LAMP", 5, 2)
    assert (changed["status"], changed["version"]) == ("Shipped", 7)


async def test_a_dependency_that_is_down_is_503_without_its_drivers_words() -> None:
    error = DependencyUnavailable(dependency="order store", reason="mongodb://u:password@h")
    answer = await call(app_of(fault("down", error)), "GET", "/api/v1/down")

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "password" not in answer.text
    assert answer.json()["dependency"] == "order store"


async def test_the_schema_document_has_an_address_of_its_own() -> None:
    document = (await call(app_of(), "GET", "/schema/openapi.json")).json()

    assert document["info"]["title"] == "Test"
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


@pytest.mark.parametrize("path", ["/schema", "/schema/", "/api/v1/schema"])
@pytest.mark.parametrize("accept", [None, "*/*", "", "application/json", "application/yaml"])
async def test_whoever_asks_for_no_page_gets_the_schema_as_json(
    path: str, accept: str | None
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    async with client_of(app_of()) as client:
        if accept is None:
            del client.headers["Accept"]
        answer = await client.get(path, headers=headers, follow_redirects=True)
        document = await client.get("/schema/openapi.json")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["vary"] == "Accept"
    assert answer.json() == document.json()


@pytest.mark.parametrize("path", ["/schema", "/schema/", "/api/v1/schema"])
@pytest.mark.parametrize("accept", ["text/html", "text/html,application/xml;q=0.9,*/*;q=0.8"])
async def test_a_browser_gets_the_schema_as_a_page(path: str, accept: str) -> None:
    async with client_of(app_of()) as client:
        page = await client.get(path, headers={"Accept": accept}, follow_redirects=True)

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["vary"] == "Accept"
    assert "<html" in page.text


async def test_the_schema_varies_by_origin_as_well_where_others_may_read_it() -> None:
    app = app_of(cors_origins=["http://shop.test"])
    answer = await call(app, "GET", "/schema", headers={"Origin": "http://shop.test"})

    assert answer.headers.get_list("vary") == ["Origin", "Accept"]


async def test_the_schema_takes_no_other_method() -> None:
    answer = await call(app_of(), "POST", "/schema")

    assert answer.status_code == 405
    assert answer.json()["statusCode"] == 405


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "many"])
async def test_an_absurd_content_length_breaks_nothing(length: str) -> None:
    headers = [(b"content-length", length.encode())]
    answer = await call(app_of(), "GET", "/api/v1/echo", headers=headers)

    assert answer.status_code == 200
