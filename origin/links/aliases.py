"""Further codes for a link. Each is a row of its own that lends its place: the record at the edge is the link's."""

from datetime import datetime
from typing import Annotated

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts.access import Actor
from origin.domains import service as domains
from origin.links import below, code_schema, fields, refusals, store
from origin.links.codes import Codes
from origin.links.draft import normalize_key
from origin.links.model import wire_name
from origin.links.options import Records
from origin.links.redirects import forwards_paths
from origin.links.tree import Place
from origin.problems import Conflict, NotFound, Unprocessable
from origin.safety import standing
from origin.storage.tables import Row, links

MOST = 20
_ROUNDS = 5


class Alias(msgspec.Struct, rename=wire_name):
    """A further code of a link."""

    id: str
    domain: str
    key: str
    short_link: str
    created_at: datetime


class NewAlias(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A code to add; left out, the domain is the link's own, and the key is made up."""

    domain: str | None = None
    key: Annotated[str, Meta(extra_json_schema=code_schema.KEY_OR_NOTHING)] | None = None


async def add(
    connection: AsyncConnection, actor: Actor, codes: Codes, records: Records, link: Row, body: NewAlias
) -> Row:
    """Give a locked link another code; raises Unprocessable, Conflict, or Forbidden where the operator has closed it."""
    domain = domains.normalize(body.domain) if body.domain else link.domain
    usable = await domains.usable(connection, actor.workspace_id, {domain})
    if domain not in usable:
        raise refusals.foreign_domain(domain)
    if len(await of(connection, link.id)) >= MOST:
        raise Unprocessable(f"A link has {MOST} aliases at most: delete one first.")
    for _ in range(_ROUNDS):
        key = normalize_key(body.key) if body.key else await codes.next(connection)
        key = key.lower() if usable[domain] else key
        closed = await standing.closed(connection, actor.workspace_id, {(domain, key)}, (), link.id)
        if refusal := closed.refusal((domain, key), ()):
            raise refusal
        wanted = [below.Wanted(Place(domain, key), forwards_paths(link.redirect))]
        for wrong in (await below.refuse(connection, actor.workspace_id, wanted)).values():
            raise wrong
        row = {
            **fields.DEFAULTS, "url": "", "domain": domain, "key": key, "alias_of": link.id,
            "workspace_id": actor.workspace_id, "user_id": actor.user_id,
        }  # fmt: skip
        for made in (await store.insert_free(connection, [row])).values():
            await store.publish(connection, records, [(made, link)])
            await below.settle(connection, records, [(domain, key)])
            return made
        if body.key:
            raise refusals.taken_key(domain, key)
    raise Conflict("key: no free code was found. Try again.")


async def of(connection: AsyncConnection, link_id: int) -> list[Row]:
    """The aliases of a link, the oldest first."""
    select = sa.select(links).where(links.c.alias_of == link_id).order_by(links.c.id)
    return list((await connection.execute(select)).all())


async def remove(connection: AsyncConnection, link_id: int, alias_id: str) -> tuple[str, str]:
    """Take a code off a locked link, at the edge as well; gives its domain and key, or raises NotFound."""
    one = sa.and_(links.c.alias_of == link_id, links.c.id == ids.parse(ids.ALIAS, alias_id))
    deleted = await connection.execute(sa.delete(links).where(one).returning(links.c.domain, links.c.key))
    row = deleted.one_or_none()
    if row is None:
        raise NotFound(f"There is no alias {alias_id} of this link.")
    await store.unpublish(connection, [(row.domain, row.key)])
    return str(row.domain), str(row.key)
