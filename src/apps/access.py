"""Who may come in: the secret that tokens are signed with, and the demo that needs none."""

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs

from apps.faults import CommandFault
from apps.settings import Settings

__all__ = ["is_at_home", "is_loopback", "settle_access"]

_KEPT_AS = "demo-secret"
_SECRET_BYTES_MIN = 32
_SECRET: Final = re.compile(rf"[ -~]{{{_SECRET_BYTES_MIN},}}")
_PASSED_ON: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach *host*."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_at_home(headers: Mapping[str, str]) -> bool:
    """Tell whether a call is for this machine by name, and was not passed on by a proxy.

    The demo listens on loopback only, yet a proxy beside it, or a page whose name was made to
    lead to this machine, would bring in anybody. *headers* are asked for in lower case.
    """
    if any(name in headers for name in _PASSED_ON):
        return False
    host = headers.get("host", "")
    return is_loopback(host[1:].partition("]")[0] if host[:1] == "[" else host.partition(":")[0])


def settle_access(
    settings: Settings, *, demo_by_default: bool, make_secret: bool = True
) -> Settings:
    """Return *settings* with DEMO decided and a secret that tokens can be signed with.

    The embedded demo on loopback makes a secret of its own, which stays in DATA_DIR for the
    next start and for the commands beside it. Without *make_secret* it must be there already.

    Raises:
        CommandFault: the demo could be reached from outside, or there is no fit secret.
    """
    loopback = is_loopback(settings.host)
    demo = settings.demo
    if demo is None:
        demo = demo_by_default and loopback and not _is_published(settings)
    if demo and not loopback:
        raise CommandFault(
            f"DEMO=1 gives tokens to anybody, and HOST={settings.host} can be reached from "
            "outside: set DEMO=0 and an ACCESS_TOKEN_SECRET, or HOST=127.0.0.1."
        )
    secret = settings.access_token_secret
    if settings.access_token_jwks is not None:
        if demo and settings.demo:
            raise CommandFault(
                "DEMO=1 signs tokens itself, and with ACCESS_TOKEN_JWKS somebody else does: "
                "unset one of them."
            )
        demo = False
    elif secret is None:
        secret = _own_secret(settings, demo=demo, make=make_secret)
    elif len(secret.encode()) < _SECRET_BYTES_MIN:
        raise CommandFault(
            f"ACCESS_TOKEN_SECRET has {len(secret.encode())} bytes, HS256 needs "
            f"{_SECRET_BYTES_MIN} or more: {_HOW_TO_MAKE_ONE}"
        )
    return attrs.evolve(settings, demo=demo, access_token_secret=secret)


def _is_published(settings: Settings) -> bool:
    """Tell whether browsers elsewhere are to come in, so that a proxy listens for us."""
    urls = (
        settings.orders_url,
        settings.products_url,
        settings.storefront_url,
        settings.monitor_url,
    )
    return any(url is not None and not is_loopback(urlsplit(url).hostname or "") for url in urls)


_HOW_TO_MAKE_ONE = (
    'make one with `python -c "import secrets; print(secrets.token_hex(32))"` and set it, '
    "the same for every service."
)


def _own_secret(settings: Settings, *, demo: bool, make: bool) -> str:
    if not demo:
        raise CommandFault(f"ACCESS_TOKEN_SECRET is not set: {_HOW_TO_MAKE_ONE}")
    if (settings.store, settings.event_log) != ("embedded", "embedded"):
        raise CommandFault(
            "ACCESS_TOKEN_SECRET is not set, and only the embedded demo makes one of its own: "
            + _HOW_TO_MAKE_ONE
        )
    kept = Path(settings.data_dir) / _KEPT_AS
    if not make and not kept.exists():
        raise CommandFault(
            f"There is no {kept}: start `run` first, or set DATA_DIR to the folder of the system "
            "that the token is for, or ACCESS_TOKEN_SECRET to its secret."
        )
    try:
        secret = _kept_secret(kept)
    except OSError as error:
        raise CommandFault(
            f"DATA_DIR={settings.data_dir} cannot be written to ({error.strerror}): name another "
            "folder."
        ) from None
    if not _SECRET.fullmatch(secret):
        raise CommandFault(
            f"DATA_DIR={settings.data_dir} has a {_KEPT_AS} that is no secret: delete {kept}, and "
            "`run` makes another."
        )
    return secret


def _kept_secret(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_SECRET_BYTES_MIN))
            file.flush()
            # Else a power cut may leave the name and not what it stands for.
            os.fsync(file.fileno())
        # Whole or not at all, and of two that make one at once the first one's stays.
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii", errors="replace").strip()
