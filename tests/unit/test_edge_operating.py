"""What operators rely on: limits, CORS, health and metrics."""

import asyncio
from typing import Any

import pytest

from apps.edge.auth import Unauthenticated
from apps.edge.calls import Call
from apps.edge.errors import TooManyRequests
from apps.edge.limits import Rate, RateLimit, rate_of
from apps.workers import Supervisor
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.testing.fakes.clock import VirtualClock
from tests.support.edge_app import app_of, call
from tests.support.orders_app import OrdersWorld, bearer, client_of


class TestRateLimit:
    def call(self, address: str) -> Call:
        return Call(request_id="r", address=address, identity=Unauthenticated(reason="x"))

    def test_a_bucket_empties_and_fills_again(self) -> None:
        now = [0.0]
        limit = RateLimit(Rate(per_second=2, burst=3), lambda: now[0])
        for _ in range(3):
            limit.admit(self.call("a"))
        limit.admit(self.call("b"))

        with pytest.raises(TooManyRequests) as refusal:
            limit.admit(self.call("a"))
        assert refusal.value.retry_after_seconds == 1
        now[0] += 0.5
        limit.admit(self.call("a"))

    def test_memory_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("apps.edge.limits._CALLERS_MAX", 10)
        limit = RateLimit(Rate(per_second=1, burst=1), lambda: 0.0)
        for number in range(1000):
            limit.admit(self.call(str(number)))

        assert len(limit._buckets) == 10

    async def test_a_caller_over_the_limit_is_told_when_to_come_back(self) -> None:
        app = app_of(rate=Rate(per_second=0.5, burst=2), cors_origins=["http://shop.test"])
        headers = {"Origin": "http://shop.test"}
        async with client_of(app) as client:
            answers = [await client.get("/api/v1/echo", headers=headers) for _ in range(3)]
            other = await client.get("/api/v1/echo", headers=bearer("anna"))
            health = [await client.get("/health/live") for _ in range(5)]

        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["retry-after"] == "2"
        assert answers[2].headers["access-control-allow-origin"] == "http://shop.test"
        assert other.status_code == 200
        assert {answer.status_code for answer in health} == {200}

    @pytest.mark.parametrize(
        ("per_second", "burst"), [(0.0, None), (0.5, 1), (1.0, 1), (2.5, 3), (100.0, 100)]
    )
    def test_a_second_s_worth_may_come_at_once(self, per_second: float, burst: int | None) -> None:
        rate = rate_of(per_second)

        assert (rate and rate.burst) == burst

    async def test_the_setting_limits_the_orders_service(self) -> None:
        world = OrdersWorld(settings={"rate_limit_per_second": 2})
        async with client_of(world.app) as client:
            answers = [await client.get("/api/v1/order-statuses") for _ in range(3)]

        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["retry-after"] == "1"
        assert answers[2].json()["error"] == "Too many requests"


async def test_cors_lets_the_named_origins_in_alone() -> None:
    app = app_of(cors_origins=["http://shop.test"])
    asked = {"Access-Control-Request-Method": "POST"}
    good = await call(
        app, "OPTIONS", "/api/v1/body", headers={"Origin": "http://shop.test", **asked}
    )
    bad = await call(app, "GET", "/api/v1/echo", headers={"Origin": "http://other.test"})

    assert good.headers["access-control-allow-origin"] == "http://shop.test"
    assert "idempotency-key" in good.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-origin" not in bad.headers


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ({"Origin": "http://other.test"}, "http://other.test is not among CORS_ORIGINS: add it"),
        ({"Origin": "http://shop.test.evil"}, "not among CORS_ORIGINS"),
        ({"Access-Control-Request-Method": "BREW"}, "use one of these methods"),
        ({"Access-Control-Request-Headers": "Content-Type, X-Odd"}, "leave out every other header"),
    ],
)
async def test_a_preflight_that_is_refused_says_what_to_do(
    asked: dict[str, str], hint: str
) -> None:
    app = app_of(cors_origins=["http://shop.test"])
    headers = {
        "Origin": "http://shop.test",
        "Access-Control-Request-Method": "POST",
        "X-Request-Id": "mine-1",
        **asked,
    }
    answer = await call(app, "OPTIONS", "/api/v1/body", headers=headers)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"] == "mine-1"
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in answer.headers
    body = answer.json()
    assert (body["success"], body["statusCode"]) == (False, 400)
    assert body["error"]
    assert hint in body["message"]


@pytest.mark.parametrize("origins", [["*"], ["http://shop.test"]])
async def test_a_preflight_with_all_that_is_let_in_is_granted(origins: list[str]) -> None:
    headers = {
        "Origin": "http://shop.test",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,IF-MATCH, accept, idempotency-key",
    }
    answer = await call(app_of(cors_origins=origins), "OPTIONS", "/api/v1/body", headers=headers)

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] in origins


async def test_live_is_live() -> None:
    answer = await call(app_of(), "GET", "/health/live")

    assert (answer.status_code, answer.json()["data"]) == (200, {"status": "live"})


async def test_ready_names_everything_that_is_down() -> None:
    async def fine() -> None: ...

    async def away() -> None:
        raise DependencyUnavailable(dependency="order store")

    async def odd() -> None:
        raise ConnectionError("user:password@host")

    app = app_of(probes={"clock": fine, "store": away, "mail": odd})
    answer = await call(app, "GET", "/health/ready")

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["down"].keys() == {"store", "mail"}
    assert "password" not in answer.text


async def test_ready_gives_a_hanging_dependency_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("apps.edge.health._PROBE_SECONDS_MAX", 0.01)
    clock = VirtualClock()
    answer = await call(app_of(probes={"store": lambda: clock.sleep(60)}), "GET", "/health/ready")

    assert "no answer" in answer.json()["down"]["store"]


async def test_ready_tells_of_a_dead_worker() -> None:
    supervisor = Supervisor(VirtualClock())
    started = asyncio.Event()

    async def broken() -> Any:
        started.set()
        raise ConnectionError("user:password@host")

    supervisor.start("relay", broken)
    async with client_of(app_of(supervisor=supervisor)) as client:
        await started.wait()
        await asyncio.sleep(0)
        answer = await client.get("/health/ready")
    await supervisor.stop()

    assert answer.status_code == 503
    assert answer.json()["down"] == {"relay": "ConnectionError"}


async def test_metrics_say_what_they_are_once() -> None:
    answer = await call(app_of(), "GET", "/metrics")

    found = [value for name, value in answer.headers.raw if name.lower() == b"content-type"]
    assert found == [b"text/plain; version=0.0.4; charset=utf-8"]


async def test_metrics_count_by_route_and_each_app_for_itself() -> None:
    app, other = app_of(), app_of()
    async with client_of(app) as client:
        await client.get("/api/v1/echo")
        await client.request("BREW", "/api/v1/echo")
        await client.get("/nowhere")
        text = (await client.get("/metrics")).text
    untouched = (await call(other, "GET", "/metrics")).text

    name = "http_request_duration_seconds_count"
    route = 'route="/api/v1/echo"'
    assert f'{name}{{method="GET",{route},service="test-service",status="200"}} 1.0' in text
    assert 'method="other"' in text
    assert 'route="unmatched"' in text
    assert "BREW" not in text
    assert route not in untouched


@pytest.mark.parametrize("page", ["", "/openapi.json", "/swagger"])
async def test_the_schema_is_found_beside_the_api_as_well(page: str) -> None:
    async with client_of(app_of()) as client:
        answer = await client.get(f"/api/v1/schema{page}", follow_redirects=True)

    assert answer.status_code == 200
    assert answer.url.path == f"/schema{page}"


@pytest.mark.parametrize("path", ["/health/live", "/api/v1/echo"])
async def test_head_is_answered_as_get_is(path: str) -> None:
    """The server, which knows what was asked, leaves the body out."""
    asked = await call(app_of(), "GET", path)
    answer = await call(app_of(), "HEAD", path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == asked.headers["content-type"]


async def test_head_counts_as_what_it_is() -> None:
    async with client_of(app_of()) as client:
        await client.head("/api/v1/echo")
        metrics = (await client.get("/metrics")).text

    assert 'method="HEAD",route="/api/v1/echo"' in metrics
