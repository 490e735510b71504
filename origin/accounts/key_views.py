"""The routes of API keys."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts import access, api_keys
from origin.accounts.access import ALL, SCOPES
from origin.api import answer, read_body, route
from origin.openapi import ApiRoute, Operation
from origin.storage.transaction import transaction

Name = Annotated[str, Meta(min_length=1, max_length=100)]
_DAY_SECONDS = 24 * 3600
# check_scopes says which one is wrong, and which there are.
Scope = Annotated[str, Meta(extra_json_schema={"enum": sorted(SCOPES)})]
Scopes = Annotated[list[Scope], Meta(max_length=50, extra_json_schema={"minItems": 1})]


class ApiKeyRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A new key; the name is for people. Scopes are permissions such as `links.read`, or `apis.all`, or `apis.read`."""

    name: Name
    scopes: Scopes = msgspec.field(default_factory=lambda: [ALL])
    expires_at: datetime | None = None


class ApiKeyChange(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What to change of a key; null takes its expiry away."""

    name: Name | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET


class Rotation(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """For how long the former text is good yet, so that what uses it can be changed meanwhile."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=7 * _DAY_SECONDS)] = 0


class DeletedKey(msgspec.Struct):
    """What was deleted."""

    id: str


async def create(request: Request) -> Response:
    actor = await access.authenticate(request)
    body = await read_body(request, ApiKeyRequest)
    scopes = frozenset(api_keys.check_scopes(actor, body.scopes))
    expires_at = api_keys.check_expiry(body.expires_at)
    async with transaction(request) as connection:
        token = api_keys.new_token()
        made = await api_keys.create(connection, actor, body.name, token, scopes=scopes, expires_at=expires_at)
    return answer(made, 201)


async def index(request: Request) -> Response:
    actor = await access.authenticate(request)
    async with transaction(request) as connection:
        return answer(await api_keys.of_workspace(connection, actor))


async def change(request: Request) -> Response:
    actor = await access.authenticate(request)
    body = await read_body(request, ApiKeyChange)
    if body.scopes is not UNSET:
        api_keys.check_scopes(actor, body.scopes)
    if body.expires_at is not UNSET:
        api_keys.check_expiry(body.expires_at)
    values = {name: value for name in ("name", "scopes", "expires_at") if (value := getattr(body, name)) is not UNSET}
    async with transaction(request) as connection:
        return answer(await api_keys.change(connection, actor, request.path_params["id"], values))


async def rotate(request: Request) -> Response:
    actor = await access.authenticate(request)
    body = await read_body(request, Rotation)
    overlap = timedelta(seconds=body.overlap_seconds)
    async with transaction(request) as connection:
        key_id = request.path_params["id"]
        return answer(await api_keys.rotate(connection, actor, key_id, api_keys.new_token(), overlap))


async def delete(request: Request) -> Response:
    actor = await access.authenticate(request)
    key_id = request.path_params["id"]
    async with transaction(request) as connection:
        await api_keys.delete(connection, actor, key_id)
    return answer(DeletedKey(key_id))


def routes() -> list[ApiRoute]:
    """The routes below /api/v1."""
    return [
        route(each)
        for each in (
            Operation(
                method="POST", path="/api-keys", summary="Make an API key: it is shown this once", tag="api keys",
                permission="keys.write", endpoint=create, body=ApiKeyRequest, response=api_keys.NewApiKey,
                status=201, secret_answer=True,
            ),
            Operation(
                method="GET", path="/api-keys", summary="List the workspace's API keys", tag="api keys",
                permission="keys.read", endpoint=index, response=list[api_keys.ApiKey],
            ),
            Operation(
                method="PATCH", path="/api-keys/{id}", summary="Change an API key's name, scopes or expiry",
                tag="api keys", permission="keys.write", endpoint=change, body=ApiKeyChange, response=api_keys.ApiKey,
            ),
            Operation(
                method="POST", path="/api-keys/{id}/rotate", summary="Give an API key another text, shown this once",
                tag="api keys", permission="keys.write", endpoint=rotate, body=Rotation,
                response=api_keys.NewApiKey, secret_answer=True,
            ),
            Operation(
                method="DELETE", path="/api-keys/{id}", summary="End an API key", tag="api keys",
                permission="keys.write", endpoint=delete, response=DeletedKey,
            ),
        )
    ]  # fmt: skip
