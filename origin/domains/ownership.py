"""Adding, changing and deleting a workspace's domains.

A domain that is not proved to be anybody's may be claimed by one workspace at a time; whoever proves it gets it. One row
a domain, and one statement that takes it, so that of two who come at once one is refused.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from msgspec import UNSET
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids, outbox
from origin.audit import trail
from origin.audit.trail import Author
from origin.domains.dns import DnsSilent, DomainDns, Found
from origin.domains.model import Domain, DomainChange, DomainFilter, EdgeHostname, NewDomain, document
from origin.hostnames import tasks as hostnames
from origin.links import destinations
from origin.pages import Order, Page, fetch
from origin.problems import Conflict, NotFound, Unprocessable
from origin.storage.tables import Row, domains, links
from shared.errors import BadDomain
from shared.kv_record import KvRecord, encode, kv_key
from shared.slug import normalize_domain

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_MOST = 500
_PLAIN = ("robots", "placeholder", "archived", "ignore_case")
_URLS = ("expired_url", "not_found_url", "root_url", "favicon", "logo")


@dataclass(frozen=True, slots=True)
class Ownership:
    """What can be done with domains, on the caller's transaction."""

    dns: DomainDns
    allow_private: bool
    # Whether domains are custom hostnames at Cloudflare too.
    hostnames: bool = False

    async def add(self, connection: AsyncConnection, workspace_id: int, body: NewDomain) -> Row:
        """Claim a domain for the workspace; raises Unprocessable or Conflict."""
        slug = check_slug(body.slug)
        values = self._columns(body)
        count = sa.select(sa.func.count()).select_from(domains).where(domains.c.workspace_id == workspace_id)
        if (await connection.execute(count)).scalar_one() >= _MOST:
            raise Unprocessable(f"A workspace has {_MOST} domains at most.")
        statement = insert(domains).values({**values, "slug": slug, "workspace_id": workspace_id})
        insertion = statement.on_conflict_do_nothing().returning(domains)
        row: Row | None = (await connection.execute(insertion)).one_or_none()
        if row is None:
            row = await self._take_over(connection, workspace_id, slug, values)
            await self._tell_cloudflare(connection, row.slug)
        row = await self._settle(connection, row, body)
        await trail.record(connection, workspace_id, trail.created("domain.create", shown(row)))
        return row

    async def change(self, connection: AsyncConnection, workspace_id: int, slug: str, body: DomainChange) -> Row:
        """Change a domain's settings; raises NotFound, Unprocessable or Conflict."""
        row = await locked(connection, workspace_id, slug)
        if body.slug is not UNSET and check_slug(body.slug) != row.slug:
            raise Unprocessable("slug: a domain can't be renamed. Add the other one, and move its links there.")
        values = self._columns(body)
        if values.get("ignore_case", row.ignore_case) != row.ignore_case and await _has_links(connection, row.slug):
            raise Conflict("ignoreCase: there are links on this domain, so this can't be changed any more.")
        changed = await self._settle(connection, await _update(connection, row, values), body)
        await trail.record(connection, workspace_id, trail.updated("domain.update", shown(row), shown(changed)))
        return changed

    async def delete(self, connection: AsyncConnection, workspace_id: int, slug: str) -> str:
        """Give a domain up; raises NotFound, or Conflict while there are links on it."""
        row = await locked(connection, workspace_id, slug, against_links=True)
        if await _has_links(connection, row.slug):
            raise Conflict("There are links on this domain: move or delete them first, or archive the domain.")
        await connection.execute(sa.delete(domains).where(domains.c.id == row.id))
        (version,) = await outbox.next_versions(connection, 1)
        await outbox.send(connection, [(kv_key(row.slug, ""), version, None)])
        await self._tell_cloudflare(connection, row.slug)
        await trail.record(connection, workspace_id, trail.deleted("domain.delete", shown(row)))
        return str(row.slug)

    async def verify(self, connection: AsyncConnection, workspace_id: int, slug: str) -> tuple[Row, Found, str]:
        """Look into DNS and keep what was found: the domain, the records found, and what is amiss."""
        before = await one(connection, workspace_id, slug)
        try:
            found = await self.dns.look(workspace_id, before.slug)
        except DnsSilent as error:  # says nothing about the records: what was known stays
            silent = Found(before.verified_at is not None, before.configured)
            return await _noted(connection, before, silent, str(error)), silent, str(error)
        detail = (
            ""
            if found.txt and found.cname
            else "Set the records that were not found; DNS may take an hour to show them."
        )
        row = await _noted(connection, before, found, detail)
        if row.verified_at is not None and row.hostname_status != "active":
            await self._tell_cloudflare(connection, row.slug)
        return row, found, detail

    async def _tell_cloudflare(self, connection: AsyncConnection, slug: str) -> None:
        if self.hostnames:
            await hostnames.changed(connection, slug)

    async def _take_over(
        self, connection: AsyncConnection, workspace_id: int, slug: str, values: dict[str, Any]
    ) -> Row:
        """The domain of another workspace that has not proved it, if this one can prove it now."""
        proof = self.dns.proof(workspace_id, slug)
        try:
            proved = (await self.dns.look(workspace_id, slug)).txt
        except DnsSilent:
            proved = False
        takeable = sa.and_(
            domains.c.slug == slug, domains.c.verified_at.is_(None),
            domains.c.workspace_id.isnot(None), domains.c.workspace_id != workspace_id,
            ~sa.exists().where(links.c.domain == slug),
        )  # fmt: skip
        no_hostname = {"hostname_status": None, "hostname_detail": None}
        taken = {
            **values,
            **no_hostname,
            "workspace_id": workspace_id,
            "verified_at": sa.func.now(),
            "is_primary": False,
        }
        row: Row | None = None
        former: Row | None = None
        if proved:
            select = sa.select(domains).where(takeable).with_for_update()
            former = (await connection.execute(select)).one_or_none()
            statement = sa.update(domains).where(takeable).values(taken).returning(domains)
            row = (await connection.execute(statement)).one_or_none()
        if former is not None and row is not None:
            with trail.acting(Author(job="domains.proved_by_another_workspace")):  # which one is nobody's business
                await trail.record(connection, former.workspace_id, trail.deleted("domain.lose", shown(former)))
        if row is None:
            raise Conflict(
                f"slug: {slug} is a domain of this or another workspace already. If it is yours, set the TXT record "
                f"{proof.txt_name} to {proof.txt_value} and add it again: whoever proves it first keeps it."
            )
        return row

    def _columns(self, body: DomainChange) -> dict[str, Any]:
        found = {name: value for name in _PLAIN if (value := getattr(body, name)) is not UNSET}
        for name in _URLS:
            if (url := getattr(body, name)) is not UNSET:
                field = "".join(word.capitalize() if n else word for n, word in enumerate(name.split("_")))
                if url:
                    destinations.check(url, allow_private=self.allow_private, field=field)
                found[name] = url or None
        if body.asset_links is not UNSET:
            found["asset_links"] = document("assetLinks", body.asset_links, list)
        if body.apple_app_site_association is not UNSET:
            text = body.apple_app_site_association
            found["apple_app_site_association"] = document("appleAppSiteAssociation", text, dict)
        return found

    async def _settle(self, connection: AsyncConnection, row: Row, body: DomainChange) -> Row:
        """Make it the primary one where that is asked for, and tell the edge."""
        if body.primary is not UNSET and body.primary != row.is_primary:
            mine = sa.and_(domains.c.workspace_id == row.workspace_id, domains.c.is_primary)
            await connection.execute(sa.update(domains).where(mine).values(is_primary=False))
            row = await _update(connection, row, {"is_primary": body.primary})
        (version,) = await outbox.next_versions(connection, 1)
        await outbox.send(connection, [(kv_key(row.slug, ""), version, record(row, version))])
        return row


def record(row: Row, version: int) -> str | None:
    """The domain's KV record (docs/edge.md); None where it says nothing or the domain is not proved."""
    options = {
        "not_found_url": row.not_found_url,
        "expired_url": row.expired_url,
        "robots": row.robots,
        "favicon": row.favicon,
        "ignore_case": row.ignore_case or None,
        "apple_app_site_association": row.apple_app_site_association,
        "assetlinks": row.asset_links,
    }
    given = {name: value for name, value in options.items() if value is not None}
    if row.verified_at is None or not (given or row.root_url):
        return None
    return encode(KvRecord(row.id, row.workspace_id, version, row.root_url or "", given))


def shown(row: Row) -> Domain:
    """A domain as the API shows it."""
    documents: dict[str, Any] = {
        name: None if (value := getattr(row, name)) is None else json.dumps(value)
        for name in ("asset_links", "apple_app_site_association")
    }
    same = (
        "slug",
        "archived",
        "placeholder",
        "robots",
        "ignore_case",
        "configured",
        "created_at",
        "updated_at",
        *_URLS,
    )
    return Domain(
        id=ids.public(ids.DOMAIN, row.id),
        verified=row.verified_at is not None,
        edge_hostname=EdgeHostname(row.hostname_status, row.hostname_detail) if row.hostname_status else None,
        primary=row.is_primary,
        registered_domain=None,
        **documents,
        **{name: getattr(row, name) for name in same},
    )


def check_slug(text: str) -> str:
    """A host name of the public internet, as it is stored; raises Unprocessable."""
    try:
        slug = normalize_domain(text)
    except BadDomain as error:
        raise Unprocessable(f"slug: {error}.") from error
    labels = slug.split(".")
    if len(labels) == 1 or not all(_LABEL.fullmatch(each) for each in labels) or labels[-1].isdecimal():
        raise Unprocessable(f"slug: {text!r} is not a domain name, such as go.example.com.")
    return slug


async def page(connection: AsyncConnection, workspace_id: int, wanted: DomainFilter, page: Page) -> list[Row]:
    """One page of the domains that fit, the primary one first."""
    mine = domains.c.workspace_id == workspace_id
    select = sa.select(domains).where(mine, domains.c.archived == wanted.archived)
    if wanted.search:
        select = select.where(domains.c.slug.icontains(wanted.search, autoescape=True))
    # No host name begins with a space.
    name = sa.case((domains.c.is_primary, " "), else_="").concat(domains.c.slug)
    first = sa.type_coerce(sa.collate(name, "C"), sa.Text)
    return await fetch(connection, select, Order(first, domains.c.id), page)


async def one(connection: AsyncConnection, workspace_id: int, slug: str) -> Row:
    """A domain of the workspace; raises NotFound."""
    return await _one(connection, _of(workspace_id, slug), slug)


async def locked(connection: AsyncConnection, workspace_id: int, slug: str, *, against_links: bool = False) -> Row:
    """A domain of the workspace, held until the end of the transaction; `against_links`: nobody can add one meanwhile."""
    select = _of(workspace_id, slug).with_for_update(key_share=not against_links)
    return await _one(connection, select, slug)


def _of(workspace_id: int, slug: str) -> "sa.Select[Any]":
    return sa.select(domains).where(domains.c.workspace_id == workspace_id, domains.c.slug == slug.lower())


async def _one(connection: AsyncConnection, select: "sa.Select[Any]", slug: str) -> Row:
    row: Row | None = None if "\0" in slug else (await connection.execute(select)).one_or_none()
    if row is None:
        raise NotFound(f"There is no domain {slug} in this workspace.")
    return row


async def _noted(connection: AsyncConnection, before: Row, found: Found, detail: str) -> Row:
    # Only if the domain is still this workspace's: the answer of DNS took its time.
    same = sa.and_(domains.c.id == before.id, domains.c.workspace_id == before.workspace_id)
    # Once proved, either record keeps it so: people tidy up TXT records.
    kept = domains.c.verified_at if found.cname else None
    verified = sa.func.coalesce(domains.c.verified_at, sa.func.now()) if found.txt else kept
    values = {"checked_at": sa.func.now(), "check_detail": detail or None, "configured": found.cname}
    statement = sa.update(domains).where(same).values({**values, "verified_at": verified}).returning(domains)
    row: Row | None = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound(f"There is no domain {before.slug} in this workspace.")
    await trail.record(connection, row.workspace_id, trail.updated("domain.verify", shown(before), shown(row)))
    if (row.verified_at is None) != (before.verified_at is None):
        (version,) = await outbox.next_versions(connection, 1)
        await outbox.send(connection, [(kv_key(row.slug, ""), version, record(row, version))])
    return row


async def _update(connection: AsyncConnection, row: Row, values: dict[str, Any]) -> Row:
    statement = sa.update(domains).where(domains.c.id == row.id).values({**values, "updated_at": sa.func.now()})
    updated: Row = (await connection.execute(statement.returning(domains))).one()
    return updated


async def _has_links(connection: AsyncConnection, slug: str) -> bool:
    select = sa.select(sa.exists().where(links.c.domain == slug))
    return bool((await connection.execute(select)).scalar_one())
