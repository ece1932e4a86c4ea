"""settings: what is in force."""

import rich_click as click

from apps.commands.common import console, examples, new_table, said_plainly
from apps.setting_rows import describe
from apps.settings import load_settings

__all__ = ["settings"]


@click.command(
    epilog=examples(
        "python -m apps settings",
        "ORDERS_PORT=4000 python -m apps settings",
    )
)
@said_plainly
def settings() -> None:
    """Print every setting with its value, its default and its meaning; secrets are masked.

    Settings are environment variables, also from a .env file in the present folder; a variable
    of the environment wins. A star marks what is not the default.
    """
    table = new_table("", "setting", "value", "default", "meaning")
    for row in describe(load_settings()):
        star = "" if row.is_default else "*"
        table.add_row(star, row.name, row.value, row.default, row.meaning)
    console().print(table, markup=False)
