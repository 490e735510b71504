"""One line of text per event: on stdout for the service, on stderr for a command whose answer is on stdout."""

import sys

import structlog


def set_up_logging(*, to_stderr: bool = False) -> None:
    """Time, level, event and its fields; colours never, since a supervisor reads along."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr if to_stderr else sys.stdout),
        cache_logger_on_first_use=False,
    )
