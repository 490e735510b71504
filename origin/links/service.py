"""Making, changing and deleting links."""

from dataclasses import dataclass
from typing import Any

import psycopg
from msgspec import UNSET
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts.access import Actor
from origin.domains import service as domains
from origin.links import destinations, finder, store, unsupported, utm
from origin.links.codes import Codes
from origin.links.draft import Draft, draft, normalize_key, plain_columns, utm_values
from origin.links.loops import Loops
from origin.links.model import LinkChange, LinkFields, NewLink
from origin.problems import ApiProblem, Conflict, NotFound, Unprocessable
from origin.storage.tables import Row

# A made-up code of the usual length can only meet a code that somebody chose.
_ROUNDS = 5
_COLUMNS_OF_A_NEW_LINK = ("external_id", "tenant_id", "archived", "comments", "title", "description", "image", "video")


@dataclass(frozen=True, slots=True)
class Links:
    """What can be done with links, always on the caller's transaction."""

    codes: Codes
    loops: Loops
    default_domain: str
    allow_private: bool

    async def create(self, connection: AsyncConnection, actor: Actor, body: NewLink) -> int:
        """Make a link and give its number; raises Unprocessable or Conflict."""
        (made,) = await self.create_many(connection, actor, [body])
        if isinstance(made, ApiProblem):
            raise made
        return made

    async def create_many(
        self, connection: AsyncConnection, actor: Actor, bodies: list[NewLink | ApiProblem]
    ) -> list[int | ApiProblem]:
        """Make those links that can be made: for each its number, or why it was not made."""
        default = await domains.primary(connection, actor.workspace_id, self.default_domain)
        outcome: list[int | Draft | ApiProblem] = [self._draft(body, default) for body in bodies]
        await self._refuse_foreign_domains_and_loops(connection, actor, outcome)
        _refuse_repeated(outcome)
        for _ in range(_ROUNDS):
            await self._insert(connection, actor, outcome)
        return [
            Conflict("keyLength: codes of this length are used up.") if isinstance(each, Draft) else each
            for each in outcome
        ]

    async def upsert(self, connection: AsyncConnection, actor: Actor, body: NewLink) -> int:
        """Change the workspace's link to this exact URL, or make it; gives its number."""
        url = utm.write(body.url, utm_values(body))
        await store.lock_url(connection, actor.workspace_id, url)
        found = await finder.newest_by_url(connection, actor.workspace_id, url)
        if found is None:
            return await self.create(connection, actor, body)
        given = {name: getattr(body, name) for name in LinkFields.__struct_fields__}
        change = LinkChange(**given)
        await self.change(connection, actor, found, change)
        return found

    async def change(self, connection: AsyncConnection, actor: Actor, link_id: int, body: LinkChange) -> None:
        """Change a link; raises NotFound, Unprocessable or Conflict."""
        unsupported.refuse(body)
        row = await self._locked(connection, actor, link_id)
        values = await self._changed_columns(connection, actor, row, body)
        changed = {name: value for name, value in values.items() if value != getattr(row, name)}
        if not changed:
            return
        updated = await self._update(connection, link_id, changed)
        if changed.keys() & {"url", "domain", "key"}:
            await store.seal(connection, actor.workspace_id, [updated])
        if (row.domain, row.key) != (updated.domain, updated.key):
            await store.unpublish(connection, row.domain, row.key)

    async def delete(self, connection: AsyncConnection, actor: Actor, link_id: int) -> None:
        """Delete a link; raises NotFound."""
        row = await self._locked(connection, actor, link_id)
        await store.delete(connection, link_id)
        await store.unpublish(connection, row.domain, row.key)

    def _draft(self, body: NewLink | ApiProblem, default_domain: str) -> Draft | ApiProblem:
        if isinstance(body, ApiProblem):
            return body
        try:
            return draft(body, default_domain, allow_private=self.allow_private)
        except ApiProblem as problem:
            return problem

    async def _refuse_foreign_domains_and_loops(
        self, connection: AsyncConnection, actor: Actor, outcome: list[int | Draft | ApiProblem]
    ) -> None:
        drafts = [each for each in outcome if isinstance(each, Draft)]
        usable = await domains.usable(connection, actor.workspace_id, {each.domain for each in drafts})
        loops = await self.loops.among(connection, [each.destination for each in drafts])
        for index, each in enumerate(outcome):
            if isinstance(each, Draft) and each.domain not in usable:
                outcome[index] = _foreign_domain(each.domain)
            elif isinstance(each, Draft) and each.destination in loops:
                outcome[index] = _loop(each.destination.host)

    async def _insert(self, connection: AsyncConnection, actor: Actor, outcome: list[int | Draft | ApiProblem]) -> None:
        """Put numbers or problems in the place of drafts; a made-up key that is taken leaves its draft for another round."""
        drafts = [each for each in outcome if isinstance(each, Draft)]
        if not drafts:
            return
        await self._make_up_keys(connection, drafts)
        inserted = await store.insert_free(connection, [_row(each, actor) for each in drafts])
        await store.seal(connection, actor.workspace_id, list(inserted.values()))
        left = [(each.domain, str(each.key)) for each in drafts if (each.domain, str(each.key)) not in inserted]
        taken = await store.taken(connection, left) if left else set()
        for index, waiting in enumerate(outcome):
            if isinstance(waiting, Draft):
                outcome[index] = _outcome(waiting, inserted, taken)

    async def _make_up_keys(self, connection: AsyncConnection, drafts: list[Draft]) -> None:
        """Give each draft without a key of its own one that no other draft of this call has."""
        for each in drafts:
            each.made_up = each.made_up or each.key is None
        used = {(each.domain, each.key) for each in drafts if not each.made_up}
        for each in drafts:
            while each.made_up and (each.key is None or (each.domain, each.key) in used):
                each.key = await self.codes.next(connection, each.key_length)
            used.add((each.domain, each.key))

    async def _locked(self, connection: AsyncConnection, actor: Actor, link_id: int) -> Row:
        row = await store.lock(connection, actor.workspace_id, link_id)
        if row is None:
            raise NotFound(f"There is no link {ids.public(ids.LINK, link_id)} in this workspace.")
        return row

    async def _changed_columns(
        self, connection: AsyncConnection, actor: Actor, row: Row, body: LinkChange
    ) -> dict[str, Any]:
        values = plain_columns(body)
        url = utm.write(row.url if body.url is UNSET else body.url, utm_values(body))
        if url != row.url:
            destination = destinations.check(url, allow_private=self.allow_private)
            if await self.loops.among(connection, [destination]):
                raise _loop(destination.host)
            values |= {"url": url, **utm.read(url)}
        if body.key is not UNSET:
            values["key"] = normalize_key(body.key)
        if body.domain is not UNSET:
            values["domain"] = domain = domains.normalize(body.domain)
            if domain != row.domain and not await domains.usable(connection, actor.workspace_id, {domain}):
                raise _foreign_domain(domain)
        return values

    async def _update(self, connection: AsyncConnection, link_id: int, values: dict[str, Any]) -> Row:
        try:
            return await store.update(connection, link_id, values)
        except IntegrityError as error:
            constraint = error.orig.diag.constraint_name if isinstance(error.orig, psycopg.Error) else None
            if constraint == "links_workspace_id_external_id_key":
                raise _taken_external_id(values["external_id"]) from error
            if constraint == "links_domain_key_key":
                raise Conflict("key: there is a link with this domain and key already. Choose another key.") from error
            raise


def _row(each: Draft, actor: Actor) -> dict[str, Any]:
    columns = {**dict.fromkeys(_COLUMNS_OF_A_NEW_LINK), "archived": False, **each.columns}
    return {
        **columns,
        "domain": each.domain,
        "key": each.key,
        "workspace_id": actor.workspace_id,
        "user_id": actor.user_id,
    }


def _outcome(
    each: Draft, inserted: dict[tuple[str, str], Row], taken: set[tuple[str, str]]
) -> int | Draft | ApiProblem:
    pair = (each.domain, str(each.key))
    if pair in inserted:
        return int(inserted[pair].id)
    if pair not in taken:
        return _taken_external_id(each.columns.get("external_id"))
    if not each.made_up:
        return _taken_key(*pair)
    each.key = None  # for the next round
    return each


def _refuse_repeated(outcome: list[int | Draft | ApiProblem]) -> None:
    """Of links in one call with the same key or external id, the first is the one to be made."""
    seen: set[tuple[str, ...]] = set()
    for index, each in enumerate(outcome):
        if not isinstance(each, Draft):
            continue
        external_id = each.columns.get("external_id")
        pairs = ({(each.domain, each.key)} if each.key else set()) | ({(external_id,)} if external_id else set())
        if pairs & seen:
            outcome[index] = (
                _taken_external_id(external_id) if (external_id,) in seen else _taken_key(each.domain, str(each.key))
            )
        else:
            seen |= pairs


def _taken_key(domain: str, key: str) -> Conflict:
    return Conflict(f"key: there is a link {domain}/{key} already. Choose another key.")


def _taken_external_id(external_id: Any) -> Conflict:
    return Conflict(f"externalId: there is a link with the external id {external_id!r} in this workspace already.")


def _foreign_domain(domain: str) -> Unprocessable:
    return Unprocessable(f"domain: {domain!r} is not a domain of this workspace. Leave it out, or add it first.")


def _loop(host: str) -> Unprocessable:
    return Unprocessable(f"url: {host} is a short domain of this installation, so the link would lead in a circle.")
