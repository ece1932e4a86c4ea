"""An issuer's key set: read at the start, and again now and then, since issuers change keys."""

import asyncio
import http.client
import json
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
import structlog

from apps.edge.auth import KeySet
from apps.faults import DEPENDENCY_AWAY, CommandFault
from apps.setting_rows import without_password
from inventory_domain.ports import Clock

__all__ = ["RenewedKeys", "read_key_set"]

_log = structlog.get_logger(__name__)

_FETCH_SECONDS_MAX = 5.0
_KEY_SET_BYTES_MAX = 1024 * 1024
_RENEWAL_SECONDS = 300.0
# Whoever sends tokens with keys that nobody has must not make us ask the issuer all the time.
_PAUSE_SECONDS_MIN = 10.0

_NO_KEY_SET = (ValueError, TypeError, KeyError, RecursionError, jwt.PyJWTError)


class RenewedKeys:
    """Keeps the promise of ``Keys`` with the newest key set that could be had from *source*."""

    def __init__(self, source: str, first: KeySet) -> None:
        self._source = source
        self._keys = first
        self._wanted = asyncio.Event()

    def find(self, header: Mapping[str, Any]) -> tuple[Any, str]:
        """Return the key that the header names; an unknown one makes us look for newer keys."""
        try:
            return self._keys.find(header)
        except jwt.InvalidTokenError:
            self._wanted.set()
            raise

    async def renew(self, clock: Clock, forget: Callable[[], None]) -> None:
        """Read the set again for ever; *forget* is called when keys may be gone."""
        while True:
            await clock.sleep(_PAUSE_SECONDS_MIN)
            await clock.wait(self._wanted, _RENEWAL_SECONDS)
            self._wanted.clear()
            try:
                self._keys = await read_key_set(self._source)
            except CommandFault as fault:
                # Those that we have are good until we know better.
                _log.warning("key_set_not_renewed", why=str(fault))
            except Exception as fault:  # noqa: BLE001 - nobody looks at this task
                # The next try is due all the same.
                _log.exception("key_set_not_renewed", why=type(fault).__name__)
            else:
                forget()


async def read_key_set(source: str) -> KeySet:
    """Return the key set in a file or at an address.

    Raises:
        CommandFault: it cannot be had; the sentence says why.
    """
    return await asyncio.to_thread(_read, source)


def _read(source: str) -> KeySet:
    is_address = source.startswith(("http://", "https://"))
    try:
        document: Any = json.loads(_fetch(source) if is_address else Path(source).read_bytes())
        return KeySet(document)
    except (OSError, http.client.HTTPException) as error:
        # What is no HTTP has the other's own words in it, of any length. A file's error repeats
        # its name, which may be an address that was mistyped, password and all.
        why = error.strerror or error if isinstance(error, OSError) else type(error).__name__
        raise CommandFault(
            f"ACCESS_TOKEN_JWKS={_shown(source)} cannot be read ({why}): check it.",
            exit_code=DEPENDENCY_AWAY if is_address else 2,
        ) from None
    except _NO_KEY_SET:
        raise CommandFault(
            f"ACCESS_TOKEN_JWKS={_shown(source)} is no JSON Web Key Set: check what it names."
        ) from None


def _shown(source: str) -> str:
    return without_password(source, is_foreign=True)


def _fetch(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=_FETCH_SECONDS_MAX) as answer:  # noqa: S310
        found: bytes = answer.read(_KEY_SET_BYTES_MAX)
        return found
