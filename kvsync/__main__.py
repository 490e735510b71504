"""`python -m kvsync`: the service, and the commands for whoever looks after it."""

import argparse
import asyncio
import sys

import psycopg

from kvsync import database, poisoned
from kvsync.errors import KvError, PortTaken
from kvsync.kv_api import KvApi
from kvsync.log import set_up_logging
from kvsync.progress import Progress
from kvsync.reconcile import Reconciliation
from kvsync.service import run
from kvsync.settings import Settings, read_settings
from kvsync.waits import Signals
from shared.errors import BadSetting

DRIFT, FAILED = 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    given = _parser().parse_args(arguments)
    set_up_logging(to_stderr=given.command not in {None, "run"})
    try:
        return asyncio.run(_dispatch(given, read_settings()))
    except (BadSetting, KvError, PortTaken) as error:
        return _fail(str(error))
    except psycopg.Error as error:
        return _fail(f"Postgres: {database.why(error)} (see NEARHOP_DATABASE_URL)")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kvsync", description="Carries link changes from Postgres to Workers KV.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run", help="publish changes until stopped (the default)")
    reconcile = commands.add_parser("reconcile", help="compare Postgres and KV, and repair what differs")
    reconcile.add_argument("--dry-run", action="store_true", help="only report; exit code 1 when something differs")
    commands.add_parser("poisoned", help="list the changes that KV refused")
    retry = commands.add_parser("retry", help="try refused changes again")
    which = retry.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", type=int, help="the change's id, as `poisoned` lists it")
    which.add_argument("--all", action="store_true", help="every refused change")
    return parser


async def _dispatch(given: argparse.Namespace, settings: Settings) -> int:
    signals = Signals()
    if given.command == "reconcile":
        return await _reconcile(settings, signals, dry_run=given.dry_run)
    if given.command == "poisoned":
        return await poisoned.show(settings)
    if given.command == "retry":
        return await poisoned.retry(settings, None if given.all else given.id)
    signals.listen_to_the_system()
    await run(settings, signals)
    return 0


async def _reconcile(settings: Settings, signals: Signals, *, dry_run: bool) -> int:
    async with KvApi(settings) as api:
        walk = Reconciliation(settings, api, repair=not dry_run, progress=Progress())
        await walk.run()
        print(walk.summary())  # noqa: T201  # a command's answer
        if dry_run:
            return DRIFT if walk.drift else 0
        if not walk.drift:
            return 0
        signals.listen_to_the_system()
        waiting = await walk.drain(signals)
        print(f"{waiting} repairs still wait in the outbox" if waiting else "all repairs are published")  # noqa: T201
        return DRIFT if waiting else 0


def _fail(message: str) -> int:
    print(f"kvsync: {message}", file=sys.stderr)  # noqa: T201  # a command's answer
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
