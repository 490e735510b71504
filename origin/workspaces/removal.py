"""Deleting a workspace with all that belongs to it, at the edge as well."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.audit import trail
from origin.storage.tables import workspaces

# A million links take longer than a statement of the API may.
_NO_TIMEOUT = sa.text("SET LOCAL statement_timeout = 0")
# Nobody can add a link to a workspace whose row is held.
_HOLD = sa.text("SELECT FROM workspaces WHERE id = :workspace_id FOR UPDATE")
_LOCK = sa.text("SELECT count(*) FROM (SELECT FROM links WHERE workspace_id = :workspace_id FOR UPDATE) AS locked")
# The versions are taken while the links are locked: they are the newest of their keys.
_SEND_DELETES = sa.text(
    "INSERT INTO outbox (key, version, value)"
    " SELECT domain || '/' || key, nextval('link_version'), NULL FROM links WHERE workspace_id = :workspace_id"
    " UNION ALL SELECT slug || '/', nextval('link_version'), NULL FROM domains WHERE workspace_id = :workspace_id"
)


async def delete(connection: AsyncConnection, workspace_id: int) -> None:
    """Delete the workspace; its short links stop to redirect as kvsync gets to them."""
    values = {"workspace_id": workspace_id}
    await connection.execute(_NO_TIMEOUT)
    await connection.execute(_HOLD, values)
    await connection.execute(_LOCK, values)
    await connection.execute(_SEND_DELETES, values)
    await connection.execute(sa.text("SELECT pg_notify('outbox', '')"))
    gone = sa.delete(workspaces).where(workspaces.c.id == workspace_id).returning(workspaces.c.name, workspaces.c.slug)
    row = (await connection.execute(gone)).one()
    state = {"id": ids.public(ids.WORKSPACE, workspace_id), "name": row.name, "slug": row.slug}
    await trail.record(connection, workspace_id, trail.deleted("workspace.delete", state))
