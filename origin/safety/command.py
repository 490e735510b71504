"""`python -m origin safety`: what the operator of an installation does about harmful links, of all workspaces."""

import asyncio
import sys
from typing import cast, get_args

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.links.model import Reason
from origin.links.options import Records
from origin.problems import ApiProblem, NotFound
from origin.safety import quarantine
from origin.safety.quarantine import OPERATOR, By
from origin.settings import OriginSettings
from origin.storage.engine import make_engine
from origin.storage.tables import link_reports, links, quarantines

USAGE = """python -m origin safety reports                          what visitors report and no operator has settled
python -m origin safety dismiss REPORT                   nothing is wrong with its link
python -m origin safety warn LINK REASON [NOTE]          have the edge warn of a link (link_..., or domain/code)
python -m origin safety block LINK REASON [NOTE]         have the edge take a link down
python -m origin safety release LINK [NOTE]              let a link go; a deleted one no longer closes its place
python -m origin safety quarantines                      the links in quarantine, the newest first
REASON is one of phishing, malware, spam, abuse, other. `warn` and `block` settle the reports of the link.
"""
_MOST = 1000


def main(arguments: list[str], settings: OriginSettings) -> int:
    """0 when it is done, 1 where that is not possible, 2 for arguments that say nothing."""
    try:
        return asyncio.run(_run(arguments, settings))
    except ApiProblem as problem:
        sys.stderr.write(f"{problem.message}\n")
        return 1


async def _run(arguments: list[str], settings: OriginSettings) -> int:
    engine = make_engine(settings.postgres_url, pool_size=1)
    records = Records(settings.edge_signing_secret)
    try:
        async with engine.begin() as connection:
            return await _do(connection, records, arguments)
    finally:
        await engine.dispose()


async def _do(connection: AsyncConnection, records: Records, arguments: list[str]) -> int:
    by = By(OPERATOR)
    match arguments:
        case ["reports"]:
            await _print_reports(connection)
        case ["quarantines"]:
            await _print_quarantines(connection)
        case ["dismiss", report]:
            await _review(connection, link_reports.c.id == ids.parse(ids.REPORT, report), report)
        case ["warn" | "block" as action, link, reason, *note] if reason in get_args(Reason):
            link_id = await _link_id(connection, link)
            why = cast("Reason", reason)
            await quarantine.place(connection, records, link_id, by, action, why, " ".join(note))
            await _review(connection, link_reports.c.link_id == link_id)
        case ["release", link, *note]:
            deleted = _named(quarantines, quarantines.c.link_id, link)
            if not await quarantine.release_deleted(connection, deleted, by, " ".join(note)):
                await quarantine.release(connection, records, await _link_id(connection, link), by, " ".join(note))
        case _:
            sys.stderr.write(USAGE)
            return 2
    return 0


async def _link_id(connection: AsyncConnection, text: str) -> int:
    select = sa.select(sa.func.coalesce(links.c.alias_of, links.c.id)).where(_named(links, links.c.id, text))
    found = (await connection.execute(select)).scalar_one_or_none()
    if found is None:
        raise NotFound(f"There is no link {text}.")
    return int(found)


def _named(table: sa.Table, number: sa.ColumnElement[int], text: str) -> sa.ColumnElement[bool]:
    """The rows of a link: by its id, or by its domain and code."""
    domain, _, code = text.partition("/")
    return sa.or_(number == ids.parse(ids.LINK, text), sa.and_(table.c.domain == domain, table.c.key == code))


async def _review(connection: AsyncConnection, which: sa.ColumnElement[bool], named: str = "") -> None:
    open_ones = sa.and_(which, link_reports.c.reviewed_at.is_(None))
    done = await connection.execute(sa.update(link_reports).where(open_ones).values(reviewed_at=sa.func.now()))
    if named and not done.rowcount:
        raise NotFound(f"There is no report {named} that waits.")


async def _print_reports(connection: AsyncConnection) -> None:
    joined = link_reports.join(links, links.c.id == link_reports.c.link_id)
    columns = (link_reports, links.c.domain, links.c.key, links.c.url)
    waiting = sa.select(*columns).select_from(joined).where(link_reports.c.reviewed_at.is_(None))
    for row in await connection.execute(waiting.order_by(link_reports.c.id).limit(_MOST)):
        at = row.created_at.isoformat(timespec="seconds")
        cells = (
            ids.public(ids.REPORT, row.id),
            at,
            row.reason,
            row.outcome or "open",
            f"{row.domain}/{row.key}",
            row.url,
        )
        print(*cells, _one_line(row.comment), sep="\t")  # noqa: T201  # a command's answer


async def _print_quarantines(connection: AsyncConnection) -> None:
    in_force = sa.select(quarantines).where(quarantines.c.released_at.is_(None))
    for row in await connection.execute(in_force.order_by(quarantines.c.id.desc()).limit(_MOST)):
        at = row.placed_at.isoformat(timespec="seconds")
        cells = (ids.public(ids.LINK, row.link_id), at, row.action, row.reason, row.source, f"{row.domain}/{row.key}")
        print(*cells, row.url, _one_line(row.note), sep="\t")  # noqa: T201  # a command's answer


def _one_line(text: str) -> str:
    """What a visitor wrote, fit for a terminal."""
    return "".join(each if each.isprintable() else " " for each in text)
