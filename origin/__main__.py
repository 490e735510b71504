"""`python -m origin` serves the API.

`python -m origin migrate` brings the database's schema up to this release; `python -m origin mailbox` prints the letters
that a local installation has kept instead of sending, the newest last; `python -m origin refused list`, `download` and
`replay` show clicks that could not be read, and send them again; `python -m origin edge` lists what the edge's isolates
counted; `rebuild-rollups`, `rebuild-conversions` and `erase`, while no origin runs, count all clicks anew, send leads and sales
to ClickHouse again, and forget those of a workspace, a link, a visitor or a customer; `safety` lists and settles what visitors
report, and puts links into quarantine; `second-factor off` is for somebody who has lost theirs.
"""

import signal
import socket
import sys
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from origin import logs
from origin.accounts import second_factor_command
from origin.analytics.live import LiveHub
from origin.app import create_app
from origin.bootstrap import bootstrap
from origin.clicks import edge_command, refused_command, upkeep_command
from origin.clicks.settings import ClickSettings
from origin.mail.mailbox import Mailbox
from origin.safety import command as safety_command
from origin.settings import OriginSettings
from origin.startup import CannotStart, prepare
from origin.storage import migrate
from shared.errors import BadSetting
from shared.keep_alive import KEEP_ALIVE_SECONDS
from shared.settings import load

# Answers under way get this long once the end was asked for; then the click pipeline flushes.
_GRACEFUL_SECONDS = 2
# The drain computes in a thread: answers, and whoever waits for the disk, get the interpreter back from it this soon.
_SWITCH_SECONDS = 0.001


_COMMANDS = {
    "refused": refused_command.main,
    "safety": safety_command.main,
    "second-factor": second_factor_command.main,
}


def main(arguments: list[str]) -> int:
    """Run what the arguments say; 0 after an orderly end."""
    logs.configure()
    try:
        settings = load(OriginSettings)
        if arguments:
            return _command(arguments, settings)
        serve(settings, load(ClickSettings))
    except (BadSetting, CannotStart) as error:
        print(error, file=sys.stderr)  # noqa: T201  # for whoever started it
        return 1
    return 0


def _command(arguments: list[str], settings: OriginSettings) -> int:
    if arguments == ["migrate"]:
        migrate.upgrade(settings.postgres_url)
    elif arguments == ["mailbox"]:
        _print_mailbox(Mailbox(settings.mailbox_folder))
    elif arguments[0] in _COMMANDS:
        return _COMMANDS[arguments[0]](arguments[1:], settings)
    elif arguments == ["edge"]:
        return edge_command.main(settings)
    elif arguments[0] in upkeep_command.COMMANDS:
        return upkeep_command.main(arguments, settings, load(ClickSettings))
    else:
        print(__doc__, file=sys.stderr)  # noqa: T201  # for whoever typed it
        return 2
    return 0


def serve(settings: OriginSettings, click_settings: ClickSettings) -> None:
    """Serve until SIGTERM or SIGINT; raises CannotStart."""
    origin = bootstrap(settings, click_settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)  # while preparing; uvicorn takes both over, and hands them back when it has ended
    prepare(origin)
    sys.setswitchinterval(_SWITCH_SECONDS)
    config = uvicorn.Config(
        create_app(origin),
        host=settings.host,
        port=settings.origin_port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACEFUL_SECONDS,
    )
    server = _Server(config, origin.live)
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


class _Server(uvicorn.Server):
    """A uvicorn that ends the live feeds before it waits for the answers under way: they never end by themselves."""

    def __init__(self, config: uvicorn.Config, live: LiveHub) -> None:
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._live.stop()
        await super().shutdown(sockets)


def _print_mailbox(mailbox: Mailbox) -> None:
    for letter in reversed(mailbox.letters()):
        headers = (f"{name}: {letter.message[name]}" for name in ("Date", "To", "Subject"))
        print("\n".join([*headers, "", letter.text]))  # noqa: T201  # a command's answer


def _exit(number: int, frame: FrameType | None) -> None:
    del number, frame
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
