"""token: somebody's key to the services."""

import re
from typing import Final

import rich_click as click

from apps.access import settle_access
from apps.commands.common import command_settings, examples, said_plainly
from apps.edge.auth import ROLES, issue_token
from apps.faults import CommandFault

__all__ = ["token"]

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DAYS_MAX: Final = 3650


class _Duration(click.ParamType[int]):
    """A time such as 90s, 15m, 1h or 7d."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        found = re.fullmatch(r"([0-9]{1,9})([smhd])", str(value).strip().lower())
        seconds = int(found[1]) * _UNITS[found[2]] if found else 0
        if not 0 < seconds <= _DAYS_MAX * _UNITS["d"]:
            self.fail(f"must be a time such as 90s, 15m, 1h or 7d; it is {value!r}", param, ctx)
        return seconds


@click.command(
    epilog=examples(
        "python -m apps token --sub anna",
        "TOKEN=$(python -m apps token --sub boss --role admin --ttl 8h)",
        'curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3004/api/v1/orders',
    )
)
@click.option("--sub", required=True, help="Who the token stands for: a user id.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    default=("user",),
    type=click.Choice(ROLES),
    help="What they may do; may be given several times.",
    show_default=True,
)
@click.option("--ttl", type=_Duration(), default="1h", show_default=True, help="How long it holds.")
@said_plainly
def token(sub: str, roles: tuple[str, ...], ttl: int) -> None:
    """Print a token for the configured secret, and nothing else.

    Without ACCESS_TOKEN_SECRET it is signed with the secret of the demo in DATA_DIR.
    """
    settings = settle_access(command_settings(), demo_by_default=True, make_secret=False)
    if settings.access_token_secret is None:
        raise CommandFault("With ACCESS_TOKEN_JWKS tokens come from its issuer: ask there.")
    try:
        text = issue_token(
            secret=settings.access_token_secret,
            issuer=settings.issuer,
            subject=sub,
            roles=roles,
            ttl_seconds=ttl,
        )
    except ValueError as fault:
        raise CommandFault(f"{str(fault)[:1].upper()}{str(fault)[1:]}.") from None
    click.echo(text)
