"""`python -m dashboard`: serve the dashboard until SIGTERM or Ctrl-C."""

import signal
import socket
import sys
from types import FrameType

import structlog
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from dashboard.app import create_app
from dashboard.event_feed import Feeds
from dashboard.settings import DashboardSettings
from shared.errors import BadSetting
from shared.keep_alive import KEEP_ALIVE_SECONDS
from shared.log_line import render
from shared.settings import load

_STOP_SECONDS = 5


def main() -> None:
    try:
        settings = load(DashboardSettings)
    except BadSetting as error:
        sys.exit(str(error))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            render,
        ]
    )
    log = structlog.get_logger()
    log.info("dashboard starts", port=settings.dashboard_port, origin=settings.origin_base)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)  # uvicorn takes both over while it serves, and raises them again when it has ended
    try:
        serve(settings)
    finally:
        log.info("dashboard stopped")


def serve(settings: DashboardSettings) -> None:
    """Until SIGTERM or SIGINT."""
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.dashboard_port,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    server = Server(config, app.state.feeds)
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


class Server(uvicorn.Server):
    """A uvicorn that ends the live lists before it waits for the answers under way: they never end by themselves."""

    def __init__(self, config: uvicorn.Config, feeds: Feeds) -> None:
        super().__init__(config)
        self._feeds = feeds

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._feeds.stop()
        await super().shutdown(sockets)


def _exit(number: int, frame: FrameType | None) -> None:
    """An end that was asked for is no failure."""
    del number, frame
    sys.exit(0)


if __name__ == "__main__":
    main()
