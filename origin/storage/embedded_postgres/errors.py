"""Why the embedded Postgres does not run. The message is one sentence for whoever started it."""


class CannotRun(Exception):
    """The embedded Postgres can't run here: set NEARHOP_DATABASE_URL to use another one."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or type(self).__doc__)


class AlreadyRunning(CannotRun):
    """Another process keeps the Postgres of this home running: stop that one first."""
