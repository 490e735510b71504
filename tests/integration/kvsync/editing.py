"""Edits of links as origin makes them, link and outbox row in one transaction, by plain SQL."""

import asyncio
from typing import Any

from psycopg import AsyncConnection

from kvsync import database
from kvsync.kv_fake import FakeKv
from shared.change_feed import FEED_KEY
from shared.kv_record import KvRecord, encode

DOMAIN = "go.test"
_LINK = """
insert into links (workspace_id, domain, key, url, version, kv_value)
values (%(workspace)s, %(domain)s, %(code)s, %(url)s, %(version)s, '')
on conflict (domain, key) do update set url = excluded.url, version = excluded.version
returning id
"""


class Editor:
    """Edits links on a connection of its own."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self.connection = connection
        self._workspace = 0

    async def set_up(self) -> None:
        """Empty the tables and make a workspace with a domain."""
        await self.connection.execute("truncate links, domains, workspaces, outbox, kv_keys restart identity cascade")
        await self.connection.execute("alter sequence link_version restart")
        await self.connection.execute("truncate kv_feed, kv_feed_state restart identity")
        await self.connection.execute("insert into kv_feed_state default values")
        self._workspace = await self.one("insert into workspaces (slug, name) values ('w', 'W') returning id")
        await self.add_domain(DOMAIN)

    async def add_domain(self, slug: str) -> None:
        await self.connection.execute("insert into domains (slug) values (%s)", (slug,))

    async def put(self, code: str, url: str, domain: str = DOMAIN) -> int:
        """Create or edit a link; returns its new version."""
        async with self.connection.transaction():
            # The key's own lock, as the link's row is for an edit: versions rise in the order of commits.
            await self.connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (f"{domain}/{code}",))
            version = int(await self.one("select nextval('link_version')"))
            values = {"workspace": self._workspace, "domain": domain, "code": code, "url": url, "version": version}
            link = await self.one(_LINK, values)
            value = encode(KvRecord(link, self._workspace, version, url))
            await self.connection.execute("update links set kv_value = %s where id = %s", (value, link))
            await self.enqueue(f"{domain}/{code}", version, value)
        return version

    async def delete(self, code: str, domain: str = DOMAIN) -> None:
        async with self.connection.transaction():
            await self.connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (f"{domain}/{code}",))
            await self.connection.execute("delete from links where domain = %s and key = %s", (domain, code))
            await self.enqueue(f"{domain}/{code}", await self.one("select nextval('link_version')"), None)

    async def enqueue(self, key: str, version: int, value: str | None) -> None:
        row = (key, version, value)
        await self.connection.execute("insert into outbox (key, version, value) values (%s, %s, %s)", row)
        await self.connection.execute("select pg_notify('outbox', '')")

    async def wanted(self) -> dict[str, tuple[str, dict[str, int]]]:
        """What KV shall hold, with the metadata."""
        cursor = await self.connection.execute("select domain || '/' || key, kv_value, version from links")
        return {key: (value, {"v": version}) for key, value, version in await cursor.fetchall()}

    async def waiting(self) -> int:
        return int(await self.one("select count(*) from outbox where poisoned_at is null"))

    async def one(self, query: Any, parameters: Any = None) -> Any:
        row = await (await self.connection.execute(query, parameters)).fetchone()
        assert row is not None
        return row[0]


async def edit_by_itself(url: str, workspace_of: Editor, edits: list[tuple[str, str | None]]) -> None:
    """Make edits on another connection: (code, url) sets a link, (code, None) deletes it."""
    async with await database.connect(url) as connection:
        editor = Editor(connection)
        editor._workspace = workspace_of._workspace
        for code, target in edits:
            await (editor.delete(code) if target is None else editor.put(code, target))


async def drained(editor: Editor) -> None:
    """Wait until the outbox is empty; the test's own time limit ends a wait in vain."""
    while await editor.waiting():
        await asyncio.sleep(0.02)


def assert_same(fake: FakeKv, wanted: dict[str, tuple[str, dict[str, int]]]) -> None:
    assert {key: pair for key, pair in fake.pairs.items() if key != FEED_KEY} == wanted
    assert fake.versions_never_fell()
