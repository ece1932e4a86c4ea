"""In which order the parts of a process end, whatever adapters they are made of."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import apps.run
from adapters.embedded.event_log import SqliteEventLog
from adapters.embedded.order_store import SqliteOrderStore
from adapters.embedded.stock_store import SqliteStockStore
from adapters.socketio import SocketIoNotifier
from apps.run import run_services
from apps.services import SERVICES
from apps.serving import HttpServer
from apps.settings import Settings
from apps.stopping import Stop
from inventory_domain.use_cases.consume import Consumer
from inventory_domain.use_cases.relay_outbox import OutboxRelay

pytestmark = pytest.mark.integration

# What a part's ending is, and the step at which it is due.
ENDINGS: tuple[tuple[type, str, str], ...] = (
    (HttpServer, "close_intake", "intake"),
    (Consumer, "run", "consumers"),
    (OutboxRelay, "run", "relays"),
    (SocketIoNotifier, "aclose", "sockets"),
    (SqliteEventLog, "aclose", "log"),
    (SqliteOrderStore, "aclose", "stores"),
    (SqliteStockStore, "aclose", "stores"),
)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has ended, in its order."""
    names: list[str] = []

    def noting(end: Callable[..., Awaitable[Any]], step: str) -> Callable[..., Awaitable[Any]]:
        async def note(*args: Any, **kwargs: Any) -> Any:
            result = await end(*args, **kwargs)
            names.append(step)
            return result

        return note

    for kind, method, step in ENDINGS:
        monkeypatch.setattr(kind, method, noting(getattr(kind, method), step))
    return names


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """What a signal would set."""
    by_hand = Stop()

    @contextlib.contextmanager
    def stop_by_hand() -> Iterator[Stop]:
        yield by_hand

    monkeypatch.setattr(apps.run, "stop_by_signal", stop_by_hand)
    return by_hand.asked


async def test_calls_end_before_consumers_then_relays_sockets_the_log_and_the_stores(
    tmp_path: Path, ended: list[str], stop: asyncio.Event
) -> None:
    settings = Settings(
        data_dir=str(tmp_path / "data"),
        access_token_secret="x" * 32,
        orders_port=0,
        products_port=0,
    )
    up = asyncio.Event()

    def say(text: str) -> None:
        if text.startswith("Ready"):
            up.set()

    running = asyncio.create_task(
        run_services(settings, [SERVICES["orders"], SERVICES["products"]], say=say)
    )
    async with asyncio.timeout(30):
        await up.wait()
        assert ended == []
        stop.set()
        await running

    steps = list(dict.fromkeys(ended))
    assert steps == ["intake", "consumers", "relays", "sockets", "log", "stores"]
    # Nothing of an earlier step ends in a later one.
    assert [ended.count(step) for step in ("intake", "consumers", "relays", "stores")] == [2] * 4
    assert ended[:6] == ["intake"] * 2 + ["consumers"] * 2 + ["relays"] * 2
