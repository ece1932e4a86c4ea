"""The command line: ``python -m apps COMMAND --help`` teaches each command."""

from importlib import import_module
from typing import Final

import rich_click as click

from apps.commands.common import INTERRUPTED, examples

__all__ = ["main"]

# Loaded when they are asked for: to print a token nobody should wait for the web framework.
_COMMANDS: Final = {
    "run": "apps.commands.run:run",
    "orders": "apps.commands.run:orders",
    "products": "apps.commands.run:products",
    "storefront": "apps.commands.run:storefront",
    "monitor": "apps.commands.run:monitor",
    "seed": "apps.commands.seed:seed",
    "token": "apps.commands.token:token",
    "audit": "apps.commands.audit:audit",
    "dead-letters": "apps.commands.dead_letters:dead_letters",
    "topics": "apps.commands.topics:topics",
    "settings": "apps.commands.settings:settings",
}


class _Commands(click.RichGroup):
    """The commands of the table, in its order."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click gives it
        """Return their names."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        try:
            command: click.Command = getattr(import_module(module), name)
        except KeyboardInterrupt:
            # Else it ends as if the answer were no.
            click.echo("Stopped.", err=True)
            ctx.exit(INTERRUPTED)
        return command


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        "python -m apps run",
        "TOKEN=$(python -m apps token --sub anna)",
        "python -m apps audit",
    ),
)
def main() -> None:
    """Orders and inventory: one system, in one process or in many.

    Every command follows the settings, which are environment variables or lines of a .env file;
    `settings` prints them. Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 a dependency
    is away.
    """
