"""The monitor as a web app, over one container."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from litestar import Litestar

from apps.container import Container
from apps.edge.app import Edge, Lifespan, create_app
from apps.edge.auth import TokenVerifier
from apps.monitor.alarm import Alarm
from apps.monitor.demo_parts import PushJournal, RemovableStockStore
from apps.monitor.demo_routes import demo_routes
from apps.monitor.desk import MonitorDesk
from apps.monitor.letter_routes import LETTER_ROUTES
from apps.monitor.log_routes import LOG_ROUTES
from apps.monitor.redrives import Redrives
from apps.monitor.switches import Switches
from apps.monitor.system_routes import SYSTEM_ROUTES
from apps.monitor.vitals import Ask, Vitals
from apps.monitor.work import Auditing, LetterReading, Sampling
from apps.pages.addresses import addresses
from apps.pages.site import Shell, site_routes
from apps.workers import Supervisor, Work
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.ports import Notifier

__all__ = ["create_monitor_app", "start_monitor_work"]

_STATIC: Final = Path(__file__).parent / "static"
_SHELL: Final = Shell(
    title="Monitor",
    entry="/monitor/main.js",
    styles=[
        "/modules/uplot.css",
        "/monitor/monitor.css",
        "/monitor/log.css",
        "/monitor/stories.css",
    ],
    paths=[
        "/",
        "/topics",
        "/topics/*",
        "/groups",
        "/messages",
        "/story",
        "/story/*",
        "/dead-letters",
        "/dead-letters/*",
        "/audit",
        "/demo",
        "/sign-in",
    ],
    admins_only=True,
)
_DESCRIPTION: Final = """\
What the system is doing, for admins: topics, consumer groups, messages, dead letters, the audit,
and the story of an order. It only looks, joins no group, and changes nothing but what is said.
"""


def create_monitor_app(
    container: Container,
    *,
    verifier: TokenVerifier,
    supervisor: Supervisor | None = None,
    lifespan: Sequence[Lifespan] = (),
) -> Litestar:
    """Return the app.

    Beside services of its own process it knows how they are from the workers of *supervisor*,
    else from what they answer at the addresses of the settings.
    """
    desk = _desk(container, supervisor)

    @asynccontextmanager
    async def close(_app: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await desk.aclose()

    demo = () if desk.switches is None else demo_routes(desk.switches)
    return create_app(
        Edge(verifier=verifier, supervisor=supervisor, lifespan=[close, *lifespan]),
        service="monitor",
        title="Monitor",
        description=_DESCRIPTION,
        routes=[*SYSTEM_ROUTES, *LOG_ROUTES, *LETTER_ROUTES, *demo],
        provide={"desk": lambda: desk},
        schemas={},
        pages=site_routes(container.settings(), [_SHELL], {"monitor": _STATIC}),
    )


def start_monitor_work(container: Container, supervisor: Supervisor) -> None:
    """Sample the log, read the dead letters, and keep the audit from growing old."""
    clock = container.clock()

    async def sampling() -> Work:
        return Sampling(container.log_watch(), container.samples(), clock)

    async def auditing() -> Work:
        notifier = _notifier(container)
        alarm = None if notifier is None else Alarm(notifier, clock)
        return Auditing(container.audits(), clock, alarm)

    async def reading() -> Work:
        return LetterReading(container.redrive().kept.index, clock)

    supervisor.start("monitor-sampler", sampling)
    supervisor.start("monitor-letters", reading)
    supervisor.start("monitor-auditor", auditing)


def _desk(container: Container, supervisor: Supervisor | None) -> MonitorDesk:
    watch, audits = container.log_watch(), container.audits()
    return MonitorDesk(
        watch=watch,
        samples=container.samples(),
        audits=audits,
        vitals=_vitals(container, supervisor),
        teller=container.story_teller(),
        redrive=container.redrive(),
        runs=Redrives(container.redrive(), clock=container.clock(), ids=container.ids()),
        pushes=_journal(container),
        switches=_switches(container, supervisor),
    )


def _vitals(container: Container, supervisor: Supervisor | None) -> Vitals:
    orders, stock = container.order_store(), container.stock_store()
    probes: Mapping[str, Ask] = {
        "orders store": lambda: orders.get([OrderId("ready")]),
        "stock store": lambda: stock.load((), [ProductId("ready")]),
    }
    return Vitals(
        watch=container.log_watch(),
        probes=probes,
        supervisor=supervisor,
        addresses=_services(container),
    )


def _services(container: Container) -> Mapping[str, str]:
    """Return where the services say whether they are ready."""
    settings = container.settings()
    found = addresses(settings, "")
    ports = {
        "orders service": (settings.orders_port, found.orders),
        "products service": (settings.products_port, found.products),
        "storefront": (settings.storefront_port, found.storefront),
    }
    return {name: address for name, (port, address) in ports.items() if port}


def _notifier(container: Container) -> Notifier | None:
    # Only a process from which somebody can be reached has one.
    return container.notifier() if container.notifier.is_defined else None


def _journal(container: Container) -> PushJournal | None:
    notifier = _notifier(container)
    return notifier if isinstance(notifier, PushJournal) else None


def _switches(container: Container, supervisor: Supervisor | None) -> Switches | None:
    stock, pushes = container.stock_store(), _journal(container)
    if supervisor is None or pushes is None or not isinstance(stock, RemovableStockStore):
        return None
    return Switches(
        supervisor=supervisor,
        stock=stock,
        pushes=pushes,
        log=container.log(),
        watch=container.log_watch(),
        audits=container.audits(),
        clock=container.clock(),
    )
