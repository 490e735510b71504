"""`python -m origin rebuild-rollups`, `rebuild-conversions` and `erase`, while no origin runs."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from origin import ids
from origin.clicks.erasing import Eraser
from origin.clicks.pipeline import clickhouse_of
from origin.clicks.settings import ClickSettings
from origin.clicks.visitors import VisitorHash
from origin.conversions.erasing import ConversionEraser, send_again
from origin.settings import OriginSettings
from origin.startup import CannotStart
from origin.storage import rollups
from origin.storage.clickhouse import ClickHouse, ClickHouseUnavailable
from origin.storage.clickhouse_schema import migrate
from origin.storage.engine import make_engine

COMMANDS = ("rebuild-rollups", "rebuild-conversions", "erase")
USAGE = """Stop every origin first: clicks that are stored meanwhile would be counted wrong.
python -m origin rebuild-rollups                        count all clicks anew from the raw ones
python -m origin rebuild-conversions                    have leads and sales sent to ClickHouse again from Postgres
python -m origin erase workspace WORKSPACE              forget all clicks of a workspace (ws_...), leads and sales too
python -m origin erase link WORKSPACE LINK              forget all clicks of a link (link_...)
python -m origin erase visitor WORKSPACE IP USER-AGENT  forget all clicks of who came from there with this browser
python -m origin erase customer WORKSPACE CUSTOMER      forget a customer (cus_...) with all leads and sales
"""


def main(arguments: list[str], settings: OriginSettings, clicks: ClickSettings) -> int:
    """0 when it is done, 2 for arguments that say nothing; raises CannotStart, such as while an origin runs."""
    try:
        return asyncio.run(_run(arguments, settings, clickhouse_of(settings, clicks)))
    except (ClickHouseUnavailable, rollups.NotOnClusters) as error:
        raise CannotStart(str(error)) from error
    except SQLAlchemyError as error:
        raise CannotStart(f"Postgres does not answer: {error}") from error


async def _run(arguments: list[str], settings: OriginSettings, clickhouse: ClickHouse) -> int:
    engine = make_engine(settings.postgres_url, pool_size=1)
    eraser = Eraser(clickhouse, VisitorHash(settings.signing_key), ConversionEraser(engine, clickhouse))
    work = _work(arguments, clickhouse, eraser, engine)
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
        await engine.dispose()
    sys.stdout.write("done\n")
    return 0


def _work(
    arguments: list[str], clickhouse: ClickHouse, eraser: Eraser, engine: AsyncEngine
) -> Coroutine[Any, Any, object] | None:
    match arguments:
        case ["rebuild-rollups"]:
            return rollups.rebuild(clickhouse)
        case ["rebuild-conversions"]:
            return send_again(engine, clickhouse)
        case ["erase", what, workspace, *more] if number := ids.parse(ids.WORKSPACE, workspace):
            return _erasing(eraser, number, [what, *more])
    return None


def _erasing(eraser: Eraser, workspace: int, what: list[str]) -> Coroutine[Any, Any, object] | None:
    match what:
        case ["workspace"]:
            return eraser.workspace(workspace)
        case ["link", link] if link_id := ids.parse(ids.LINK, link):
            return eraser.link(workspace, link_id)
        case ["customer", customer] if customer_id := ids.parse(ids.CUSTOMER, customer):
            return eraser.customer(workspace, customer_id)
        case ["visitor", ip, user_agent]:
            return eraser.visitor(workspace, ip, user_agent)
    return None
