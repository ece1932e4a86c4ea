"""One call: who makes it, and what its headers say. The gate makes it; handlers ask for it."""

from collections.abc import Collection
from typing import Any

import attrs
from litestar import Request

from apps.edge.auth import Caller, NoToken, Unauthenticated
from inventory_domain.errors import Forbidden
from inventory_domain.messages import Trace
from inventory_domain.order_requests import Actor

__all__ = ["AnyRequest", "Call", "as_admin", "as_anyone", "as_service", "as_user", "call_of"]

AnyRequest = Request[Any, Any, Any]


@attrs.define(kw_only=True)
class Call:
    """What the gate found out about a call before its handler runs."""

    request_id: str
    address: str
    traceparent: str | None = None
    identity: Caller | Unauthenticated
    idempotency_key: str | None = None
    if_match: str | None = None
    content_length: int = 0

    @property
    def caller(self) -> Caller:
        """Return who is signed in.

        Raises:
            Unauthenticated: nobody.
        """
        if isinstance(self.identity, Caller):
            return self.identity
        raise self.identity

    @property
    def actor(self) -> Actor:
        """Return the caller in the domain's terms."""
        caller = self.caller
        return Actor(subject=caller.subject, is_admin=caller.is_admin)

    @property
    def trace(self) -> Trace:
        """Return what the events that follow from the call carry."""
        return Trace(correlation_id=self.request_id, traceparent=self.traceparent)

    def require_role(self, allowed: Collection[str]) -> None:
        """Refuse whoever has none of the *allowed* roles.

        Raises:
            Unauthenticated: nobody is signed in.
            Forbidden: somebody without such a role is.
        """
        if self.caller.roles.isdisjoint(allowed):
            raise Forbidden(reason=f"This needs the role {' or '.join(sorted(allowed))}.")

    def require_own(self, user_id: str) -> None:
        """Refuse whoever is neither *user_id* nor an admin.

        Raises:
            Forbidden: it is not theirs.
        """
        caller = self.caller
        if caller.subject != user_id and not caller.is_admin:
            raise Forbidden


def call_of(request: AnyRequest) -> Call:
    """Return the call that *request* makes, whoever makes it."""
    call: Call = request.scope["state"]["call"]
    return call


def as_anyone(request: AnyRequest) -> Call:
    """Return the call of whoever it is; a token that is sent must be a good one all the same."""
    call = call_of(request)
    if not isinstance(call.identity, Caller | NoToken):
        raise call.identity
    return call


def as_user(request: AnyRequest) -> Call:
    """Return the call of a signed-in user or admin; others are refused."""
    call = call_of(request)
    call.require_role({"user", "admin"})
    return call


def as_admin(request: AnyRequest) -> Call:
    """Return the call of an admin; others are refused."""
    call = call_of(request)
    call.require_role({"admin"})
    return call


def as_service(request: AnyRequest) -> Call:
    """Return the call of another service, or of an admin; others are refused."""
    call = call_of(request)
    call.require_role({"admin", "service"})
    return call
