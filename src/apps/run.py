"""Run services in one process and one event loop, from their opening to their orderly end."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, cast

import attrs
import structlog
from litestar.types import ASGIApp

from adapters.socketio import SocketIoNotifier
from apps.bootstrap import Part, open_container
from apps.catalogue.reading import sample_catalogue
from apps.catalogue.seeding import seed_products
from apps.collector import calm_collector
from apps.container import Container
from apps.edge.request_ids import RequestIds
from apps.monitor.demo_parts import PushJournal
from apps.pages.addresses import page_origins, unnamed_pages
from apps.services import Service
from apps.serving import HttpServer, listen
from apps.settings import Settings
from apps.stopping import stop_by_signal
from apps.words import command_line
from apps.workers import Supervisor
from inventory_domain.queries import ProductQuery

__all__ = ["Say", "run_services"]

Say = Callable[[str], None]

_UP_SECONDS_MAX: Final = 15.0
_INTAKE_SECONDS_MAX: Final = 2.0
_WORK_SECONDS_MAX: Final = 2.0

_log = structlog.get_logger(__name__)


async def run_services(
    settings: Settings, services: Sequence[Service], *, say: Say, seed_empty_shop: bool = False
) -> None:
    """Run *services* until a signal ends them; *say* tells their addresses when all answer.

    They stop in this order: no more calls are taken and those under way are answered, consumers
    finish their batch and commit, relays publish what that gave rise to, sockets are closed,
    then the log, then the stores. A second Ctrl-C ends the process at once.

    Raises:
        CommandFault, DependencyUnavailable: they could not start; nothing is left open.
    """
    began = time.monotonic()
    parts = frozenset().union(*[service.parts for service in services])
    with stop_by_signal() as stop:
        async with contextlib.AsyncExitStack() as stack:
            bound = [_listen(settings, service, stack) for service in services]
            settings = _with_addresses(settings, services, bound)
            owner = not all(service.only_looks for service in services)
            opening = open_container(settings, parts=parts, owner=owner)
            container = await stack.enter_async_context(opening)
            stop.is_open = True
            if seed_empty_shop and Part.STOCK in parts:
                await _seed_if_empty(container, say)
            running = _Running(container, services, bound)
            stack.push_async_callback(running.stop)
            up = asyncio.create_task(running.start())
            await _first(asyncio.wait({up}), stop.asked.wait())
            if not up.done():
                up.cancel()
                return
            await up
            calm_collector()
            running.tell(say, time.monotonic() - began)
            await _first(*[server.ended() for server in running.servers], stop.asked.wait())


def _listen(
    settings: Settings, service: Service, stack: contextlib.AsyncExitStack
) -> socket.socket:
    bound = listen(settings.host, service.port(settings), setting=service.port_setting)
    stack.callback(bound.close)
    return bound


def _with_addresses(
    settings: Settings, services: Sequence[Service], bound: Sequence[socket.socket]
) -> Settings:
    """Return *settings* with the ports that were given, and with the pages let in to call."""
    ports = {
        service.port_setting.lower(): found.getsockname()[1]
        for service, found in zip(services, bound, strict=True)
    }
    settings = attrs.evolve(settings, **ports)
    origins = dict.fromkeys((*settings.cors_origins, *page_origins(settings)))
    return attrs.evolve(settings, cors_origins=tuple(origins))


async def _seed_if_empty(container: Container, say: Say) -> None:
    found = await container.stock_store().find_products(
        ProductQuery(include_inactive=True, limit=1)
    )
    if not found.total:
        seeded = await seed_products(container, sample_catalogue())
        say(f"The shop was empty: {seeded.added} sample products were added.")


class _Running:
    """The servers and the workers of the services."""

    def __init__(
        self, container: Container, services: Sequence[Service], bound: Sequence[socket.socket]
    ) -> None:
        self._container = container
        self._services = services
        self.supervisor = Supervisor(container.clock())
        self.servers = [
            HttpServer(service.name, self._app(service), found)
            for service, found in zip(services, bound, strict=True)
        ]

    async def start(self) -> None:
        """Return when every server answers and every worker is well, or cannot be for now."""
        for service in self._services:
            service.start_work(self._container, self.supervisor)
        await asyncio.gather(*[server.start() for server in self.servers])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_UP_SECONDS_MAX):
                await self.supervisor.until_up()

    def tell(self, say: Say, seconds: float) -> None:
        """Say where everything is."""
        settings = self._container.settings()
        for server in self.servers:
            say(f"  {server.name:<12}{server.address}")
        if unnamed := unnamed_pages(settings):
            say(
                "  the pages   work on this machine alone: "
                f"set {' and '.join(unnamed)} to where others open them"
            )
        if settings.demo and any(service.name == "orders" for service in self._services):
            say("  the demo    gives tokens to anybody at this machine; DEMO=0 ends that")
            say(f"  a token     {command_line('token --sub anna')}")
        faults = [state for state in self.supervisor.states() if state.fault is not None]
        for state in faults:
            say(f"{state.name} waits: {state.fault}. /health/ready says when that is over.")
        say(f"Ready in {seconds:.1f} s. Ctrl-C stops.")

    async def stop(self) -> None:
        """End everything in order, each step in bounded time."""
        answered = await asyncio.gather(
            *[server.close_intake(_INTAKE_SECONDS_MAX) for server in self.servers]
        )
        if not all(answered):
            _log.warning("calls_cut_off", seconds=_INTAKE_SECONDS_MAX)
        await self.supervisor.stop(_WORK_SECONDS_MAX)
        for service in self._services:
            sockets = self._sockets(service)
            if sockets is not None:
                await sockets.aclose()
        await asyncio.gather(*[server.aclose() for server in self.servers])

    def _app(self, service: Service) -> ASGIApp:
        app = service.create_app(
            self._container, supervisor=self.supervisor, verifier=self._container.verifier()
        )
        sockets = self._sockets(service)
        if sockets is None:
            return app
        # Nothing of the HTTP side sees the sockets' traffic, so that its gate gives it no ids.
        return RequestIds(cast("ASGIApp", sockets.asgi(cast("Any", app))))

    def _sockets(self, service: Service) -> SocketIoNotifier | None:
        notifier = self._container.notifier() if Part.SOCKETS in service.parts else None
        if isinstance(notifier, PushJournal):
            notifier = notifier.notifier
        return notifier if isinstance(notifier, SocketIoNotifier) else None


async def _first(*waits: Coroutine[Any, Any, object]) -> None:
    """Return, or raise, as soon as the first of *waits* does; the others are let go."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task
    finally:
        for task in tasks:
            task.cancel()
