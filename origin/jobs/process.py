"""The jobs process: its parts, its health page, its orderly end."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import psycopg
import structlog
import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette

from origin import health
from origin.jobs.tasks import tasks_of
from origin.jobs.worker import Worker
from origin.mail.mailbox import Mailbox
from origin.mail.post import make_post
from origin.settings import OriginSettings
from origin.storage import migrate
from origin.storage.engine import make_engine

_PAUSE_SECONDS = 0.2

_log = structlog.get_logger("origin.jobs")


class PortTaken(Exception):
    """The port of the health page is in use: set NEARHOP_JOBS_PORT to another one."""


class _Server(uvicorn.Server):
    """A uvicorn that leaves the process's signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(settings: OriginSettings) -> None:
    """Do jobs until SIGTERM or SIGINT; raises BadSetting or PortTaken."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listening = _bind(settings)
    engine = make_engine(settings.postgres_url, pool_size=2)
    post = make_post(settings.mail_url, settings.mail_from, Mailbox(settings.mailbox_folder))
    worker = Worker(settings.postgres_url, tasks_of(settings, engine, post))
    app = Starlette(routes=health.routes([health.postgres_check(engine), worker.ready]))
    server = _Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    working = asyncio.create_task(_work(settings, worker))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        working.cancel()  # lets the jobs under way end
        with contextlib.suppress(asyncio.CancelledError):
            await working
        server.should_exit = True
        await serving
        await engine.dispose()
    _log.info("stopped")


async def _work(settings: OriginSettings, worker: Worker) -> None:
    # Origin migrates the embedded database, people migrate others; no event of ours tells when.
    while not await asyncio.to_thread(_is_current, settings.postgres_url):  # noqa: ASYNC110  # as said
        await asyncio.sleep(_PAUSE_SECONDS)
    _log.info("doing jobs")
    await worker.run()


def _is_current(database_url: str) -> bool:
    try:
        return migrate.is_current(database_url)
    except (SQLAlchemyError, psycopg.Error):
        return False


def _bind(settings: OriginSettings) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.jobs_port))
    except OSError as error:
        raise PortTaken(f"{settings.host}:{settings.jobs_port}: {PortTaken.__doc__}") from error
