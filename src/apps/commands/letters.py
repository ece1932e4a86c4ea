"""Dead letters on paper: as lists, one by one, and with what sending each back would do."""

from collections.abc import Sequence

from rich.markup import escape

from apps.commands.common import console, new_table
from apps.reports import letter_facts
from inventory_domain.dead_letters import DeadLetter
from inventory_domain.times import format_time
from inventory_domain.use_cases.redrive import Forecast, Plan

__all__ = ["letter_document", "print_letter", "print_letters", "print_plans"]

_SHOWN_BYTES_MAX = 4_000
_COLOURS = {Forecast.RESERVED: "green", Forecast.APPLIED: "green"}


def print_letters(letters: Sequence[DeadLetter]) -> None:
    """Print a list, a line each."""
    if not letters:
        console().print("There are no such dead letters.")
        return
    table = new_table("id", "failed at", "order", "reason", "message", "redrives")
    for letter in letters:
        failure = letter.failure
        table.add_row(
            letter.letter_id,
            format_time(failure.last_at),
            escape(letter.order_id or ""),
            escape(failure.error_class),
            escape(failure.message),
            str(letter.redrives),
        )
    console().print(table)


def print_letter(letter: DeadLetter) -> None:
    """Print everything that one letter says, its bytes as text."""
    out = console()
    for name, value in letter_document(letter).items():
        if not isinstance(value, dict):
            out.print(f"[bold]{name}[/bold]: {escape(str(value))}", soft_wrap=True)
    out.print("[bold]headers[/bold]:")
    for name, content in letter.record.headers:
        out.print(f"  {escape(name)}: {escape(_text(content))}", soft_wrap=True)


def print_plans(plans: Sequence[Plan]) -> None:
    """Print what sending each letter back would do."""
    table = new_table("id", "order", "if sent back", "detail")
    for plan in plans:
        colour = _COLOURS.get(plan.forecast, "yellow")
        table.add_row(
            plan.letter.letter_id,
            escape(plan.letter.order_id or ""),
            f"[{colour}]{plan.forecast}[/{colour}]" + ("" if plan.is_sent else ", left out"),
            escape(plan.detail),
        )
    console().print(table)


def letter_document(letter: DeadLetter) -> dict[str, object]:
    """Return a letter as data for programs."""
    return {
        **letter_facts(letter),
        "value": _text(letter.record.value),
        "headers": {name: _text(content) for name, content in letter.record.headers},
    }


def _text(content: bytes | None) -> str:
    if content is None:
        return "none"
    shown = content[:_SHOWN_BYTES_MAX].decode("utf-8", "backslashreplace")
    left = len(content) - _SHOWN_BYTES_MAX
    return shown if left <= 0 else f"{shown} ... and {left} bytes more"
