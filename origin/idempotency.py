"""A POST with an `Idempotency-Key` is done once: the same call again gets the first one's answer, for 24 hours.

The key's row and the call's own changes are one transaction, so there is no moment in which one is there without the
other. A second call that comes while the first still runs waits at the row.
"""

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa
from anyio import to_thread
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts.access import authenticate, identify
from origin.openapi import IN_NO_WORKSPACE, PERSON, Operation
from origin.problems import Conflict, Unprocessable
from origin.storage.tables import Row, idempotency_keys

HEADER = "Idempotency-Key"
KEPT = sa.text("interval '24 hours'")
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class _Call:
    workspace_id: int
    key: str
    digest: bytes


async def once(request: Request, operation: Operation) -> Response:
    """Run the operation, or repeat its former answer; raises Conflict where the key came with another body."""
    given = request.headers.get(HEADER)
    if given is None:
        return await operation.endpoint(request)
    call = await _describe(request, operation, given)
    async with request.app.state.engine.begin() as connection:
        kept = await _claim(connection, call)
        if kept is not None:
            return _replay(kept, call)
        request.state.connection = connection
        response = await operation.endpoint(request)
        body = None if operation.secret_answer else bytes(response.body)
        await _keep(connection, call, response.status_code, body)
    return response


async def delete_expired(connection: AsyncConnection) -> None:
    """Forget the keys that are older than a day."""
    await connection.execute(sa.delete(idempotency_keys).where(idempotency_keys.c.created_at < sa.func.now() - KEPT))


async def _describe(request: Request, operation: Operation, key: str) -> _Call:
    if not 0 < len(key) <= _LONGEST:
        raise Unprocessable(f"{HEADER}: it has 1 to {_LONGEST} characters.")
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
    digest = await to_thread.run_sync(_slow_hash if operation.permission == PERSON else _hash, asked, key.encode())
    if operation.permission in IN_NO_WORKSPACE:
        return _Call(0, f"{(await identify(request)).user_id}:{key}", digest)
    return _Call((await authenticate(request)).workspace_id, key, digest)


def _hash(asked: bytes, key: bytes) -> bytes:
    del key
    return hashlib.sha256(asked).digest()


def _slow_hash(asked: bytes, key: bytes) -> bytes:
    """For what people do with their account: such bodies hold passwords, which a fast hash would let others guess."""
    return hashlib.scrypt(asked, salt=key, n=2**14, r=8, p=1, dklen=32)


async def _claim(connection: AsyncConnection, call: _Call) -> Row | None:
    """Take the key for this call: None. If it is taken already: what is kept of the first call."""
    table = idempotency_keys
    fresh = insert(table).values(workspace_id=call.workspace_id, key=call.key, request_hash=call.digest)
    expired = {"request_hash": call.digest, "status": None, "body": None, "created_at": sa.func.now()}
    claim = fresh.on_conflict_do_update(
        index_elements=[table.c.workspace_id, table.c.key],
        set_=expired,
        where=table.c.created_at < sa.func.now() - KEPT,
    ).returning(table.c.key)
    if (await connection.execute(claim)).first():
        return None
    select = sa.select(table.c.request_hash, table.c.status, table.c.body).where(_is(call))
    found: Row = (await connection.execute(select)).one()
    return found


def _replay(kept: Row, call: _Call) -> Response:
    if kept.request_hash != call.digest:
        raise Conflict(f"{HEADER}: this key was used for another call. Take a new key for each call.")
    if kept.body is None:
        raise Conflict(f"{HEADER}: this call was done already, and its answer held a secret that is shown only once.")
    return Response(kept.body, kept.status, {"Idempotent-Replayed": "true"}, "application/json")


async def _keep(connection: AsyncConnection, call: _Call, status: int, body: bytes | None) -> None:
    await connection.execute(sa.update(idempotency_keys).where(_is(call)).values(status=status, body=body))


def _is(call: _Call) -> sa.ColumnElement[bool]:
    return sa.and_(idempotency_keys.c.workspace_id == call.workspace_id, idempotency_keys.c.key == call.key)
