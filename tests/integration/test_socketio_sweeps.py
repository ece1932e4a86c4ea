"""Faults while connections are looked after: they keep nothing open for long."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.socketio import SocketIoSettings
from tests.support.socket_io import connected, serving

pytestmark = pytest.mark.integration

QUICK = SocketIoSettings(sweep_seconds=0.02)


async def test_a_sweep_that_fails_is_not_the_last_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(QUICK) as shop, connected(shop, "anna") as client:
        sweeper = shop.notifier._sweeper
        sweep, faults = sweeper.sweep, [ZeroDivisionError()]

        async def fail_once() -> None:
            if faults:
                raise faults.pop()
            await sweep()

        monkeypatch.setattr(sweeper, "sweep", fail_once)
        shop.clock.ahead = timedelta(hours=2)

        await client.gone()

    assert [record.message for record in caplog.records if record.exc_info] == [
        "A connection could not be ended"
    ]


async def test_a_connection_that_cannot_be_told_of_its_end_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with (
        serving(QUICK) as shop,
        connected(shop, "anna") as one,
        connected(shop, "ben") as other,
    ):

        async def fail(*_: Any, **__: Any) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(shop.engine, "tell", fail)
        shop.clock.ahead = timedelta(hours=2)

        await one.gone()
        await other.gone()
        assert shop.notifier.counts().connected == 0
