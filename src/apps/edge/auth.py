"""Bearer tokens: who the caller is, by a JWT that our issuer signed and that has not expired."""

import time
from collections.abc import Collection, Mapping
from typing import Any, Final, Protocol

import attrs
import jwt

from inventory_domain.errors import DomainError
from inventory_domain.ids import UserId, id_fault

__all__ = [
    "ROLES",
    "Caller",
    "KeySet",
    "Keys",
    "NoToken",
    "SharedSecret",
    "TokenVerifier",
    "Unauthenticated",
    "issue_token",
]

ROLES: Final = ("user", "admin", "service")
TOKEN_LENGTH_MAX = 8 * 1024
VERIFIED_COUNT_MAX = 10_000


@attrs.define(kw_only=True, str=False)
class Unauthenticated(DomainError):
    """Nobody knows who the caller is; *reason* says what is wrong with the token."""

    code = "unauthenticated"
    reason: str

    def message(self) -> str:
        """Return the reason."""
        return self.reason


@attrs.define(kw_only=True, str=False)
class NoToken(Unauthenticated):
    """The caller sent no token, which is enough for what is open to anyone."""

    reason: str = "Sign in: send a token as Authorization: Bearer <token>."


@attrs.frozen(kw_only=True)
class Caller:
    """Somebody with a token that holds until *expires_at* (seconds since the epoch)."""

    subject: UserId
    roles: frozenset[str]
    expires_at: float

    @property
    def is_admin(self) -> bool:
        """Whether everything is open to the caller."""
        return "admin" in self.roles


class Keys(Protocol):
    """Finds the key that a token must be signed with."""

    def find(self, header: Mapping[str, Any]) -> tuple[Any, str]:
        """Return the key for a token with this header, and the one algorithm it is used with.

        Raises:
            jwt.InvalidTokenError: there is none.
        """


class SharedSecret:
    """One secret, HS256."""

    def __init__(self, secret: str) -> None:
        self._key = (secret, "HS256")

    def find(self, header: Mapping[str, Any]) -> tuple[Any, str]:  # noqa: ARG002
        """Return the secret."""
        return self._key


class KeySet:
    """The public RS256 keys of a JSON Web Key Set, found by the token's ``kid``."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        keys = jwt.PyJWKSet.from_dict(dict(document)).keys
        self._keys = {key.key_id: key.key for key in keys if key.key_type == "RSA"}

    def find(self, header: Mapping[str, Any]) -> tuple[Any, str]:
        """Return the key that the header names."""
        key = self._keys.get(header.get("kid"))
        if key is None:
            raise jwt.InvalidSignatureError("no such key")
        return key, "RS256"


class TokenVerifier:
    """Tells who a token stands for. Verified tokens are remembered, a bounded number of them."""

    def __init__(self, keys: str | Keys, issuer: str) -> None:
        self._keys: Keys = SharedSecret(keys) if isinstance(keys, str) else keys
        self._issuer = issuer
        self._verified: dict[str, Caller] = {}

    def verify(self, token: str) -> Caller:
        """Return whom *token* stands for.

        Raises:
            Unauthenticated: it is none of ours, or it has expired.
        """
        caller = self._verified.get(token)
        if caller is not None and caller.expires_at > time.time():
            return caller
        caller = self._decode(token)
        if len(self._verified) >= VERIFIED_COUNT_MAX:
            self._verified.clear()
        self._verified[token] = caller
        return caller

    def forget(self) -> None:
        """Verify every token anew: the keys have changed."""
        self._verified.clear()

    def _decode(self, token: str) -> Caller:
        if len(token) > TOKEN_LENGTH_MAX:
            raise Unauthenticated(reason="The token is too long to be one of ours.")
        try:
            key, algorithm = self._keys.find(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer,
                options={"require": ["sub", "roles", "exp", "iss"], "verify_aud": False},
            )
            return _caller(claims)
        except (jwt.PyJWTError, ArithmeticError, ValueError) as fault:
            raise Unauthenticated(reason=_sentence(fault)) from fault


def _caller(claims: Mapping[str, Any]) -> Caller:
    subject, roles = claims["sub"], claims["roles"]
    if id_fault(subject) is not None:
        raise Unauthenticated(reason="The token's sub cannot be a user id: get another token.")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Unauthenticated(reason="The token's roles must be a list: get another token.")
    known = frozenset(role for role in roles if role in ROLES)
    return Caller(subject=UserId(subject), roles=known, expires_at=float(claims["exp"]))


def _sentence(fault: Exception) -> str:
    """Say what is wrong with a token, without a word that would help to forge one."""
    if isinstance(fault, jwt.ExpiredSignatureError):
        return "The token has expired: get a new one."
    if isinstance(fault, jwt.InvalidIssuerError):
        return "The token is from another issuer: get one from ours."
    if isinstance(fault, jwt.MissingRequiredClaimError):
        return f"The token has no {fault.claim}: get one from our issuer."
    if isinstance(fault, jwt.ImmatureSignatureError):
        return "The token is not valid yet: check the clocks."
    return "The token is not valid: get one from our issuer."


def issue_token(
    *, secret: str, issuer: str, subject: str, roles: Collection[str], ttl_seconds: float
) -> str:
    """Return a token for *subject* that holds for *ttl_seconds* from now.

    Raises:
        ValueError: the subject cannot be a user id, or a role is unknown.
    """
    fault = id_fault(subject)
    if fault is not None:
        raise ValueError(f"sub {fault}")
    strangers = sorted(set(roles).difference(ROLES))
    if strangers:
        raise ValueError(f"unknown role {', '.join(strangers)}: use {', '.join(ROLES)}")
    now = time.time()
    claims = {
        "sub": subject,
        "roles": sorted(set(roles)),
        "iss": issuer,
        "iat": int(now),
        "exp": int(now + ttl_seconds),
    }
    return jwt.encode(claims, secret, algorithm="HS256")
