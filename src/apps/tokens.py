"""Tokens: what they are verified with, by the settings, for HTTP and for sockets alike."""

import asyncio
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import jwt

from apps.edge.auth import KeySet, TokenVerifier
from apps.faults import DEPENDENCY_AWAY, CommandFault
from apps.settings import Settings

__all__ = ["SocketCaller", "SocketVerifier", "open_verifier"]

_FETCH_SECONDS_MAX = 5.0
_LATEST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
_KEY_SET_BYTES_MAX = 1024 * 1024


@attrs.frozen
class SocketCaller:
    """Somebody whose token was verified, as the sockets know them."""

    subject: str
    roles: frozenset[str]
    expires_at: datetime


@attrs.frozen
class SocketVerifier:
    """The verifier of HTTP in the words of the sockets."""

    verifier: TokenVerifier

    def verify(self, token: str) -> SocketCaller:
        """Return whose token it is; see :meth:`TokenVerifier.verify`."""
        caller = self.verifier.verify(token)
        # Some issuers write a year that no calendar has.
        expires_at = datetime.fromtimestamp(min(caller.expires_at, _LATEST), UTC)
        return SocketCaller(caller.subject, caller.roles, expires_at)


async def open_verifier(settings: Settings) -> TokenVerifier:
    """Return what knows good tokens.

    Raises:
        CommandFault: the key set cannot be had, or there is nothing to verify with.
    """
    if settings.access_token_jwks is not None:
        keys = await asyncio.to_thread(_key_set, settings.access_token_jwks)
        return TokenVerifier(keys, settings.issuer)
    assert settings.access_token_secret is not None, "access is settled before a service starts"
    return TokenVerifier(settings.access_token_secret, settings.issuer)


def _key_set(source: str) -> KeySet:
    is_address = source.startswith(("http://", "https://"))
    try:
        document: Any = json.loads(_fetch(source) if is_address else Path(source).read_bytes())
        return KeySet(document)
    except (OSError, urllib.error.URLError) as error:
        raise CommandFault(
            f"ACCESS_TOKEN_JWKS={source} cannot be read ({error}): check it.",
            exit_code=DEPENDENCY_AWAY if is_address else 2,
        ) from None
    except (ValueError, TypeError, KeyError, jwt.PyJWTError):
        raise CommandFault(
            f"ACCESS_TOKEN_JWKS={source} is no JSON Web Key Set: check what it names."
        ) from None


def _fetch(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=_FETCH_SECONDS_MAX) as answer:  # noqa: S310
        found: bytes = answer.read(_KEY_SET_BYTES_MAX)
        return found
