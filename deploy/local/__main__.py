"""`python -m deploy.local`: start all of Nearhop on this machine and keep it up until Ctrl-C."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from deploy.local import leftovers, preflight
from deploy.local.errors import CannotStart, CannotStayUp
from deploy.local.procfile import read_procfile
from deploy.local.readiness import wait_until_ready
from deploy.local.settings import LocalSettings
from deploy.local.supervisor import Supervisor
from deploy.local.welcome import welcome
from shared.errors import BadSetting
from shared.home import local_secrets
from shared.settings import load, read_env_file

ROOT = Path(__file__).resolve().parents[2]
# Six readable colours of the terminal's own palette; NO_COLOR and pipes get none.
_COLOURS = (36, 33, 32, 35, 34, 31)


def main() -> int:
    """Returns the exit code: 0 after Ctrl-C, 1 with one sentence on what is wrong."""
    began = time.monotonic()
    os.chdir(ROOT)
    try:
        settings = load(LocalSettings)
        commands = read_procfile(ROOT / "Procfile")
        with leftovers.only_one(settings.home):
            for name in leftovers.end_leftovers(settings.home):
                say("nearhop", f"ended a {name} that an earlier start had left behind")
            preflight.check(settings)
            asyncio.run(run(settings, commands, began))
    except (BadSetting, CannotStart, CannotStayUp) as error:
        print(f"\nNearhop: {error}", file=sys.stderr)
        return 1
    return 0


async def run(settings: LocalSettings, commands: dict[str, list[str]], began: float) -> None:
    """Supervise until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    supervisor = Supervisor(commands, environ(settings), settings.home, say)

    async def once_started() -> None:
        names = [name for name in commands if hasattr(settings, f"{name}_port")]
        say("nearhop", f"starting {', '.join(commands)}")
        await wait_until_ready({name: settings.url(name) for name in names}, settings.ready_timeout)
        print(await asyncio.to_thread(welcome, settings, time.monotonic() - began), flush=True)

    await supervisor.run(once_started, stop)
    say("nearhop", "all stopped")


def environ(settings: LocalSettings) -> dict[str, str]:
    """What every process gets: this environment, `.env`, and the secrets of this home."""
    made = local_secrets(settings.home)
    return {
        **read_env_file(ROOT / ".env"),
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "NEARHOP_LOG_FORMAT": settings.log_format,
        "NEARHOP_HOME": str(settings.home.resolve()),
        "NEARHOP_SECRET_KEY": settings.secret_key or made["secret_key"],
        "NEARHOP_EDGE_SECRET": settings.edge_secret or made["edge_secret"],
        "NEARHOP_CLOUDFLARE_API_TOKEN": settings.cloudflare_api_token or made["kv_api_token"],
    }


def say(name: str, line: str) -> None:
    """Print a process's line behind its name."""
    label = f"{name:<10}"
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        label = f"\x1b[{_COLOURS[hash_of(name)]}m{label}\x1b[0m"
    print(f"{label}| {line}", flush=True)


def hash_of(name: str) -> int:
    """A colour's place that stays the same from start to start."""
    return sum(name.encode()) % len(_COLOURS)


if __name__ == "__main__":
    sys.exit(main())
