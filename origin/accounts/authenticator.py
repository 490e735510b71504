"""The Access of production: API keys and access tokens, looked up in Postgres."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request

from origin import ids
from origin.accounts import api_keys, sessions
from origin.accounts.access import Actor, Caller, identify
from origin.accounts.access_tokens import AccessTokens
from origin.problems import NotFound, Unauthorized
from origin.storage import tables

# `last_used_at` is for people: no need to write it on each call.
_USE_NOTED_EVERY = timedelta(minutes=1)


class Authenticator:
    """Finds the caller of a request by its bearer token, and their role in the workspace it is about."""

    def __init__(self, engine: AsyncEngine, tokens: AccessTokens) -> None:
        # Each look-up is one statement: a transaction around it would ask Postgres three times.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._tokens = tokens

    async def identify(self, request: Request) -> Caller:
        """The user behind the bearer token; raises Unauthorized."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized
        if token.startswith(api_keys.PREFIX):
            return await self._by_api_key(token)
        return await self._by_session(token)

    async def authenticate(self, request: Request) -> Actor:
        """The caller in the workspace that the request names, or else in their first one."""
        caller = await identify(request)
        wanted = (
            request.path_params.get("workspaceId")
            or request.headers.get("X-Workspace-Id")
            or request.query_params.get("workspaceId")
        )
        workspace_id = ids.parse(ids.WORKSPACE, wanted) if wanted else caller.key_workspace_id
        belongs_elsewhere = caller.key_workspace_id is not None and workspace_id != caller.key_workspace_id
        if belongs_elsewhere or (wanted and workspace_id is None):
            raise NotFound(f"There is no workspace {wanted} that this token may use.")
        if caller.key_workspace_id is not None:
            return _by_key(caller, caller.key_workspace_id)
        return await self._in_workspace(caller, workspace_id)

    async def _by_session(self, token: str) -> Caller:
        claims = self._tokens.read(token)
        async with self._engine.connect() as connection:
            if not await sessions.is_alive(connection, claims.family):
                raise Unauthorized("This session has ended: log in again.")
        return Caller(claims.user_id, session=claims.family)

    async def _by_api_key(self, token: str) -> Caller:
        table = tables.api_keys
        async with self._engine.connect() as connection:
            row = await api_keys.find(connection, token)
            if row is None:
                raise Unauthorized("This API key is not valid, or no longer: make a new one in the dashboard.")
            now = datetime.now(UTC)
            if row.last_used_at is None or row.last_used_at < now - _USE_NOTED_EVERY:
                await connection.execute(sa.update(table).where(table.c.id == row.id).values(last_used_at=now))
        scopes, origins = frozenset(row.scopes), frozenset(row.allowed_origins)
        return Caller(
            row.user_id, row.id, row.workspace_id, scopes=scopes, plan=row.plan, role=row.role, allowed_origins=origins
        )

    async def _in_workspace(self, caller: Caller, workspace_id: int | None) -> Actor:
        table, workspaces = tables.memberships, tables.workspaces
        joined = sa.join(table, workspaces, workspaces.c.id == table.c.workspace_id)
        select = sa.select(table.c.workspace_id, table.c.role, workspaces.c.allowed_origins).select_from(joined)
        select = select.where(table.c.user_id == caller.user_id)
        if workspace_id is not None:
            select = select.where(table.c.workspace_id == workspace_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(select.order_by(table.c.workspace_id).limit(1))).one_or_none()
        if row is None:
            raise NotFound("You are in no such workspace: GET /api/v1/workspaces lists yours.")
        origins = frozenset(row.allowed_origins)
        return Actor(caller.user_id, row.workspace_id, row.role, scopes=caller.scopes, allowed_origins=origins)


def _by_key(caller: Caller, workspace_id: int) -> Actor:
    """What was read with the key says it all."""
    if caller.role is None:
        raise Unauthorized("The owner of this API key has left the workspace: make a new one.")
    origins = caller.allowed_origins
    return Actor(caller.user_id, workspace_id, caller.role, caller.api_key_id, caller.scopes, origins)
