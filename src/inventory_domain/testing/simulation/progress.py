"""How far a run has come: a bar where rich is there, lines where it is not."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

__all__ = ["progress_of"]

_LINE_SECONDS = 5.0


@contextmanager
def progress_of(total: int) -> Iterator[Callable[[int], None]]:
    """Yield what is to be called with the number of histories done."""
    try:
        from rich.progress import Progress  # noqa: PLC0415 - it may not be installed
    except ImportError:
        yield _lines(total)
        return
    if not sys.stderr.isatty():
        yield _lines(total)
        return
    with Progress(transient=True) as bar:
        task = bar.add_task("histories", total=total)
        yield lambda done: bar.update(task, completed=done)


def _lines(total: int) -> Callable[[int], None]:
    told_at = monotonic()

    def tell(done: int) -> None:
        nonlocal told_at
        if monotonic() - told_at >= _LINE_SECONDS:
            told_at = monotonic()
            print(f"{done} of {total} histories", file=sys.stderr, flush=True)

    return tell
