"""A workspace with very many links, made in SQL as links.search and links.store would write them."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.factories import Account, new_domain, new_member

_LOT = 100_000
_FILL = """
INSERT INTO links (workspace_id, user_id, domain, key, url, version, kv_value, title, tenant_id, folder_id, archived,
    created_at, updated_at, search)
SELECT %(workspace)s, CASE WHEN n %% 1000 = 0 THEN %(rare_user)s ELSE %(user)s END,
    CASE WHEN n %% 1000 = 1 THEN %(rare_domain)s ELSE 'localhost' END, 'm' || n, 'https://example.com/page/' || n, n, '',
    'Word' || n %% 1000, 'tenant' || n %% 5000, CASE WHEN n %% 1000 = 2 THEN %(folder)s END, n %% 50 = 3,
    now() - n * interval '1 second', now() - n * interval '1 second',
    format('''%%s:m%%s'':1A ''%%s:word%%s'':2B ''%%s:example'':3D', w, n, w, n %% 1000, w)::tsvector
FROM generate_series(%(first)s::int, %(last)s::int) AS n, (SELECT %(workspace)s::text AS w) AS own
"""
_TAG = """
INSERT INTO link_tags (tag_id, link_id)
SELECT %(tag)s, id FROM links WHERE workspace_id = %(workspace)s AND title = 'Word500' ON CONFLICT DO NOTHING
"""


class ManyLinks:
    """Fills a workspace. One link in a thousand has another user, another domain, a folder or a tag."""

    def __init__(self, engine: AsyncEngine, account: Account) -> None:
        self._engine = engine
        self._account = account
        self._filled = 0
        self.names: dict[str, Any] = {}

    async def grow(self, size: int) -> None:
        """Let there be so many links: `m1` is the newest, `m{size}` the oldest."""
        if not self.names:
            await self._add_names()
        for first in range(self._filled + 1, size + 1, _LOT):
            async with self._engine.begin() as connection:
                await connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                values = {**self.names, "first": first, "last": min(first + _LOT - 1, size)}
                await connection.exec_driver_sql(_FILL, values)
        self._filled = size
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            await connection.exec_driver_sql(_TAG, self.names)
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.exec_driver_sql("SET statement_timeout = 0")
            await connection.exec_driver_sql("VACUUM ANALYZE links, link_tags")
            await connection.exec_driver_sql("RESET statement_timeout")

    async def _add_names(self) -> None:
        actor = self._account.actor
        other = await new_member(self._engine, actor.workspace_id, "member")
        domain = await new_domain(self._engine, actor.workspace_id)
        async with self._engine.begin() as connection:
            workspace = {"workspace": actor.workspace_id}
            tag = await connection.exec_driver_sql(
                "INSERT INTO tags (workspace_id, name, color) VALUES (%(workspace)s, 'rare', 'red') RETURNING id",
                workspace,
            )
            folder = await connection.exec_driver_sql(
                "INSERT INTO folders (workspace_id, name) VALUES (%(workspace)s, 'Rare') RETURNING id", workspace
            )
            self.names = {
                **workspace, "user": actor.user_id, "rare_user": other.actor.user_id, "rare_domain": domain,
                "tag": tag.scalar_one(), "folder": folder.scalar_one(),
            }  # fmt: skip
