"""What the commands share: settings, one event loop, tables, and ends without a traceback."""

import asyncio
import functools
import json
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
import uvloop
from rich.console import Console
from rich.table import Table

from apps.faults import DEPENDENCY_AWAY, WRONG_USE, CommandFault
from apps.logs import configure_logs
from apps.settings import Settings, load_settings
from inventory_domain.errors import DependencyUnavailable, InvalidRequest

__all__ = [
    "INTERRUPTED",
    "command_settings",
    "console",
    "examples",
    "new_table",
    "print_json",
    "require_system",
    "run_async",
    "said_plainly",
]

INTERRUPTED = 130
_WIDTH_IN_FILES = 200

P = ParamSpec("P")
T = TypeVar("T")


def command_settings() -> Settings:
    """Return the settings in force, with the logs set up as they say."""
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    return settings


def require_system(settings: Settings) -> None:
    """Refuse to look at a data folder that is not there, instead of making an empty one.

    Raises:
        CommandFault: it is not there.
    """
    embedded = "embedded" in (settings.store, settings.event_log)
    if embedded and not Path(settings.data_dir).is_dir():
        raise CommandFault(
            f"There is no folder {settings.data_dir}: set DATA_DIR to the one of your system, or "
            "make one with `run` or `seed`."
        )


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run *work* on the event loop that the services use."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def said_plainly(command: Callable[P, T]) -> Callable[P, T]:
    """Turn what a person can cause or meet into sentences on stderr and an exit code."""

    @functools.wraps(command)
    def plain(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except CommandFault as fault:
            _end(fault.exit_code, *fault.sentences)
        except InvalidRequest as refusal:
            lines = (f"{place}: {fault}." for place, fault in refusal.fields.items())
            _end(WRONG_USE, *lines)
        except DependencyUnavailable as away:
            _end(DEPENDENCY_AWAY, _away(away))
        except KeyboardInterrupt:
            _end(INTERRUPTED, "Stopped.")

    return plain


def _away(away: DependencyUnavailable) -> str:
    # An adapter that knows which setting to look at says so in a sentence.
    if away.reason.endswith("."):
        return away.reason
    reason = f" ({away.reason})" if away.reason else ""
    return f"The {away.dependency} does not answer{reason}."


def _end(code: int, *sentences: str) -> NoReturn:
    for sentence in sentences:
        click.echo(sentence, err=True)
    sys.exit(code)


def examples(*lines: str) -> str:
    """Return the end of a command's help: lines that work as they stand."""
    # A blank line between them is what keeps each on its own.
    return "\n\n".join(("Examples:", *lines))


def console() -> Console:
    """Return where tables are printed; in a file they are not squeezed."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_IN_FILES, highlight=False)


def new_table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """Return a table without lines; the columns named in *right* hold numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def print_json(document: object) -> None:
    """Print *document* as JSON for programs."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
