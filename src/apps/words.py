"""Small words of sentences for people."""

import sys
from pathlib import Path

__all__ = ["command_line", "counted"]


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return *count* with its noun: 1 order, 2 orders, 1,000 orders."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def command_line(arguments: str) -> str:
    """Return what to type for a command of ours, here and with this interpreter."""
    python = Path(sys.executable)
    if python.is_relative_to(Path.cwd()):
        return f"{python.relative_to(Path.cwd())} -m apps {arguments}"
    return f"python -m apps {arguments}"
