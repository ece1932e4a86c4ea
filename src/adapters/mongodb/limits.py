"""How long a call may take and how much may be under way, as the drivers' clients are told."""

from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs

__all__ = ["BadAddress", "Limits", "client_options", "milliseconds"]


class BadAddress(Exception):
    """The connection string cannot be read."""


@attrs.frozen(kw_only=True)
class Limits:
    """How long and how many.

    A call ends within *call_seconds* whatever happens, with finding the server, waiting for a
    connection and all retries; a transaction within *transaction_seconds*.
    """

    call_seconds: float = 5.0
    transaction_seconds: float = 10.0
    connect_seconds: float = 2.0
    connection_count_max: int = 32


def client_options(address: str, limits: Limits) -> dict[str, Any]:
    """Return what a client of *address* is made with.

    Raises:
        BadAddress: it is none; the drivers would take a bare word for a host.
    """
    if not address.startswith(("mongodb://", "mongodb+srv://")):
        raise BadAddress("it must begin with mongodb:// or mongodb+srv://")
    call = milliseconds(limits.call_seconds)
    wanted = {
        "appName": "inventory",
        "connectTimeoutMS": milliseconds(limits.connect_seconds),
        "maxPoolSize": limits.connection_count_max,
        # Each call has a deadline, which goes before these; they are for the drivers' own.
        "serverSelectionTimeoutMS": call,
        "socketTimeoutMS": call,
        "waitQueueTimeoutMS": call,
        "retryWrites": True,
        "retryReads": True,
    }
    given = {name.lower() for name, _ in parse_qsl(urlsplit(address).query)}
    chosen = {name: value for name, value in wanted.items() if name.lower() not in given}
    return {**chosen, "tz_aware": True, "tzinfo": UTC}


def milliseconds(seconds: float) -> int:
    """Return *seconds* as the drivers count."""
    return round(seconds * 1000)
