"""Where browsers reach the services: as the settings say, or on the host of the page itself."""

import re
from typing import Final

import attrs

from apps.access import is_loopback
from apps.settings import Settings

__all__ = ["Addresses", "addresses", "page_origins", "unnamed_pages"]

_HOST: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?")
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - only read
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


@attrs.frozen(kw_only=True)
class Addresses:
    """The origin of every service, as a browser names it."""

    orders: str
    products: str
    storefront: str
    monitor: str


def addresses(settings: Settings, host_header: str) -> Addresses:
    """Return where the services are for a browser that called us as *host_header*.

    Somebody who opened ``localhost`` stays on ``localhost``, and whoever came by another name of
    this machine stays on that.
    """
    found = _HOST.fullmatch(host_header)
    host = found["host"] if found else _bracketed(settings.host)
    return Addresses(
        orders=settings.orders_url or f"http://{host}:{settings.orders_port}",
        products=settings.products_url or f"http://{host}:{settings.products_port}",
        storefront=settings.storefront_url or f"http://{host}:{settings.storefront_port}",
        monitor=settings.monitor_url or f"http://{host}:{settings.monitor_port}",
    )


def page_origins(settings: Settings) -> tuple[str, ...]:
    """Return the origins that our own pages call the services from."""
    found: list[str] = []
    for url, port in (
        (settings.storefront_url, settings.storefront_port),
        (settings.monitor_url, settings.monitor_port),
    ):
        if url is not None:
            found.append(url)
        elif port:
            found.extend(f"http://{host}:{port}" for host in _names(settings.host))
    return tuple(found)


def unnamed_pages(settings: Settings) -> tuple[str, ...]:
    """Return the settings without which our pages work on this machine alone, if they should not.

    Whoever listens everywhere is called by names that we cannot know. Any origin that the
    settings let in means that somebody has thought of it.
    """
    if settings.host not in _EVERYWHERE or set(settings.cors_origins) - set(page_origins(settings)):
        return ()
    places = {
        "STOREFRONT_URL": settings.storefront_url or not settings.storefront_port,
        "MONITOR_URL": settings.monitor_url or not settings.monitor_port,
    }
    return tuple(name for name, is_known in places.items() if not is_known)


def _names(host: str) -> tuple[str, ...]:
    if host in _EVERYWHERE or is_loopback(host):
        return _LOOPBACK
    return (_bracketed(host),)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
