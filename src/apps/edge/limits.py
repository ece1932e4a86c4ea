"""The rate limit: a bucket of tokens a caller, in bounded memory."""

import math
import time
from collections.abc import Callable

import attrs
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from apps.edge.auth import Caller
from apps.edge.calls import Call
from apps.edge.errors import TooManyRequests

__all__ = ["Rate", "RateLimit", "rate_of"]

_CALLERS_MAX = 50_000


@attrs.frozen(kw_only=True)
class Rate:
    """So many calls a second on average, and so many at once after a rest."""

    per_second: float
    burst: int


def rate_of(per_second: float) -> Rate | None:
    """Return *per_second* on average and a second's worth at once, or None for no limit (0)."""
    return Rate(per_second=per_second, burst=math.ceil(per_second)) if per_second else None


class RateLimit:
    """A Litestar middleware that refuses whoever is over *rate*.

    A signed-in caller is known by its subject, others by their address. Behind a proxy that
    address is the proxy's, unless the server was told to trust its headers. Past a bound the
    callers that were seen longest ago are forgotten, and begin with a full bucket again.
    """

    def __init__(self, rate: Rate, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._buckets: dict[str, tuple[float, float]] = {}

    def __call__(self, app: ASGIApp) -> ASGIApp:
        """Put the limit before *app*."""

        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == ScopeType.HTTP:
                self.admit(scope["state"]["call"])
            await app(scope, receive, send)

        return limited

    def admit(self, call: Call) -> None:
        """Take one token from the caller's bucket.

        Raises:
            TooManyRequests: it is empty.
        """
        identity = call.identity
        key = f"subject {identity.subject}" if isinstance(identity, Caller) else call.address
        now = self._monotonic()
        # Taken out and put back at the end: the first key is the one seen longest ago.
        tokens, seen_at = self._buckets.pop(key, (float(self._rate.burst), now))
        tokens = min(tokens + (now - seen_at) * self._rate.per_second, self._rate.burst)
        admitted = tokens >= 1
        self._buckets[key] = (tokens - 1 if admitted else tokens, now)
        if len(self._buckets) > _CALLERS_MAX:
            del self._buckets[next(iter(self._buckets))]
        if not admitted:
            seconds = math.ceil((1 - tokens) / self._rate.per_second)
            raise TooManyRequests(retry_after_seconds=seconds)
