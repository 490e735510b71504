"""Reports of links by visitors: taken from anybody, bounded by sender and link, settled by the workspace and the operator."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from prometheus_client import Counter
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from origin import ids
from origin.accounts.throttle import network_of
from origin.domains import service as domains
from origin.limits.gate import count
from origin.limits.lease import HOUR, Limit
from origin.links import tree
from origin.links.model import Reason, wire_name
from origin.problems import NotFound
from origin.storage.tables import Row, link_reports
from origin.storage.transaction import transaction
from shared.errors import BadCode, BadDomain
from shared.slug import MAX_SEGMENTS, normalize_code, normalize_domain

REPORTS = Counter(
    "nearhop_link_reports_total",
    "Reports by visitors: taken, or dropped since they name nothing or too much.",
    ["outcome"],
)
FROM_ONE = Limit("reports", 10, HOUR)
# Of one link; more say nothing new.
MOST_OPEN = 100
MOST_CHARACTERS = 1_000
Outcome = Literal["dismissed", "warned", "blocked"]


class NewReport(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A short link as it is opened, and what is wrong with it."""

    url: Annotated[str, Meta(min_length=1, max_length=2_000)]
    reason: Reason
    comment: Annotated[str, Meta(max_length=MOST_CHARACTERS)] = ""


class Received(msgspec.Struct):
    """The same answer whatever was reported: it does not tell which links there are."""

    received: bool = True


class Report(msgspec.Struct, rename=wire_name, kw_only=True):
    """What a visitor says of a link. `outcome` is null as long as nobody in the workspace has settled it."""

    id: str
    link_id: str
    reason: Reason
    comment: str
    created_at: datetime
    outcome: Outcome | None
    settled_at: datetime | None
    settled_by: str | None


class ReportFilter(msgspec.Struct, kw_only=True, rename=wire_name, forbid_unknown_fields=True):
    """Which reports, and which page of them; the newest come first."""

    settled: bool = False
    link_id: str | None = None
    page: Annotated[int, Meta(ge=1, le=100_000)] = 1
    page_size: Annotated[int, Meta(ge=1, le=100)] = 100


@dataclass(frozen=True, slots=True)
class Reports:
    """Takes reports."""

    edge_url: str
    default_domain: str
    secret_key: str

    async def take(self, request: Request, given: NewReport) -> None:
        """Keep a report, if there is such a link; raises TooManyRequests for who sends many."""
        await count(request, FROM_ONE)
        async with transaction(request) as connection:
            link = await self._find(connection, given.url)
            taken = link is not None and await self._keep(connection, link, given, self._reporter(request))
        REPORTS.labels("taken" if taken else "dropped").inc()

    async def _find(self, connection: AsyncConnection, url: str) -> Row | None:
        """The link that this address leads to."""
        try:
            parts = urlsplit(url if "://" in url else f"https://{url}")
            if not parts.hostname:
                return None
            domain = self.default_domain if parts.hostname == self._edge_host() else normalize_domain(parts.hostname)
            path = unquote(parts.path).strip("/")
        except (BadDomain, ValueError):
            return None
        if await domains.ignores_case(connection, domain):
            path = path.lower()
        return await tree.longest(connection, domain, _code_path(path.removesuffix("+")))

    async def _keep(self, connection: AsyncConnection, link: Row, given: NewReport, reporter: bytes) -> bool:
        unsettled = sa.and_(link_reports.c.link_id == link.id, link_reports.c.settled_at.is_(None))
        number = sa.select(sa.func.count()).select_from(link_reports).where(unsettled)
        if (await connection.execute(number)).scalar_one() >= MOST_OPEN:
            return False
        comment = given.comment.replace("\0", "").strip()
        values = {"workspace_id": link.workspace_id, "link_id": link.id, "reason": given.reason, "comment": comment}
        statement = insert(link_reports).values(**values, reporter=reporter).on_conflict_do_nothing()
        return (await connection.execute(statement.returning(link_reports.c.id))).first() is not None

    def _edge_host(self) -> str | None:
        return urlsplit(self.edge_url).hostname

    def _reporter(self, request: Request) -> bytes:
        """Tells senders apart without keeping their addresses."""
        text = f"reporter {network_of(request)}".encode()
        return hmac.new(self.secret_key.encode(), text, hashlib.sha256).digest()[:16]


def _code_path(path: str) -> str:
    """As much of a path as can be a code's, with a slash behind it where there is more."""
    code, segments = "", path.split("/")
    for number in range(1, min(len(segments), MAX_SEGMENTS) + 1):
        try:
            code = normalize_code("/".join(segments[:number]))
        except BadCode:
            return f"{code}/"
    return code if len(segments) <= MAX_SEGMENTS else f"{code}/"


async def listed(connection: AsyncConnection, workspace_id: int, wanted: ReportFilter) -> list[Report]:
    """A page of the workspace's reports."""
    state = link_reports.c.settled_at.isnot(None) if wanted.settled else link_reports.c.settled_at.is_(None)
    select = sa.select(link_reports).where(link_reports.c.workspace_id == workspace_id, state)
    if wanted.link_id is not None:
        select = select.where(link_reports.c.link_id == ids.parse(ids.LINK, wanted.link_id))
    newest = select.order_by(link_reports.c.id.desc()).limit(wanted.page_size)
    rows = await connection.execute(newest.offset((wanted.page - 1) * wanted.page_size))
    return [shown(row) for row in rows]


async def locked(connection: AsyncConnection, workspace_id: int, report_id: str) -> Row:
    """A report of the workspace; raises NotFound."""
    one = sa.and_(link_reports.c.workspace_id == workspace_id, link_reports.c.id == ids.parse(ids.REPORT, report_id))
    row = (await connection.execute(sa.select(link_reports).where(one).with_for_update())).one_or_none()
    if row is None:
        raise NotFound(f"There is no report {report_id} in this workspace.")
    return row


async def settle(connection: AsyncConnection, link_id: int, outcome: Outcome, user_id: int) -> list[Row]:
    """Settle all reports of a link that nobody has settled; what was decided is about the link."""
    waiting = sa.and_(link_reports.c.link_id == link_id, link_reports.c.settled_at.is_(None))
    values = {"outcome": outcome, "settled_at": sa.func.now(), "settled_by": user_id}
    update = sa.update(link_reports).where(waiting).values(values).returning(link_reports)
    return list((await connection.execute(update)).all())


def shown(row: Row) -> Report:
    """A report as the API shows it."""
    by = None if row.settled_by is None else ids.public(ids.USER, row.settled_by)
    return Report(
        id=ids.public(ids.REPORT, row.id), link_id=ids.public(ids.LINK, row.link_id), reason=row.reason,
        comment=row.comment, created_at=row.created_at, outcome=row.outcome, settled_at=row.settled_at, settled_by=by,
    )  # fmt: skip
