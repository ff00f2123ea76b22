"""Where log lines go: the error output always, so that results stay clean; a service tells more than a command."""

from __future__ import annotations

import logging
import sys

import structlog


def to_errors(*, service: bool) -> None:
    """Send log lines to the error output; of a single command only what is critical, since it tells its own story."""
    level = logging.INFO if service else logging.CRITICAL
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING if service else logging.CRITICAL, force=True)
