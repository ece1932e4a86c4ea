"""Tokens for anybody, in the demo on loopback only: the pages sign somebody in with a click."""

from typing import Final

from litestar import post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from apps.access import is_at_home
from apps.edge.answers import Answer, success
from apps.edge.auth import ROLES, issue_token
from apps.edge.body import read_object
from apps.edge.calls import AnyRequest
from apps.edge.describe import JsonSchema, array, maybe, obj, operation, ref
from apps.edge.fields import Fields
from apps.edge.limits import Rate, RateLimit
from apps.orders.shapes import ID

__all__ = ["DEMO_SCHEMAS", "demo_token_route"]

TTL_SECONDS: Final = 12 * 3600
_RATE: Final = Rate(per_second=20, burst=200)

_ROLE_LIST: Final = array({"type": "string", "enum": list(ROLES)}, maxItems=len(ROLES))
DEMO_SCHEMAS: Final[dict[str, JsonSchema]] = {
    "TokenRequest": obj({"sub": ID, "roles": maybe(_ROLE_LIST)}, ["sub"]),
    "Token": obj(
        {
            "token": {"type": "string"},
            "sub": ID,
            "roles": _ROLE_LIST,
            "expiresIn": {"const": TTL_SECONDS},
        },
        ["token", "sub", "roles", "expiresIn"],
    ),
}
_Token = operation(
    answers={200: ("A token.", ref("Token"))},
    failures=[400, 404, 413],
    body=ref("TokenRequest"),
    examples={"user": {"sub": "user123", "roles": ["user"]}},
    signed_in=False,
)


def demo_token_route(secret: str, issuer: str) -> HTTPRouteHandler:
    """Return the route that gives tokens to anybody; an app outside the demo must not have it."""

    @post(
        "/demo/token",
        operation_class=_Token,
        status_code=200,
        summary="Get a token (demo only)",
        tags=["demo"],
        middleware=[RateLimit(_RATE)],
    )
    async def token(request: AnyRequest) -> Answer:
        """Sign a token for whoever is named."""
        if not is_at_home(request.headers):
            raise NotFoundException
        subject, roles = _parse(await read_object(request))
        signed = issue_token(
            secret=secret, issuer=issuer, subject=subject, roles=roles, ttl_seconds=TTL_SECONDS
        )
        data = {"token": signed, "sub": subject, "roles": roles, "expiresIn": TTL_SECONDS}
        return success("A token for the demo.", data)

    return token


def _parse(document: dict[str, object]) -> tuple[str, list[str]]:
    fields = Fields(document)
    subject = fields.id("sub", required=True)
    roles = fields.texts("roles", count_max=len(ROLES), length_max=20)
    for place, role in enumerate(roles or ()):
        if role not in ROLES:
            fields.refuse(f"roles[{place}]", f"must be one of {', '.join(ROLES)}")
    fields.finish()
    return subject or "", sorted(set(roles or ("user",)))
