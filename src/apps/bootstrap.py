"""Open what the settings name, and hand it to the container; production and tests alike.

This is the one place where adapters are picked: a further one gets a case in one of the
``_open_...`` functions below, and nothing else changes.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from enum import Enum, auto
from pathlib import Path
from typing import Any, TypedDict, Unpack

from dependency_injector import providers

from adapters.embedded.event_log import SqliteEventLog
from adapters.embedded.folder import DataFolder, FolderHeld
from adapters.embedded.order_store import SqliteOrderStore
from adapters.embedded.schema import FileTooNew
from adapters.embedded.stock_store import SqliteStockStore
from adapters.system import RandomIds, SystemClock
from apps.container import Container
from apps.faults import CommandFault
from apps.settings import Settings
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
from inventory_domain.topics import ALL_TOPICS

__all__ = ["Given", "Part", "open_container"]

_SOCKETS_CLOSE_SECONDS_MAX = 1.0


class Part(Enum):
    """What a program needs opened; what it does not need may be away."""

    ORDERS = auto()
    STOCK = auto()
    LOG = auto()
    SOCKETS = auto()


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
    adapters["settings"] = settings
    async with AsyncExitStack() as stack:
        try:
            if owner and Part.LOG in parts and "log" not in given:
                _own_folder(settings, adapters["clock"], stack)
            if Part.ORDERS in parts and "order_store" not in given:
                adapters["order_store"] = await _open_orders(settings, stack)
            if Part.STOCK in parts and "stock_store" not in given:
                adapters["stock_store"] = await _open_stock(settings, stack)
            if Part.LOG in parts and "log" not in given:
                log = await _open_log(settings, stack, owner=owner)
                adapters["log"] = log
                adapters.setdefault("inspector", log)
                adapters["topic_keeper"] = log
        except (FolderHeld, FileTooNew) as refusal:
            raise CommandFault(f"{str(refusal)[:1].upper()}{str(refusal)[1:]}.") from None
        if settings.access_token_secret or settings.access_token_jwks:
            adapters["verifier"] = verifier = await open_verifier(settings)
            if Part.SOCKETS in parts and "notifier" not in given:
                sockets = SocketVerifier(verifier)
                adapters["notifier"] = _open_sockets(settings, sockets, adapters["clock"], stack)
        yield Container(**{name: providers.Object(one) for name, one in adapters.items()})


async def _open_orders(settings: Settings, stack: AsyncExitStack) -> OrderStore:
    match settings.store:
        case "embedded":
            found = await SqliteOrderStore.open(_folder(settings).orders)
            return await stack.enter_async_context(aclosing(found))
        case other:
            raise _not_available("STORE", other)


async def _open_stock(settings: Settings, stack: AsyncExitStack) -> StockStore:
    match settings.store:
        case "embedded":
            found = await SqliteStockStore.open(_folder(settings).products)
            return await stack.enter_async_context(aclosing(found))
        case other:
            raise _not_available("STORE", other)


async def _open_log(settings: Settings, stack: AsyncExitStack, *, owner: bool) -> SqliteEventLog:
    match settings.event_log:
        case "embedded":
            found = await SqliteEventLog.open(
                _folder(settings).log, is_owner=owner, partition_count=settings.topic_partitions
            )
            await stack.enter_async_context(aclosing(found))
            if owner:
                await found.ensure_topics(ALL_TOPICS)
            return found
        case other:
            raise _not_available("EVENT_LOG", other)


def _not_available(setting: str, value: str) -> CommandFault:
    return CommandFault(f"{setting}={value} is not available in this build: set it to embedded.")


def _own_folder(settings: Settings, clock: Clock, stack: AsyncExitStack) -> None:
    """Become the owner of the embedded event log, before any of its files is opened."""
    if settings.event_log == "embedded":
        stack.enter_context(_folder(settings).acquire(format_time(clock.now())))


def _folder(settings: Settings) -> DataFolder:
    folder = DataFolder(Path(settings.data_dir))
    try:
        folder.make()
    except OSError as error:
        raise CommandFault(
            f"DATA_DIR={settings.data_dir} cannot be made ({error.strerror}): name another folder."
        ) from None
    return folder


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
    return notifier
