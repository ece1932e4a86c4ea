import asyncio
from typing import Any, cast

import httpx
import pytest

from apps.intake import Intake


class SlowApp:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.entered.set()
        await self.go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture
def app() -> SlowApp:
    return SlowApp()


@pytest.fixture
def intake(app: SlowApp) -> Intake:
    return Intake(app)


async def get(intake: Intake, path: str = "/") -> httpx.Response:
    transport = httpx.ASGITransport(cast("Any", intake))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)


async def test_calls_under_way_are_answered_before_it_is_closed(
    app: SlowApp, intake: Intake
) -> None:
    call = asyncio.create_task(get(intake))
    await app.entered.wait()
    closing = asyncio.create_task(intake.close(5))
    await asyncio.sleep(0)
    assert not closing.done()

    app.go_on.set()

    assert await closing
    assert (await call).text == "done"


async def test_a_call_that_takes_too_long_is_not_waited_for(app: SlowApp, intake: Intake) -> None:
    call = asyncio.create_task(get(intake))
    await app.entered.wait()

    assert not await intake.close(0.001)

    app.go_on.set()
    await call


async def test_once_closed_it_asks_to_try_again(app: SlowApp, intake: Intake) -> None:
    assert await intake.close(5)

    answer = await get(intake)

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["code"] == "stopping"
    assert len(answer.headers["x-request-id"]) == 32
    assert not app.entered.is_set()


async def test_who_waits_for_a_socket_s_event_does_not_keep_it_open(
    app: SlowApp, intake: Intake
) -> None:
    waiting = asyncio.create_task(get(intake, "/socket.io/?transport=polling"))
    await app.entered.wait()

    assert await intake.close(5)

    app.go_on.set()
    assert (await waiting).status_code == 200
