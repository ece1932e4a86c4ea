"""A question to a service that is given up leaves nothing behind that takes others' threads."""

import asyncio
import socket
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import pytest

from apps.monitor.readiness import Readiness
from inventory_domain.testing.fakes import VirtualClock

ADDRESS = "http://orders.example:3004"


class NameServer:
    """Answers when it is told to, and counts the lookups."""

    def __init__(self) -> None:
        self.lookups = 0
        self.answered = asyncio.Event()

    async def look_up(self, *_: Any, **__: Any) -> Any:
        self.lookups += 1
        await self.answered.wait()
        raise socket.gaierror("no such name")


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> NameServer:
    names = NameServer()
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names.look_up)
    return names


async def give_up(question: Awaitable[object]) -> None:
    asked = asyncio.ensure_future(question)
    await VirtualClock().advance(0)
    assert asked.cancel()
    with suppress(asyncio.CancelledError):
        await asked


async def test_a_name_that_nobody_can_look_up_is_looked_up_once_at_a_time(
    names: NameServer,
) -> None:
    readiness = Readiness()
    for _ in range(5):
        await give_up(readiness.ask(ADDRESS))
    assert names.lookups == 1

    names.answered.set()
    await VirtualClock().advance(0)
    with pytest.raises(OSError, match="no such name"):
        await readiness.ask(ADDRESS)

    assert names.lookups == 2


async def test_many_who_ask_at_once_share_the_lookup(names: NameServer) -> None:
    readiness = Readiness()
    asked = asyncio.gather(*[readiness.ask(ADDRESS) for _ in range(9)], return_exceptions=True)
    await VirtualClock().advance(0)

    names.answered.set()

    assert [type(answer) for answer in await asked] == [socket.gaierror] * 9
    assert names.lookups == 1
