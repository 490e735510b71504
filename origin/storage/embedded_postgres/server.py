"""Starting and stopping the embedded Postgres. It never outlives the process that started it."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from origin.storage.embedded_postgres import leftovers
from origin.storage.embedded_postgres.cluster import DATABASE, USER, Cluster, prepare, program
from origin.storage.embedded_postgres.errors import AlreadyRunning, CannotRun
from origin.storage.embedded_postgres.server_log import ServerLog

__all__ = ["AlreadyRunning", "CannotRun", "PostgresServer", "running"]

# Postgres is given this long for an orderly end, then this long to drop everything (it recovers on the next start).
_FAST_SECONDS = 6.0
_IMMEDIATE_SECONDS = 1.5
_START_SECONDS = 60.0
# Where there is no setpriv: ends Postgres when the pipe from its holder closes.
_WATCHER = 'read -r _; kill -INT "$1"'


class PostgresServer:
    """A running postgres, and its database `nearhop`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._watcher: subprocess.Popen[bytes] | None = None
        self.log = ServerLog(cluster.data.parent)
        self.process = _launch(cluster, self.log)
        if shutil.which("setpriv") is None:
            command = ["/bin/sh", "-c", _WATCHER, "sh", str(self.process.pid)]
            self._watcher = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603  # a number
        try:
            self._wait_until_ready()
            self._create_database()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """The URL of the database `nearhop`."""
        return self._cluster.url()

    def stop(self) -> None:
        """Orderly if it can be done in a few seconds, at once otherwise. Committed data stays either way."""
        for number, seconds in (
            (signal.SIGINT, _FAST_SECONDS),
            (signal.SIGQUIT, _IMMEDIATE_SECONDS),
            (signal.SIGKILL, 5),
        ):
            if self.process.poll() is None:
                self.process.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(seconds)
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self._cluster.url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if self.process.poll() is not None:
                    raise CannotRun(f"Postgres ended while it started. {self.log.end()}") from error
                if time.monotonic() > end:
                    raise CannotRun(
                        f"Postgres did not get ready in {_START_SECONDS:.0f} s: {error}. {self.log.end()}"
                    ) from error
                time.sleep(0.02)
            else:
                return

    def _create_database(self) -> None:
        with psycopg.connect(self._cluster.url("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not found:
                connection.execute("CREATE DATABASE nearhop TEMPLATE template0")


@contextmanager
def running(home: Path) -> Iterator[str]:
    """The embedded Postgres of a home, as the URL of its database `nearhop`, stopped at the end."""
    with supervised(home) as server:
        yield server.url


@contextmanager
def supervised(home: Path) -> Iterator[PostgresServer]:
    """As `running`, for those who want the process; raises CannotRun, or AlreadyRunning if the home has one already."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _only_one(home / "postgres.lock"):
        cluster = prepare(home)
        leftovers.clear(cluster.data, cluster.socket_lock)
        server = PostgresServer(cluster)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold a lock that the system frees when we end, however that happens."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning from error
        yield


def _launch(cluster: Cluster, log: ServerLog) -> "subprocess.Popen[bytes]":
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(cluster.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "logging_collector": "off",
        "log_checkpoints": "off",
        "timezone": "UTC",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [
        *cluster.account.bound_prefix(signal.SIGINT),
        str(program("postgres")),
        "-D",
        str(cluster.data),
        *options,
    ]
    # A session of its own: Ctrl-C in a terminal is for the supervisor, which stops Postgres after its clients.
    with log.open() as out:
        return subprocess.Popen(  # noqa: S603  # no input of others
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env=_environment(),
        )


def _environment() -> dict[str, str]:
    """Ours without PG*: those are for clients, and some would change the server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"PGUSER": USER}
