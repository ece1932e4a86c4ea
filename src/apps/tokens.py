"""Tokens: what they are verified with, by the settings, for HTTP and for sockets alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import attrs

from apps.edge.auth import TokenVerifier
from apps.key_sets import RenewedKeys, read_key_set
from apps.settings import Settings
from inventory_domain.ports import Clock

__all__ = ["SocketCaller", "SocketVerifier", "open_verifier"]

_LATEST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


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


@asynccontextmanager
async def open_verifier(settings: Settings, clock: Clock) -> AsyncIterator[TokenVerifier]:
    """Open what knows good tokens; an issuer's key set is read again now and then until the end.

    Raises:
        CommandFault: the key set cannot be had, or there is nothing to verify with.
    """
    if settings.access_token_jwks is None:
        assert settings.access_token_secret is not None, "it is settled before a service starts"
        yield TokenVerifier(settings.access_token_secret, settings.issuer)
        return
    keys = RenewedKeys(settings.access_token_jwks, await read_key_set(settings.access_token_jwks))
    verifier = TokenVerifier(keys, settings.issuer)
    renewal = asyncio.create_task(keys.renew(clock, verifier.forget), name="key set renewal")
    try:
        yield verifier
    finally:
        renewal.cancel()
