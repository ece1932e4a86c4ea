"""How long a call may take and how much may be under way; and what can be wrong beside that."""

from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs

from inventory_domain.errors import DependencyUnavailable

__all__ = ["BadAddress", "DocumentRefused", "Limits", "NoServer", "client_options", "milliseconds"]


class BadAddress(Exception):
    """The connection string cannot be read."""


class NoServer(DependencyUnavailable):
    """No server that the connection string describes could be found in time."""


class DocumentRefused(Exception):
    """The database's rules refuse what was about to be stored; nothing of it was."""


@attrs.frozen(kw_only=True)
class Limits:
    """How long and how many; what the connection string says itself goes before these.

    A call ends within *call_seconds* whatever happens, with all its retries, and a transaction
    within *transaction_seconds*.
    """

    selection_seconds: float = 2.0
    connect_seconds: float = 2.0
    socket_seconds: float = 5.0
    wait_queue_seconds: float = 2.0
    write_seconds: float = 5.0
    call_seconds: float = 5.0
    transaction_seconds: float = 10.0
    connection_count_max: int = 32


def client_options(address: str, limits: Limits) -> dict[str, Any]:
    """Return what a client of *address* is made with.

    Raises:
        BadAddress: it is none; the drivers would take a bare word for a host.
    """
    if not address.startswith(("mongodb://", "mongodb+srv://")):
        raise BadAddress("it must begin with mongodb:// or mongodb+srv://")
    wanted = {
        "appName": "inventory",
        "serverSelectionTimeoutMS": milliseconds(limits.selection_seconds),
        "connectTimeoutMS": milliseconds(limits.connect_seconds),
        "socketTimeoutMS": milliseconds(limits.socket_seconds),
        "waitQueueTimeoutMS": milliseconds(limits.wait_queue_seconds),
        "maxPoolSize": limits.connection_count_max,
        "retryWrites": True,
        "retryReads": True,
    }
    given = {name.lower() for name, _ in parse_qsl(urlsplit(address).query)}
    chosen = {name: value for name, value in wanted.items() if name.lower() not in given}
    return {**chosen, "tz_aware": True, "tzinfo": UTC}


def milliseconds(seconds: float) -> int:
    """Return *seconds* as the drivers count."""
    return round(seconds * 1000)
