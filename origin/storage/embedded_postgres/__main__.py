"""The process that keeps the embedded Postgres running: `python -m origin.storage.embedded_postgres`."""

import signal
import sys
import time
from types import FrameType

from origin.settings import OriginSettings
from origin.storage.embedded_postgres.errors import CannotRun
from origin.storage.embedded_postgres.server import PostgresServer, supervised
from shared.errors import BadSetting
from shared.settings import load


class _Stop(Exception):
    """Somebody asked for the end."""


def main() -> int:
    """Run until SIGTERM or SIGINT (0), or until Postgres ends by itself or can't run (1)."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _on_signal)
    try:
        settings = load(OriginSettings)
        if not settings.embedded_postgres:
            print("DATABASE_URL is set: the embedded Postgres is not needed.")  # noqa: T201  # a process's line to its supervisor
            return 0
        with supervised(settings.home) as server:
            print(f"Postgres is ready: {server.url}", flush=True)  # noqa: T201  # as above
            _watch(server)
    except (CannotRun, BadSetting) as error:
        print(error, file=sys.stderr)  # noqa: T201  # as above
        return 1
    except _Stop:
        pass
    return 0


def _watch(server: PostgresServer) -> None:
    """Until Postgres ends by itself, which raises CannotRun."""
    # Not process.wait(): a signal must reach Python between the looks.
    while server.process.poll() is None:
        time.sleep(0.2)
    raise CannotRun(f"Postgres ended by itself with status {server.process.returncode}. {server.log.end()}")


def _on_signal(number: int, frame: FrameType | None) -> None:
    del number, frame
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)  # once is enough: nothing may interrupt the orderly end
    raise _Stop


if __name__ == "__main__":
    sys.exit(main())
