"""Making, changing and deleting links."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
from msgspec import UNSET
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts.access import Actor
from origin.audit import trail
from origin.audit.trail import Change
from origin.domains import service as domains
from origin.etags import ANY, Expected
from origin.folders import service as folders
from origin.links import (
    aliases,
    below,
    caps,
    claims,
    defaults,
    destinations,
    fields,
    finder,
    history,
    options,
    passwords,
    refusals,
    search,
    store,
    utm,
    versions,
)
from origin.links.aliases import NewAlias
from origin.links.codes import Codes
from origin.links.creation import Creation
from origin.links.destinations import Destination
from origin.links.draft import normalize_key, tag_choice, utm_values
from origin.links.loops import Loops
from origin.links.model import LinkChange, LinkFields, NewLink
from origin.links.options import Records
from origin.links.redirects import is_one_time
from origin.links.totals import ClickTotals
from origin.problems import ApiProblem, Conflict, NotFound, Unprocessable
from origin.safety import standing
from origin.safety.checks import Safety
from origin.storage.tables import Row
from origin.tags import service as tags


@dataclass(frozen=True, slots=True)
class Links:
    """What can be done with links, always on the caller's transaction."""

    codes: Codes
    loops: Loops
    default_domain: str
    allow_private: bool
    records: Records
    totals: ClickTotals
    safety: Safety

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
        default = await defaults.of_workspace(connection, actor.workspace_id)
        bodies = [default.fill(body) if isinstance(body, NewLink) else body for body in bodies]
        rules = (self.codes, self.loops, self.default_domain, self.allow_private, self.records, self.safety)
        return await Creation(*rules, connection, actor).run(bodies)

    async def upsert(self, connection: AsyncConnection, actor: Actor, body: NewLink) -> int:
        """Change the workspace's link to this exact URL, or make it; gives its number."""
        filled = (await defaults.of_workspace(connection, actor.workspace_id)).fill(body)
        url = utm.write(filled.url, utm_values(filled))
        await store.lock_url(connection, actor.workspace_id, url)
        found = await finder.newest_by_url(connection, actor.workspace_id, url)
        if found is None:
            return await self.create(connection, actor, body)
        given = {name: getattr(body, name) for name in LinkFields.__struct_fields__}
        parameters = {name: getattr(filled, name) for name in utm.FIELDS}  # else the URL would lose the default ones
        change = LinkChange(**{**given, **parameters})
        await self.change(connection, actor, found, change)
        return found

    async def change(
        self, connection: AsyncConnection, actor: Actor, link_id: int, body: LinkChange, expected: Expected = ANY
    ) -> None:
        """Change a link; raises NotFound, PreconditionFailed, Unprocessable or Conflict."""
        await below.hold_place(connection, link_id, body.domain, body.key)
        row = await self._locked(connection, actor, link_id)
        expected.check(row.revision)
        await trail.record(connection, actor.workspace_id, await self._apply(connection, actor, row, body))

    async def change_many(
        self, connection: AsyncConnection, actor: Actor, link_ids: Collection[int], body: LinkChange
    ) -> None:
        """Change all of these links that there are in the same way, or none of them."""
        rows = await store.lock(connection, actor.workspace_id, link_ids)
        changes = [await self._apply(connection, actor, row, body) for row in rows]
        await trail.record(connection, actor.workspace_id, *changes)

    async def restore(
        self, connection: AsyncConnection, actor: Actor, link_id: int, version: int, expected: Expected = ANY
    ) -> None:
        """Bring a former state back, as a new version. Tags and folders that are gone stay gone."""
        domain, key = await versions.place_at(connection, actor.workspace_id, link_id, version)
        await below.hold_place(connection, link_id, domain, key)
        row = await self._locked(connection, actor, link_id)
        expected.check(row.revision)
        state, verifier = versions.change_to(await versions.state_at(connection, row, version))
        known = await tags.numbers(connection, actor.workspace_id, state["tagIds"])
        state["tagIds"] = [each for each in state["tagIds"] if each in known]
        folder = ids.parse(ids.FOLDER, state["folderId"] or "")
        if folder is None or not await folders.known(connection, actor.workspace_id, {folder}):
            state["folderId"] = None
        body = msgspec.convert(state, LinkChange)
        done = await self._apply(connection, actor, row, body, {"password_hash": verifier}, action="link.restore")
        await trail.record(connection, actor.workspace_id, done)

    async def delete(self, connection: AsyncConnection, actor: Actor, link_id: int, expected: Expected = ANY) -> None:
        """Delete a link with its aliases; raises NotFound or PreconditionFailed."""
        row = await self._locked(connection, actor, link_id)
        expected.check(row.revision)
        await history.deleted(connection, actor.workspace_id, [row])
        await below.settle(connection, self.records, await store.delete(connection, [link_id]))

    async def delete_many(self, connection: AsyncConnection, actor: Actor, link_ids: Collection[int]) -> int:
        """Delete those of the links that there are; gives how many."""
        rows = await store.lock(connection, actor.workspace_id, link_ids)
        await history.deleted(connection, actor.workspace_id, rows)
        await below.settle(connection, self.records, await store.delete(connection, [row.id for row in rows]))
        return len(rows)

    async def open_again(self, connection: AsyncConnection, actor: Actor, link_id: int) -> None:
        """Let a one-time link be opened once more; raises NotFound or Unprocessable."""
        row = await self._locked(connection, actor, link_id)
        if not is_one_time(row.redirect):
            raise Unprocessable("redirect.oneTime: this is not a one-time link, so it need not be opened again.")
        await claims.forget(connection, link_id)
        await trail.record(connection, actor.workspace_id, history.noted("link.open_again", row))

    async def add_alias(self, connection: AsyncConnection, actor: Actor, link_id: int, body: NewAlias) -> Row:
        """Give a link another code; raises NotFound, Unprocessable or Conflict."""
        await below.hold_place(connection, link_id, body.domain, body.key)
        link = await self._locked(connection, actor, link_id)
        made = await aliases.add(connection, actor, self.codes, self.records, link, body)
        await history.alias(connection, "link.alias_add", link, made.domain, made.key)
        return made

    async def remove_alias(self, connection: AsyncConnection, actor: Actor, link_id: int, alias_id: str) -> None:
        """Take a code off a link; raises NotFound."""
        link = await self._locked(connection, actor, link_id)
        domain, key = await aliases.remove(connection, link_id, alias_id)
        await below.settle(connection, self.records, [(domain, key)])
        await history.alias(connection, "link.alias_remove", link, domain, key)

    async def _locked(self, connection: AsyncConnection, actor: Actor, link_id: int) -> Row:
        rows = await store.lock(connection, actor.workspace_id, [link_id])
        if not rows:
            raise NotFound(f"There is no link {ids.public(ids.LINK, link_id)} in this workspace.")
        return rows[0]

    async def _apply(
        self,
        connection: AsyncConnection,
        actor: Actor,
        row: Row,
        body: LinkChange,
        more: dict[str, Any] | None = None,
        *,
        action: str = "link.update",
    ) -> Change | None:
        """Change a locked link, and keep its former state if that changes anything; gives what to record."""
        values = {**await self._changed_columns(connection, actor, row, body), **(more or {})}
        changed = {name: value for name, value in values.items() if value != getattr(row, name)}
        before = await versions.state_of(connection, row)
        retagged = await self._retag(connection, actor, row.id, body, before["tagIds"])
        if not changed and not retagged:
            return None
        updated = await self._update(connection, row.id, changed)
        await versions.keep(connection, row, before, actor.user_id)
        if search.vector(row) != search.vector(updated):
            await search.index(connection, [updated])
        moved = (row.domain, row.key) != (updated.domain, updated.key)
        if moved or options.concerns_edge(row, updated):
            await store.seal(connection, self.records, [updated])
        if moved:
            await store.unpublish(connection, [(row.domain, row.key)])
            await below.settle(connection, self.records, [(row.domain, row.key), (updated.domain, updated.key)])
        return history.edited(action, row, before, await versions.state_of(connection, updated))

    async def _changed_columns(
        self, connection: AsyncConnection, actor: Actor, row: Row, body: LinkChange
    ) -> dict[str, Any]:
        values = fields.columns(body)
        url = utm.write(row.url if body.url is UNSET else body.url, utm_values(body))
        with self.loops.said_first():
            leads_to = fields.other_destinations(values, allow_private=self.allow_private)
            if url != row.url:
                leads_to.append(("url", destinations.check(url, allow_private=self.allow_private)))
                values |= {"url": url, **utm.read(url)}
        if refusal := self.safety.refusal([(field, to.url) for field, to in leads_to]):
            raise refusal
        loops = await self.loops.among(connection, [to for _, to in leads_to])
        for field, to in leads_to:
            if to in loops:
                raise refusals.loop(field, to.host)
        if values.get("folder_id") is not None:
            await self._refuse_unknown_folder(connection, actor, values["folder_id"])
        if "redirect" in values:
            values["capped_at"] = await caps.changed(connection, row, values["redirect"], self.totals)
            if is_one_time(row.redirect) and not is_one_time(values["redirect"]):
                await claims.forget(connection, row.id)
        if body.password is not UNSET and body.password != passwords.MASK:
            values["password_hash"] = await passwords.verifier(body.password) if body.password else None
        place = await self._changed_place(connection, actor, row, body)
        await self._refuse_what_is_closed(connection, row, place, leads_to)
        await below.refuse_change(connection, row, values | place)
        return values | place

    async def _refuse_what_is_closed(
        self, connection: AsyncConnection, row: Row, place: dict[str, Any], leads_to: list[tuple[str, Destination]]
    ) -> None:
        new = (place.get("domain", row.domain), place.get("key", row.key))
        places = set() if new == (row.domain, row.key) else {new}
        named = [(field, to.url) for field, to in leads_to]
        urls = {url for _, url in named}
        closed = await standing.closed(connection, row.workspace_id, places, urls, but=row.id)
        if refusal := closed.refusal(new, named):
            raise refusal

    async def _changed_place(
        self, connection: AsyncConnection, actor: Actor, row: Row, body: LinkChange
    ) -> dict[str, Any]:
        if body.key is UNSET and body.domain is UNSET:
            return {}
        domain = row.domain if body.domain is UNSET else domains.normalize(body.domain)
        if domain != row.domain and not await domains.usable(connection, actor.workspace_id, {domain}):
            raise refusals.foreign_domain(domain)
        key = row.key if body.key is UNSET else normalize_key(body.key)
        if await domains.ignores_case(connection, domain):
            key = key.lower()
        return {"domain": domain, "key": key}

    async def _refuse_unknown_folder(self, connection: AsyncConnection, actor: Actor, folder: int) -> None:
        if not await folders.known(connection, actor.workspace_id, {folder}):
            raise refusals.unknown_folder(ids.public(ids.FOLDER, folder))

    async def _retag(
        self, connection: AsyncConnection, actor: Actor, link_id: int, body: LinkChange, before: list[str]
    ) -> bool:
        """Let the link carry the tags that were asked for; gives whether that changes any."""
        choice = tag_choice(body)
        if choice is None:
            return False
        numbers = choice.resolved(await tags.numbers(connection, actor.workspace_id, choice.ids, choice.names))
        if numbers == {ids.parse(ids.TAG, each) for each in before}:
            return False
        await tags.put(connection, {link_id: numbers})
        return True

    async def _update(self, connection: AsyncConnection, link_id: int, values: dict[str, Any]) -> Row:
        try:
            return await store.update(connection, link_id, values)
        except IntegrityError as error:
            constraint = error.orig.diag.constraint_name if isinstance(error.orig, psycopg.Error) else None
            if constraint == "links_workspace_id_external_id_key":
                raise refusals.taken_external_id(values["external_id"]) from error
            if constraint == "links_domain_key_key":
                raise Conflict("key: there is a link with this domain and key already. Choose another key.") from error
            raise
