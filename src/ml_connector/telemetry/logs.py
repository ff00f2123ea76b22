"""Log lines: one event with its fields and traceback, secrets redacted, as text for people or JSON for machines."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import stamina.instrumentation
import structlog

from ml_connector.transport import redact

# The job engine and the driver speak through the standard library; below a warning they only repeat what we say.
_LIBRARIES = ("procrastinate", "psycopg", "alembic", "aiohttp")


def configure(*, service: bool, json: bool = False) -> None:
    """Send log lines to the error output, so that results stay clean. Called once, by an entry point.

    A ``service`` tells what it does, as JSON where asked; a single command tells its own story and only fails aloud.
    """
    marked: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    # Last before the line is written: a traceback may hold a secret as well as a field.
    shown: list[Any] = [structlog.processors.format_exc_info, redacted, renderer]
    structlog.configure(
        processors=[*marked, *shown],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if service else logging.CRITICAL),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=service,
    )
    level = logging.WARNING if service else logging.CRITICAL
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *marked], processors=[remove, *shown]
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(level)
    stamina.instrumentation.set_on_retry_hooks([_asked_again])
    # A pool repeats at every attempt that the database is away; the worker says it once.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)


def _asked_again(details: stamina.instrumentation.RetryDetails) -> None:
    """A read that failed and is repeated, in our words instead of the library's; only reads are ever repeated so."""
    structlog.get_logger().info(
        "a read was not answered and is asked again", seconds=round(details.wait_for, 1), why=str(details.caused_by)
    )


def redacted(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Every text of an event without secrets, under whatever name it comes."""
    for name, value in event.items():
        if redact.is_secret(name):
            event[name] = "[redacted]"
        elif isinstance(value, str):
            event[name] = redact.text(value)
    return event
