"""Open what the settings name, and hand it to the container; production and tests alike.

Which adapter a setting stands for is decided in ``apps.stores`` and ``apps.event_logs``.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Enum, auto
from typing import Any, TypedDict, Unpack

from dependency_injector import providers

from adapters.embedded.folder import FolderHeld
from adapters.embedded.schema import FileTooNew
from adapters.system import RandomIds, SystemClock
from apps.container import Container
from apps.event_logs import open_log
from apps.faults import CommandFault
from apps.monitor.demo_parts import PushJournal, RemovableStockStore
from apps.settings import Settings
from apps.stores import data_folder, open_orders, open_stock
from apps.tokens import SocketVerifier, open_verifier
from inventory_domain.ports import (
    Clock,
    EventLog,
    IdSource,
    LogInspector,
    Notifier,
    OrderStore,
    StockStore,
)
from inventory_domain.times import format_time

__all__ = ["Given", "Part", "is_embedded_demo", "open_container"]

_SOCKETS_CLOSE_SECONDS_MAX = 1.0


class Part(Enum):
    """What a program needs opened; what it does not need may be away."""

    ORDERS = auto()
    STOCK = auto()
    LOG = auto()
    SOCKETS = auto()
    ALERTS = auto()
    """Clients of other instances can be reached, where Redis joins them; none connects here."""


class Given(TypedDict, total=False):
    """Adapters that are handed in instead of opened; whoever hands one in closes it."""

    order_store: OrderStore
    stock_store: StockStore
    log: EventLog
    inspector: LogInspector
    notifier: Notifier
    clock: Clock
    ids: IdSource


@asynccontextmanager
async def open_container(
    settings: Settings,
    *,
    parts: Collection[Part] = tuple(Part),
    owner: bool = True,
    **given: Unpack[Given],
) -> AsyncIterator[Container]:
    """Open *parts* and yield the container over them; close them in reverse order.

    The *owner* runs the embedded event log, which one process alone may do; anybody else reads
    and appends beside it. What fails while it is opened leaves nothing open.

    Raises:
        CommandFault: the settings cannot be followed; the sentence says why.
        DependencyUnavailable: a store or the broker is away.
    """
    adapters: dict[str, Any] = {"clock": SystemClock(), "ids": RandomIds(), **given}
    async with AsyncExitStack() as stack:
        try:
            opened = await _open(settings, parts, adapters, stack, owner=owner)
        except (FolderHeld, FileTooNew) as refusal:
            raise CommandFault(f"{str(refusal)[:1].upper()}{str(refusal)[1:]}.") from None
        # What was handed in wins, also over a part of what was opened.
        adapters = {**opened, **adapters}
        yield Container(**{name: providers.Object(one) for name, one in adapters.items()})


async def _open(
    settings: Settings,
    parts: Collection[Part],
    given: dict[str, Any],
    stack: AsyncExitStack,
    *,
    owner: bool,
) -> dict[str, Any]:
    """Open what is not *given*: the stores, then the log, then what tokens and sockets need."""
    opened: dict[str, Any] = {"settings": settings}
    clock: Clock = given["clock"]
    log_wanted = Part.LOG in parts and "log" not in given
    if log_wanted and owner and settings.event_log == "embedded":
        # Before any file is opened.
        stack.enter_context(data_folder(settings).acquire(format_time(clock.now())))
    if Part.ORDERS in parts and "order_store" not in given:
        opened["order_store"] = await open_orders(settings, stack)
    if Part.STOCK in parts and "stock_store" not in given:
        opened["stock_store"], opened["turns"] = await open_stock(settings, stack)
        if owner and is_embedded_demo(settings):
            opened["stock_store"] = RemovableStockStore(opened["stock_store"], clock)
    if log_wanted:
        log = await open_log(settings, stack, owner=owner)
        opened |= {"log": log.log, "inspector": log.inspector, "topics": log.prepare_topics}
    if settings.access_token_secret or settings.access_token_jwks:
        verifier = await stack.enter_async_context(open_verifier(settings, clock))
        opened["verifier"] = verifier
        reaches_out = Part.ALERTS in parts and settings.socketio_redis_url is not None
        if (Part.SOCKETS in parts or reaches_out) and "notifier" not in given:
            opened["notifier"] = _open_sockets(settings, SocketVerifier(verifier), clock, stack)
    return opened


def _open_sockets(
    settings: Settings, verifier: SocketVerifier, clock: Clock, stack: AsyncExitStack
) -> Notifier:
    # Slow to import, and the commands beside a system do without.
    from adapters.socketio import SocketIoNotifier, SocketIoSettings  # noqa: PLC0415

    notifier = SocketIoNotifier(
        verifier,
        clock=clock,
        settings=SocketIoSettings(
            cors_origins=settings.cors_origins,
            redis_url=settings.socketio_redis_url,
            close_seconds_max=_SOCKETS_CLOSE_SECONDS_MAX,
        ),
    )
    stack.push_async_callback(notifier.aclose)
    notifier.start()
    return PushJournal(notifier, clock) if is_embedded_demo(settings) else notifier


def is_embedded_demo(settings: Settings) -> bool:
    """Tell whether everything runs in this process and may be broken for show."""
    return bool(settings.demo) and settings.store == settings.event_log == "embedded"
