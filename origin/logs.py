"""Logs: one line an event on stdout, in the form of shared/log_line.py.

What is bound to the request (its id) comes with every line.
"""

import logging
import sys

import structlog

from shared.log_line import render


def configure() -> None:
    """Send structlog's events and the standard library's records through the same renderer."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            render,
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for noisy in (
        "uvicorn.access",
        "uvicorn.error",
        "alembic",
        "httpx",
    ):  # the first we write ourselves, without queries, which may hold secrets; so may those of what httpx asks for
        logging.getLogger(noisy).setLevel(logging.WARNING)
