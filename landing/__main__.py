"""`python -m landing`: serve the website until SIGTERM or Ctrl-C."""

import sys

import structlog
import uvicorn

from landing.app import create_app
from landing.settings import LandingSettings
from shared.errors import BadSetting
from shared.settings import load

_STOP_SECONDS = 5


def main() -> None:
    try:
        settings = load(LandingSettings)
    except BadSetting as error:
        sys.exit(str(error))
    log = structlog.get_logger()
    log.info("landing starts", port=settings.landing_port)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.landing_port,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    log.info("landing stopped")


if __name__ == "__main__":
    main()
