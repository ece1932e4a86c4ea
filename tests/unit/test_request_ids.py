"""The id on answers that no gate sees, and what gets through beside it."""

from typing import Any

import pytest

from apps.edge.request_ids import RequestIds


class Server:
    """A connection of a server: what it is asked to send, and what is below it."""

    def __init__(self) -> None:
        self.transport = object()
        self.sent: list[Any] = []

    async def send(self, message: Any) -> None:
        self.sent.append(message)


async def answers(scope: dict[str, Any], *messages: dict[str, Any]) -> list[Any]:
    """Return what a server is asked to send when an app sends *messages*."""
    server = Server()

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    called: Any = scope
    nothing: Any = None
    await RequestIds(app)(called, nothing, server.send)
    return server.sent


def called(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "headers": [(b"x-request-id", b"mine-1")], **more}


async def test_an_answer_that_has_an_id_keeps_it_alone() -> None:
    start = {"type": "http.response.start", "status": 200, "headers": [(b"x-request-id", b"own")]}

    [sent] = await answers(called("http"), start)

    assert sent["headers"] == [(b"x-request-id", b"own")]


async def test_a_websocket_is_closed_as_the_app_closes_it() -> None:
    close = {"type": "websocket.close", "code": 1000}

    accept, end = await answers(called("websocket"), {"type": "websocket.accept"}, close)

    assert accept["headers"] == [(b"x-request-id", b"mine-1")]
    assert end == close


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_the_connection_below_can_still_be_found_and_broken_off(kind: str) -> None:
    server, found = Server(), []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        found.append(send.__self__.transport)

    scope, nothing = called(kind), None
    await RequestIds(app)(scope, nothing, server.send)  # type: ignore[arg-type]

    assert found == [server.transport]
