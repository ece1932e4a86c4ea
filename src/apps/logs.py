"""Logging: one line an event on stderr, for people or as JSON, with the correlation id.

What is bound with ``structlog.contextvars`` while a call is served (its correlation id above
all) is on every line that the call gives rise to, those of libraries included.
"""

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

__all__ = ["configure_logs"]

# What these say at their own start and end is said better by the program.
_QUIET = ("uvicorn", "asyncio", "aiokafka", "pymongo", "environ_config")


def configure_logs(level: str, form: str) -> None:
    """Log *level* and above to stderr, as ``console`` or ``json``."""
    least = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = _Stderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_last_steps(form),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if not isinstance(one, _Stderr)]
    root.addHandler(handler)
    root.setLevel(least)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(least, logging.WARNING))
    logging.getLogger("aiokafka").addFilter(_said_otherwise)


def _said_otherwise(record: logging.LogRecord) -> bool:
    # At every try; that Kafka is away is said once, with the setting to look at.
    return not str(record.msg).startswith("Unable connect")


class _Stderr(logging.Handler):
    """Writes to whatever stderr is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(self.format(record), file=sys.stderr, flush=True)  # noqa: T201
        except (OSError, ValueError):
            self.handleError(record)


def _last_steps(form: str) -> list[structlog.typing.Processor]:
    if form == "json":
        return [
            structlog.processors.ExceptionRenderer(
                # Local variables may be secrets.
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            _message_first,
            structlog.processors.JSONRenderer(),
        ]
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The pretty ones are slow, and show local variables.
            exception_formatter=structlog.dev.plain_traceback,
        )
    ]


def _message_first(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {"event": event.pop("event", ""), **event}
