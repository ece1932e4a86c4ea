"""The settings as people see them: secrets are masked."""

import re
from urllib.parse import urlsplit, urlunsplit

import attrs

__all__ = ["ADDRESSES", "HIDDEN", "MASK", "SettingRow", "describe", "without_password"]

MASK = "********"
HIDDEN = frozenset({"ACCESS_TOKEN_SECRET", "KAFKA_SASL_PASSWORD"})
ADDRESSES = frozenset({"ACCESS_TOKEN_JWKS", "MONGODB_URI", "SOCKETIO_REDIS_URL"})
_SECRET_OPTION = re.compile(
    r"([^&;=]*(?:password|secret|token|mechanismproperties)[^&;=]*=)[^&;]*", re.IGNORECASE
)


@attrs.frozen(kw_only=True)
class SettingRow:
    """One setting as people see it: secrets are masked."""

    name: str
    value: str
    default: str
    meaning: str
    is_default: bool


def describe(settings: attrs.AttrsInstance) -> tuple[SettingRow, ...]:
    """Return every setting with its value, its default and its meaning."""
    rows = []
    for field in attrs.fields(type(settings)):
        entry = field.metadata["environ_config"]
        value = getattr(settings, field.name)
        rows.append(
            SettingRow(
                name=entry.name,
                value=_shown(entry.name, value),
                default=_shown(entry.name, field.default),
                meaning=entry.help,
                is_default=value == field.default,
            )
        )
    return tuple(rows)


def _shown(name: str, value: object) -> str:
    if value is None:
        return "unset"
    if value == ():
        return "none"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, tuple):
        return ",".join(value)
    if name in HIDDEN:
        return MASK
    return without_password(str(value)) if name in ADDRESSES else str(value)


def without_password(address: str) -> str:
    """Return *address* with its secrets masked; all of it is, where they cannot be told apart."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return MASK
    user, separator, host = parts.netloc.rpartition("@")
    # A password that was not quoted reaches beyond where the host seems to begin.
    if parts.scheme and "@" in f"{user}{parts.path}{parts.query}{parts.fragment}":
        return MASK
    netloc = parts.netloc
    if separator and ":" in user:
        netloc = f"{user.partition(':')[0]}:{MASK}@{host}"
    query = _SECRET_OPTION.sub(rf"\g<1>{MASK}", parts.query)
    shown = parts._replace(netloc=netloc, query=query)
    return address if shown == parts else urlunsplit(shown)
