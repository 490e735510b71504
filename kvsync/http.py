"""kvsync's health and metrics over HTTP."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kvsync.errors import PortTaken
from kvsync.health import Health
from kvsync.metrics import Metrics
from kvsync.settings import Settings
from kvsync.waits import Signals


def create_app(metrics: Metrics, health: Health) -> Starlette:
    """GET /healthz, /readyz and /metrics."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        ready, body = health.report()
        return JSONResponse(body, status_code=200 if ready else 503)

    async def metrics_page(_: Request) -> Response:
        return Response(generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics_page)])


class _Server(uvicorn.Server):
    """A uvicorn that leaves the process's signals to kvsync."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(settings: Settings) -> socket.socket:
    """The socket to serve on; raises PortTaken."""
    try:
        return socket.create_server((settings.host, settings.kvsync_port))
    except OSError as error:
        raise PortTaken(settings.host, settings.kvsync_port) from error


async def serve(listening: socket.socket, metrics: Metrics, health: Health, signals: Signals) -> None:
    """Serve until told to stop; closes the socket."""
    app = create_app(metrics, health)
    server = _Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    )
    stopper = asyncio.create_task(_stop_with(signals, server))
    try:
        await server.serve(sockets=[listening])
    finally:
        stopper.cancel()
        listening.close()


async def _stop_with(signals: Signals, server: uvicorn.Server) -> None:
    await signals.stop.wait()
    server.should_exit = True
