"""The settings as people see them: secrets are masked."""

import re
from urllib.parse import unquote, urlsplit, urlunsplit

import attrs

__all__ = ["ADDRESSES", "HIDDEN", "MASK", "SettingRow", "describe", "without_password"]

MASK = "********"
HIDDEN = frozenset({"ACCESS_TOKEN_SECRET", "KAFKA_SASL_PASSWORD"})
ADDRESSES = frozenset({"ACCESS_TOKEN_JWKS", "MONGODB_URI", "SOCKETIO_REDIS_URL"})
# Addresses of others, of whose parts nobody knows what they mean.
_FOREIGN = frozenset({"ACCESS_TOKEN_JWKS"})
# Not what names a key's file, nor what keeps something alive.
_SECRET_NAME = re.compile(
    r"pass|pwd|secret|token|credential|signature|mechanismproperties|key$|(?:^|[-_.])(?:sig|auth)$",
    re.IGNORECASE,
)
_OPTION = re.compile(r"[^&;]+")


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
    if name in ADDRESSES:
        return without_password(str(value), is_foreign=name in _FOREIGN)
    return MASK if name in HIDDEN else str(value)


def without_password(address: str, *, is_foreign: bool = False) -> str:
    """Return *address* with its secrets masked; all of it is, where they cannot be told apart.

    Of a foreign one nobody knows which they are: a user's name may be a token, and so may the
    value of any option.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return MASK
    user, separator, host = parts.netloc.rpartition("@")
    # A password that was not quoted reaches beyond where the host seems to begin; without a
    # scheme nobody can say where that is.
    rest = f"{user}{parts.path}{parts.query}{parts.fragment}"
    if "@" in (rest if parts.scheme else address):
        return MASK
    netloc = parts.netloc
    if separator and (is_foreign or ":" in user):
        name = "" if is_foreign else f"{user.partition(':')[0]}:"
        netloc = f"{name}{MASK}@{host}"
    path = parts.path
    if is_foreign and parts.scheme:
        before, _, parameters = path.partition(";")
        path = f"{before};{MASK}" if parameters else path
    shown = parts._replace(
        netloc=netloc,
        path=path,
        query=_without_secrets(parts.query, is_foreign=is_foreign),
        fragment=parts.fragment and MASK,
    )
    return address if shown == parts else urlunsplit(shown)


def _without_secrets(query: str, *, is_foreign: bool) -> str:
    def masked(option: re.Match[str]) -> str:
        name, separator, _ = option[0].partition("=")
        if not separator:
            return MASK if is_foreign else name
        is_secret = is_foreign or _SECRET_NAME.search(unquote(name))
        return f"{name}={MASK}" if is_secret else option[0]

    return _OPTION.sub(masked, query)
