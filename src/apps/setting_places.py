"""Kinds of settings that say where something is: hosts, addresses and databases."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from apps.setting_kinds import Kind, text

__all__ = ["database_name", "host_name", "mongodb_address", "optional_redis_address"]

# Objects of the client, which text can be none of; most of them fail only when they are used.
_NO_TEXT: Final = frozenset(
    {
        "credential_provider",
        "event_dispatcher",
        "redis_connect_func",
        "retry_on_error",
        "socket_keepalive_options",
    }
)
# What MongoDB allows on every platform that it runs on.
_DATABASE: Final = re.compile(r"[^/\\. \"$*<>:|?\x00]{1,63}")


def host_name() -> Kind:
    """A host name or an address, of the form that a resolver takes."""

    def read(value: object) -> str:
        found: str = _text(value)
        found.encode("idna")
        return found

    return Kind("a host name or an address", read)


def mongodb_address() -> Kind:
    """The address of MongoDB; its driver reads the rest of it."""
    return Kind("a mongodb:// address", lambda value: _address(value, "mongodb", "mongodb+srv"))


def optional_redis_address() -> Kind:
    """The address of Redis, or None for none."""

    def read(value: object) -> str | None:
        if value is None:
            return None
        found = _address(value, "redis", "rediss", "unix")
        _try_redis(found)
        return found

    return Kind("a redis://, rediss:// or unix:// address, with options that are known", read)


def _try_redis(address: str) -> None:
    """Raise ValueError unless a connection can be made of *address*; nothing is connected to."""
    # Slow to import, and most do without.
    from redis.asyncio.connection import ConnectionPool, parse_url  # noqa: PLC0415
    from redis.exceptions import RedisError  # noqa: PLC0415

    if _NO_TEXT & parse_url(address).keys():
        raise ValueError(address)
    try:
        pool: Any = ConnectionPool.from_url(address)
        pool.make_connection().encoder.encode("")
    except (TypeError, AttributeError, LookupError, RedisError) as fault:
        # An option that there is not, or is something else than text.
        raise ValueError(address) from fault


def database_name() -> Kind:
    """A name that MongoDB takes for a database."""

    def read(value: object) -> str:
        found: str = _text(value)
        if not _DATABASE.fullmatch(found) or len(found.encode()) > 63:  # noqa: PLR2004 - as above
            raise ValueError(found)
        return found

    return Kind('a name of at most 63 bytes, no blanks and none of /\\."$*<>:|? in it', read)


_text = text("").read


def _address(value: object, *schemes: str) -> str:
    found: str = _text(value)
    parts = urlsplit(found)
    if parts.scheme not in schemes or not (parts.netloc or parts.path):
        raise ValueError(found)
    return found
