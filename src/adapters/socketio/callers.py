"""Who connects: what this adapter wants to know of a token, and nothing else about it."""

from datetime import datetime
from typing import Protocol

__all__ = ["Caller", "TokenVerifier"]


class Caller(Protocol):
    """Somebody whose token was verified."""

    @property
    def subject(self) -> str: ...

    @property
    def roles(self) -> frozenset[str]: ...

    @property
    def expires_at(self) -> datetime:
        """The moment from which on the token is worth nothing: aware, UTC."""


class TokenVerifier(Protocol):
    """Knows which tokens are good."""

    def verify(self, token: str) -> Caller:
        """Return whose token it is.

        Raises:
            DomainError: it is bad or expired; the error's text is told to whoever sent it.
        """
