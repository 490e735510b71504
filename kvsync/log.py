"""One line of text per event: on stdout for the service, on stderr for a command whose answer is on stdout."""

import sys

import structlog

from shared.log_line import render


def set_up_logging(*, to_stderr: bool = False) -> None:
    """Time, level, event and its fields, in the form of shared/log_line.py."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            render,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr if to_stderr else sys.stdout),
        cache_logger_on_first_use=False,
    )
