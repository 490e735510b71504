"""`python -m origin rebuild-rollups` and `python -m origin erase`, while no origin runs."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

from origin import ids
from origin.clicks.erasing import Eraser
from origin.clicks.pipeline import clickhouse_of
from origin.clicks.settings import ClickSettings
from origin.clicks.visitors import VisitorHash
from origin.settings import OriginSettings
from origin.startup import CannotStart
from origin.storage import rollups
from origin.storage.clickhouse import ClickHouse, ClickHouseUnavailable
from origin.storage.clickhouse_schema import migrate

COMMANDS = ("rebuild-rollups", "erase")
USAGE = """Stop every origin first: clicks that are stored meanwhile would be counted wrong.
python -m origin rebuild-rollups                        count all clicks anew from the raw ones
python -m origin erase workspace WORKSPACE              forget all clicks of a workspace (ws_...)
python -m origin erase link WORKSPACE LINK              forget all clicks of a link (link_...)
python -m origin erase visitor WORKSPACE IP USER-AGENT  forget all clicks of who came from there with this browser
"""


def main(arguments: list[str], settings: OriginSettings, clicks: ClickSettings) -> int:
    """0 when it is done, 2 for arguments that say nothing; raises CannotStart, such as while an origin runs."""
    try:
        return asyncio.run(_run(arguments, settings, clickhouse_of(settings, clicks)))
    except (ClickHouseUnavailable, rollups.NotOnClusters) as error:
        raise CannotStart(str(error)) from error


async def _run(arguments: list[str], settings: OriginSettings, clickhouse: ClickHouse) -> int:
    work = _work(arguments, clickhouse, Eraser(clickhouse, VisitorHash(settings.signing_key)))
    if work is None:
        sys.stderr.write(USAGE)
        return 2
    try:
        await clickhouse.open()
        await migrate(clickhouse)
        await work
    finally:
        work.close()  # it was never begun where ClickHouse did not open
        await clickhouse.close()
    sys.stdout.write("done\n")
    return 0


def _work(arguments: list[str], clickhouse: ClickHouse, eraser: Eraser) -> Coroutine[Any, Any, object] | None:
    match arguments:
        case ["rebuild-rollups"]:
            return rollups.rebuild(clickhouse)
        case ["erase", "workspace", workspace] if number := ids.parse(ids.WORKSPACE, workspace):
            return eraser.workspace(number)
        case ["erase", "link", workspace, link] if (number := ids.parse(ids.WORKSPACE, workspace)) and (
            link_id := ids.parse(ids.LINK, link)
        ):
            return eraser.link(number, link_id)
        case ["erase", "visitor", workspace, ip, user_agent] if number := ids.parse(ids.WORKSPACE, workspace):
            return eraser.visitor(number, ip, user_agent)
    return None
