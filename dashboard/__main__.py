"""`python -m dashboard`: serve the dashboard until SIGTERM or Ctrl-C."""

import sys

import structlog
import uvicorn

from dashboard.app import create_app
from dashboard.settings import DashboardSettings
from shared.errors import BadSetting
from shared.settings import load

_STOP_SECONDS = 5


def main() -> None:
    try:
        settings = load(DashboardSettings)
    except BadSetting as error:
        sys.exit(str(error))
    log = structlog.get_logger()
    log.info("dashboard starts", port=settings.dashboard_port, origin=settings.origin_base)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.dashboard_port,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    log.info("dashboard stopped")


if __name__ == "__main__":
    main()
