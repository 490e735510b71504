"""What ends a command. The message says what to do; `code` is the exit code."""

REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 1, 2, 3, 130


class CliError(Exception):
    """A command can't go on."""

    code = REFUSED


class UsageError(CliError):
    """What was given on the command line, in the settings or in a file can't be used."""

    code = USAGE


class NotLoggedIn(CliError):
    """You are not logged in: run `nearhop login`."""

    code = USAGE


class Unreachable(CliError):
    """Nearhop does not answer."""

    code = UNREACHABLE


class Interrupted(CliError):
    """Ctrl-C."""

    code = INTERRUPTED


class Refused(CliError):
    """Nearhop refuses a call. `status` and `reason` are the answer's."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
