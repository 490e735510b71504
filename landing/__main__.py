"""`python -m landing`: serve the website until SIGTERM or Ctrl-C."""

import signal
import sys
from types import FrameType

import structlog
import uvicorn

from landing.app import create_app
from landing.settings import LandingSettings
from shared.errors import BadSetting
from shared.keep_alive import KEEP_ALIVE_SECONDS
from shared.log_line import render
from shared.settings import load

_STOP_SECONDS = 5


def main() -> None:
    try:
        settings = load(LandingSettings)
    except BadSetting as error:
        sys.exit(str(error))
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            render,
        ]
    )
    log = structlog.get_logger()
    log.info("landing starts", port=settings.landing_port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)  # uvicorn takes both over while it serves, and raises them again when it has ended
    try:
        uvicorn.run(
            create_app(settings),
            host=settings.host,
            port=settings.landing_port,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
    finally:
        log.info("landing stopped")


def _exit(number: int, frame: FrameType | None) -> None:
    """An end that was asked for is no failure."""
    del number, frame
    sys.exit(0)


if __name__ == "__main__":
    main()
