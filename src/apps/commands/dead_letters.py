"""dead-letters: look at what could not be processed, and send it back."""

import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import rich_click as click
from rich.console import Console
from rich.progress import Progress

from apps.bootstrap import Part, open_container
from apps.commands.common import (
    command_settings,
    examples,
    print_json,
    require_system,
    run_async,
    said_plainly,
)
from apps.commands.letters import letter_document, print_letter, print_letters, print_plans
from apps.faults import CommandFault
from apps.settings import Settings
from inventory_domain.dead_letters import DeadLetter
from inventory_domain.use_cases.redrive import DeadLetterFilter, LetterState, Plan, Redrive

__all__ = ["dead_letters"]

_ANY_STATE = "any"

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(
    "dead-letters",
    epilog=examples(
        "python -m apps dead-letters list --reason insufficient_stock",
        "python -m apps dead-letters redrive --all",
        "python -m apps dead-letters redrive --order 0193... --yes",
    ),
)
def dead_letters() -> None:
    """Look at dead letters and send them back.

    A dead letter is a message that could not be processed, kept byte for byte with the reason.
    All of it works beside a running system.
    """


def _filters(command: Command) -> Command:
    for option, meaning in (
        ("--order", "Only those of this order."),
        ("--reason", "Only those with this reason, such as insufficient_stock."),
        ("--topic", "Only those from this topic, such as inventory.reserve."),
    ):
        command = click.option(option, help=meaning)(command)
    return command


@dead_letters.command(
    "list",
    epilog=examples(
        "python -m apps dead-letters list",
        "python -m apps dead-letters list --topic inventory.reserve --json",
    ),
)
@_filters
@click.option(
    "--state",
    type=click.Choice([*(state.value for state in LetterState), _ANY_STATE]),
    default=LetterState.OPEN.value,
    help="Those that are open, those that were sent back, or any.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@said_plainly
def list_letters(
    topic: str | None, reason: str | None, order: str | None, state: str, *, as_json: bool
) -> None:
    """List the dead letters that pass the filters, newest first.

    Those that were sent back since are left out; --state any shows them too.
    """
    wanted = DeadLetterFilter(
        topic=topic,
        reason=reason,
        order_id=order,
        state=None if state == _ANY_STATE else LetterState(state),
    )
    letters = run_async(_letters(_settings(), wanted))[::-1]
    if as_json:
        print_json([letter_document(letter) for letter in letters])
    else:
        print_letters(letters)


@dead_letters.command(
    "show", epilog=examples("python -m apps dead-letters show inventory.reserve.dlq-0-12")
)
@click.argument("letter_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@said_plainly
def show_letter(letter_id: str, *, as_json: bool) -> None:
    """Show everything about one dead letter: its bytes, its headers, its reason."""
    [letter] = run_async(_named(_settings(), (letter_id,)))
    if as_json:
        print_json(letter_document(letter))
    else:
        print_letter(letter)


def _finite(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter("it must be a number above 0", context, option)
    return value


@dead_letters.command(
    "redrive",
    epilog=examples(
        "python -m apps dead-letters redrive --all",
        "python -m apps dead-letters redrive --id inventory.reserve.dlq-0-12 --yes",
        "python -m apps dead-letters redrive --reason insufficient_stock --per-second 50 --yes",
    ),
)
@click.option("--all", "everything", is_flag=True, help="All that are open.")
@click.option("--id", "ids", multiple=True, help="This one; may be given several times.")
@_filters
@click.option(
    "--per-second",
    type=click.FloatRange(min=0, min_open=True),
    callback=_finite,
    help="Send at most so many a second.",
)
@click.option(
    "--yes/--dry-run", "confirmed", default=False, help="Send them; else only say what it would do."
)
@said_plainly
def redrive(
    ids: tuple[str, ...],
    topic: str | None,
    reason: str | None,
    order: str | None,
    per_second: float | None,
    *,
    everything: bool,
    confirmed: bool,
) -> None:
    """Send dead letters back to where they failed, under the same event id, counted.

    Without --yes it only says what sending each would do now. Those of orders that were
    cancelled since, those that are done already, and those that were too large to be kept
    whole are left out.
    """
    wanted = DeadLetterFilter(topic=topic, reason=reason, order_id=order)
    filtered = wanted != DeadLetterFilter()
    if [everything, bool(ids), filtered].count(True) != 1:
        raise CommandFault("Say which: --all, or --id, or filters (--topic, --reason, --order).")
    run_async(_redrive(_settings(), ids, wanted, per_second=per_second, confirmed=confirmed))


async def _redrive(
    settings: Settings,
    ids: Sequence[str],
    wanted: DeadLetterFilter,
    *,
    per_second: float | None,
    confirmed: bool,
) -> None:
    async with _use_case(settings) as use_case:
        letters = await (_find(use_case, ids) if ids else use_case.letters(wanted))
        plans = await use_case.plan(letters)
        print_plans(plans)
        going = sum(plan.is_sent for plan in plans)
        left_out = len(plans) - going
        if confirmed:
            sent = await _send(use_case, plans, per_second)
            click.echo(f"{sent} dead letters were sent back, {left_out} were left out.")
        else:
            click.echo(
                f"Nothing was sent: {going} would be, {left_out} would be left out. "
                "Repeat it with --yes."
            )


async def _send(use_case: Redrive, plans: Sequence[Plan], per_second: float | None) -> int:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Sending back", total=len(plans))
        return await use_case.run(
            plans, per_second=per_second, progress=lambda _plan: progress.advance(task)
        )


async def _letters(settings: Settings, wanted: DeadLetterFilter) -> Sequence[DeadLetter]:
    async with _use_case(settings) as use_case:
        return await use_case.letters(wanted)


async def _named(settings: Settings, ids: Sequence[str]) -> Sequence[DeadLetter]:
    async with _use_case(settings) as use_case:
        return await _find(use_case, ids)


async def _find(use_case: Redrive, ids: Sequence[str]) -> Sequence[DeadLetter]:
    found = {letter_id: await use_case.letter(letter_id) for letter_id in ids}
    missing = [letter_id for letter_id, letter in found.items() if letter is None]
    if missing:
        raise CommandFault(
            *(f"There is no dead letter {letter_id}: see `list`." for letter_id in missing)
        )
    return [letter for letter in found.values() if letter is not None]


def _settings() -> Settings:
    settings = command_settings()
    require_system(settings)
    return settings


@asynccontextmanager
async def _use_case(settings: Settings) -> AsyncIterator[Redrive]:
    parts = (Part.STOCK, Part.LOG)
    async with open_container(settings, parts=parts, owner=False) as container:
        yield container.redrive()
