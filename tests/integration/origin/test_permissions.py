"""Every route of the whole of origin, with every role, with keys of single scopes, and with a stranger's ids."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.routing import Mount

from origin import ids
from origin.accounts import api_keys
from origin.accounts.access import PERMISSIONS
from origin.app import create_app
from origin.bootstrap import bootstrap
from origin.clicks.settings import ClickSettings
from origin.openapi import ANYONE, IN_NO_WORKSPACE, PERSON, Operation, operations
from origin.settings import OriginSettings
from origin.storage.tables import link_reports
from tests.factories import Account, new_account, new_domain, new_member
from tests.letters import bearer, database_url, new_email, register
from tests.origin_app import API_URL, EDGE_SECRET, SECRET_KEY

API = "/api/v1"
ROLES = ["viewer", "member", "admin", "owner"]
# Who may what, written down a second time: the least role of each permission.
EXPECTED = {
    "links.read": "viewer",
    "links.write": "member",
    "analytics.read": "viewer",
    "conversions.read": "viewer",
    "conversions.write": "member",
    "safety.read": "admin",
    "safety.write": "admin",
    "domains.read": "viewer",
    "domains.write": "admin",
    "workspace.read": "viewer",
    "workspace.write": "admin",
    "workspace.leave": "viewer",
    "workspace.own": "owner",
    "members.read": "viewer",
    "members.write": "admin",
    "keys.read": "admin",
    "keys.write": "admin",
    "audit.read": "admin",
}
# What can be called without a token, and why that does no harm.
OPEN = {
    "postAuthLogin": "it is how one gets a token",
    "postAuthSecondFactor": "takes the token of the first step, and a code",
    "postAuthPasskeyOptions": "makes a challenge",
    "postAuthPasskey": "takes a passkey's signature of a challenge",
    "getAuthOidc": "says which providers there are",
    "postAuthOidcProviderStart": "leads to a provider",
    "postAuthOidcProviderFinish": "takes what a provider gave",
    "postAuthRefresh": "takes the cookie",
    "postAuthLogout": "takes the cookie",
    "postAuthRegister": "sends a letter",
    "postAuthVerify": "takes a letter's token",
    "postAuthForgotPassword": "sends a letter",
    "postAuthResetPassword": "takes a letter's token",
    "postAuthConfirmEmail": "takes a letter's token",
    "postInvitationsShow": "takes a letter's token",
    "postInvitationsRegister": "takes a letter's token",
    "getQr": "draws what it is given",
    "postReports": "visitors report links; the answer is the same for any",
}
# Routes beside the API: signed by the edge, or without any content of a workspace.
BESIDE = {"/", "/internal/links", "/internal/claims", "/internal/clicks", "/report", "/healthz", "/readyz", "/metrics"}


@pytest.fixture
async def app(engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Starlette]:
    settings = OriginSettings(
        home=tmp_path, database_url=database_url(engine), secret_key=SECRET_KEY, edge_secret=EDGE_SECRET
    )
    origin = bootstrap(settings, ClickSettings())
    yield create_app(origin)
    await origin.accounts.apart.dispose()


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # parts that were not started answer 500: allowed
    async with httpx.AsyncClient(transport=transport, base_url=API_URL) as made:
        yield made
    await app.state.limiter.close()
    await app.state.engine.dispose()


async def call(client: httpx.AsyncClient, each: Operation, token: str, values: dict[str, str] | None = None) -> int:
    path = re.sub(r"{(\w+)(?::\w+)?}", lambda found: (values or {}).get(found[1], "none"), each.path)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with asyncio.timeout(1 if "text/event-stream" in each.media_types else 60):
            return (await client.request(each.method, API + path, headers=headers)).status_code
    except TimeoutError:
        assert "text/event-stream" in each.media_types, each.id
        return 200  # it streams, and would for ever: a refusal comes at once


def in_it(account: Account) -> dict[str, str]:
    return {"workspaceId": ids.public(ids.WORKSPACE, account.actor.workspace_id)}


def in_workspaces(app: Starlette) -> list[Operation]:
    return [each for each in operations(app.routes) if each.permission not in IN_NO_WORKSPACE]


def test_every_route_is_classified(app: Starlette) -> None:
    found = operations(app.routes)
    assert {each.id for each in found if each.permission == ANYONE} == set(OPEN)
    assert {each.permission for each in found} <= set(EXPECTED) | IN_NO_WORKSPACE
    assert set(EXPECTED) == PERMISSIONS
    assert {str(getattr(route, "path", route)) for route in app.routes if not isinstance(route, Mount)} == BESIDE


def test_what_reads_changes_nothing(app: Starlette) -> None:
    reads = [each for each in operations(app.routes) if each.permission.endswith(".read")]
    assert {each.id for each in reads if each.method != "GET"} == set()


async def test_without_a_token_nothing_but_the_open_routes_answers(app: Starlette, client: httpx.AsyncClient) -> None:
    for each in operations(app.routes):
        if each.permission != ANYONE:
            assert await call(client, each, "") == 401, each.id
            assert await call(client, each, "nh_made-up") == 401, each.id


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_opens_what_it_should_and_nothing_else(
    app: Starlette, client: httpx.AsyncClient, engine: AsyncEngine, role: str
) -> None:
    for each in in_workspaces(app):
        owner = await new_account(engine)  # anew: some routes end the membership, or the workspace
        member = await new_member(engine, owner.actor.workspace_id, role)
        status = await call(client, each, member.api_key, in_it(owner))
        if ROLES.index(role) < ROLES.index(EXPECTED[each.permission]):
            assert status == 403, each.id
        else:
            assert status not in {401, 403}, each.id


@pytest.mark.parametrize("scope", sorted(PERMISSIONS))
async def test_a_key_of_one_scope_opens_that_alone(
    app: Starlette, client: httpx.AsyncClient, engine: AsyncEngine, scope: str
) -> None:
    for each in operations(app.routes):
        if each.permission == ANYONE or (each.permission in IN_NO_WORKSPACE - {PERSON} and each.method == "GET"):
            continue
        account = await new_account(engine)
        token = await key_of(engine, account, scope)
        allowed = each.permission == scope
        assert (await call(client, each, token, in_it(account)) not in {401, 403}) == allowed, each.id


async def test_a_key_that_reads_all_writes_nothing(
    app: Starlette, client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    for each in in_workspaces(app):
        account = await new_account(engine)
        token = await key_of(engine, account, "apis.read")
        allowed = each.permission.endswith(".read")
        assert (await call(client, each, token, in_it(account)) not in {401, 403}) == allowed, each.id


async def key_of(engine: AsyncEngine, account: Account, scope: str) -> str:
    token = api_keys.new_token()
    async with engine.begin() as connection:
        await api_keys.create(connection, account.actor, "scoped", token, scopes=frozenset({scope}))
    return token


async def test_a_strangers_ids_lead_nowhere(app: Starlette, client: httpx.AsyncClient, engine: AsyncEngine) -> None:
    owner, stranger = await new_account(engine), await new_account(engine)
    things = await things_of(client, engine, owner)
    for each in in_workspaces(app):
        names = re.findall(r"{(\w+)", each.path)
        if not names:
            continue
        values = {
            name: things[f"{each.path.split('/')[1]}.{name}"] for name in names
        }  # a new kind of id is named below
        status = await call(client, each, stranger.api_key, values)
        # A call without a body may be refused for that before the id is looked up: never done, never a hint.
        assert status in {404, 422, 400}, (each.id, status)
        if each.body is None and each.query is None:
            assert status == 404, each.id


async def things_of(client: httpx.AsyncClient, engine: AsyncEngine, owner: Account) -> dict[str, str]:
    """An id of each kind that the owner has, by the resource and the parameter that takes it."""
    headers = {"Authorization": f"Bearer {owner.api_key}"}

    async def make(path: str, body: dict[str, str]) -> str:
        made = await client.post(API + path, json=body, headers=headers)
        assert made.is_success, made.text
        return str(made.json()["id"])

    link = await make("/links", {"url": "https://example.com"})
    return {
        "api-keys.id": await make("/api-keys", {"name": "mine"}),
        "links.linkId": link,
        "links.version": "1",
        "reports.reportId": await report_of(engine, owner, link),
        "links.aliasId": await make(f"/links/{link}/aliases", {"key": f"a{link.removeprefix('link_')}"}),
        "tags.tagId": await make("/tags", {"name": "mine"}),
        "folders.folderId": await make("/folders", {"name": "mine"}),
        "workspaces.workspaceId": owner.workspace_id,
        "workspaces.invitationId": await make(f"/workspaces/{owner.workspace_id}/invitations", {"email": new_email()}),
        "workspaces.userId": ids.public(ids.USER, owner.actor.user_id),
        "customers.customerId": await customer_of(client, owner),
        "domains.slug": await new_domain(engine, owner.actor.workspace_id),
    }


async def customer_of(client: httpx.AsyncClient, owner: Account) -> str:
    body = {"customerExternalId": "mine", "amount": 1}
    made = await client.post(f"{API}/track/sale", json=body, headers={"Authorization": f"Bearer {owner.api_key}"})
    assert made.is_success, made.text
    return str(made.json()["customer"]["id"])


async def report_of(engine: AsyncEngine, owner: Account, link: str) -> str:
    values = {"workspace_id": owner.actor.workspace_id, "link_id": ids.parse(ids.LINK, link), "reason": "spam"}
    async with engine.begin() as connection:
        insert = sa.insert(link_reports).values(**values, reporter=b"somebody").returning(link_reports.c.id)
        return ids.public(ids.REPORT, (await connection.execute(insert)).scalar_one())


async def test_a_person_is_let_in_where_a_key_is_not(app: Starlette, client: httpx.AsyncClient) -> None:
    token = bearer(await register(client))["Authorization"].removeprefix("Bearer ")
    for each in operations(app.routes):
        if each.permission == PERSON and each.method != "DELETE":  # which would end the session
            assert await call(client, each, token) not in {401, 403}, each.id
