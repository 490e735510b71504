"""Every operation that changes something leaves an entry in the audit log, or is listed here with the reason why not.

tests/unit/origin/test_audit_lists.py fails for a new one that is in neither list: give it a call in CALLS.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin import ids
from origin.app import create_app
from origin.bootstrap import bootstrap
from origin.clicks.settings import ClickSettings
from origin.openapi import Operation, operations
from origin.settings import OriginSettings
from origin.storage.tables import audit_logs, customers
from tests.factories import Account, new_account, new_domain, new_member
from tests.integration.origin.dns_server import DnsServer, serving
from tests.letters import PASSWORD, bearer, database_url, invitation, letter, new_email, register
from tests.origin_app import API_URL, EDGE_SECRET, SECRET_KEY

API = "/api/v1"
READING = {"GET", "HEAD", "OPTIONS"}

# What changes nothing that belongs to a workspace, and why.
NOTHING = {
    "postAuthLogin": "a session is the person's own",
    "postAuthRefresh": "a session is the person's own",
    "postAuthLogout": "a session is the person's own",
    "deleteMeSessions": "a session is the person's own",
    "deleteMeSessionsId": "a session is the person's own",
    "postAuthRegister": "sends a letter; the account comes with postAuthVerify",
    "postAuthForgotPassword": "sends a letter; the password changes with postAuthResetPassword",
    "postMeEmail": "sends a letter; the address changes with postAuthConfirmEmail",
    "postAuthSecondFactor": "a session is the person's own",
    "postAuthPasskey": "a session is the person's own",
    "postAuthPasskeyOptions": "only asks for a challenge",
    "postMePasskeysOptions": "only asks for a challenge; the passkey comes with postMePasskeys",
    "patchMePasskeysId": "a label that only its owner sees",
    "postMeSecondFactor": "only hands a secret out; it counts from postMeSecondFactorConfirm on",
    "postDomainsRegister": "always refused",
    "postTrackLead": "counts what a visitor did, as a click is counted",
    "postTrackSale": "counts what a visitor did, as a click is counted",
    "postInvitationsShow": "only reads; the token is too secret for a URL",
}
# What needs more than an API to be called; the test there looks for the entry.
ELSEWHERE = {
    "postEventsRefusedReplay": "tests/integration/clicks/test_refused.py",
    "postMeSecondFactorConfirm": "tests/integration/origin/test_second_factor.py",
    "postMeSecondFactorRecoveryCodes": "tests/integration/origin/test_second_factor.py",
    "deleteMeSecondFactor": "tests/integration/origin/test_second_factor.py",
    "postMePasskeys": "tests/integration/origin/test_passkeys.py",
    "deleteMePasskeysId": "tests/integration/origin/test_passkeys.py",
}


@dataclass
class World:
    """An owner with a key, and what a call needs to have something to change."""

    app: Starlette
    engine: AsyncEngine
    owner: Account
    client: httpx.AsyncClient
    secrets: list[str] = field(default_factory=list)

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return await self.client.request(method, API + path, json=body, **options)

    async def make(self, path: str, **body: Any) -> str:
        made = await self.call("POST", path, body)
        assert made.is_success, made.text
        return str(made.json()["id"])

    async def link(self, **more: Any) -> str:
        return await self.make("/links", url="https://example.com/", **more)

    async def customer(self) -> str:
        values = {"workspace_id": self.owner.actor.workspace_id, "external_id": secrets.token_hex(4), "name": "Ada"}
        async with self.engine.begin() as connection:
            made = await connection.execute(sa.insert(customers).values(values).returning(customers.c.id))
            return ids.public(ids.CUSTOMER, made.scalar_one())

    async def member(self, role: str = "viewer") -> str:
        return ids.public(ids.USER, (await new_member(self.engine, self.owner.actor.workspace_id, role)).actor.user_id)

    async def person(self) -> tuple[str, dict[str, str]]:
        """Somebody with an account of their own who has logged in: their address and header."""
        email = new_email()
        headers = bearer(await register(self.client, email))
        self.secrets += [PASSWORD, headers["Authorization"].removeprefix("Bearer ")]
        return email, headers

    async def token(self, purpose: str, email: str) -> str:
        found = await letter(self.client, purpose, email)
        self.secrets.append(found)
        return found

    async def invited(self, email: str) -> str:
        await self.make(f"{self.workspace}/invitations", email=email)
        token = await invitation(self.client, email)
        self.secrets.append(token)
        return token

    @property
    def workspace(self) -> str:
        return f"/workspaces/{self.owner.workspace_id}"


Call = Callable[[World], Awaitable[httpx.Response]]
CALLS: dict[str, Call] = {}


def call(operation: str) -> Callable[[Call], Call]:
    """Register how an operation is called so that it changes something."""

    def keep(function: Call) -> Call:
        CALLS[operation] = function
        return function

    return keep


@call("postLinks")
async def _(world: World) -> httpx.Response:
    world.secrets.append(password := secrets.token_hex(8))
    return await world.call("POST", "/links", {"url": "https://example.com/", "password": password})


@call("putLinksUpsert")
async def _(world: World) -> httpx.Response:
    await world.link()
    return await world.call("PUT", "/links/upsert", {"url": "https://example.com/", "title": "New"})


@call("postLinksBulk")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", "/links/bulk", [{"url": "https://example.com/"}] * 3)


@call("patchLinksBulk")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", "/links/bulk", {"linkIds": [await world.link()], "data": {"archived": True}})


@call("deleteLinksBulk")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", "/links/bulk", params={"linkIds": await world.link()})


@call("patchLinksLinkId")
async def _(world: World) -> httpx.Response:
    world.secrets.append(password := secrets.token_hex(8))
    return await world.call("PATCH", f"/links/{await world.link()}", {"password": password})


@call("deleteLinksLinkId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"/links/{await world.link()}")


@call("postLinksLinkIdVersionsVersionRestore")
async def _(world: World) -> httpx.Response:
    link = await world.link(title="First")
    await world.call("PATCH", f"/links/{link}", {"title": "Second"})
    return await world.call("POST", f"/links/{link}/versions/1/restore")


@call("postLinksLinkIdOpenAgain")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", f"/links/{await world.link(redirect={'oneTime': True})}/open-again")


@call("patchCustomersCustomerId")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", f"/customers/{await world.customer()}", {"name": "Grace"})


@call("deleteCustomersCustomerId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"/customers/{await world.customer()}")


@call("patchWorkspacesWorkspaceIdAttribution")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", f"{world.workspace}/attribution", {"windowDays": 7})


@call("postLinksLinkIdAliases")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", f"/links/{await world.link()}/aliases", {})


@call("deleteLinksLinkIdAliasesAliasId")
async def _(world: World) -> httpx.Response:
    link = await world.link()
    return await world.call("DELETE", f"/links/{link}/aliases/{await world.make(f'/links/{link}/aliases')}")


@call("postTags")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", "/tags", {"name": "mine"})


@call("patchTagsTagId")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", f"/tags/{await world.make('/tags', name='mine')}", {"name": "ours"})


@call("deleteTagsTagId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"/tags/{await world.make('/tags', name='mine')}")


@call("postFolders")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", "/folders", {"name": "mine"})


@call("patchFoldersFolderId")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", f"/folders/{await world.make('/folders', name='mine')}", {"name": "ours"})


@call("deleteFoldersFolderId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"/folders/{await world.make('/folders', name='mine')}")


@call("postDomains")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", "/domains", {"slug": f"{secrets.token_hex(5)}.example.org"})


@call("patchDomainsSlug")
async def _(world: World) -> httpx.Response:
    slug = await new_domain(world.engine, world.owner.actor.workspace_id)
    return await world.call("PATCH", f"/domains/{slug}", {"notFoundUrl": "https://example.com/gone"})


@call("deleteDomainsSlug")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"/domains/{await new_domain(world.engine, world.owner.actor.workspace_id)}")


@call("postDomainsSlugVerify")
async def _(world: World) -> httpx.Response:
    slug = await new_domain(world.engine, world.owner.actor.workspace_id)  # whose records are gone
    return await world.call("POST", f"/domains/{slug}/verify")


@call("postApiKeys")
async def _(world: World) -> httpx.Response:
    made = await world.call("POST", "/api-keys", {"name": "mine"})
    world.secrets.append(made.json()["key"])
    return made


@call("patchApiKeysId")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", f"/api-keys/{await world.make('/api-keys', name='mine')}", {"name": "ours"})


@call("postApiKeysIdRotate")
async def _(world: World) -> httpx.Response:
    key = await world.make("/api-keys", name="mine")
    made = await world.call("POST", f"/api-keys/{key}/rotate", {"overlapSeconds": 60})
    world.secrets.append(made.json()["key"])
    return made


@call("deleteApiKeysId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"/api-keys/{await world.make('/api-keys', name='mine')}")


@call("postWorkspaces")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", "/workspaces", {"name": "Another"})


@call("patchWorkspacesWorkspaceId")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", world.workspace, {"allowedOrigins": ["https://app.example.com"]})


@call("deleteWorkspacesWorkspaceId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", world.workspace)


@call("patchWorkspacesWorkspaceIdMembersUserId")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", f"{world.workspace}/members/{await world.member()}", {"role": "admin"})


@call("deleteWorkspacesWorkspaceIdMembersUserId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"{world.workspace}/members/{await world.member()}")


@call("postWorkspacesWorkspaceIdLeave")
async def _(world: World) -> httpx.Response:
    await world.member("owner")
    return await world.call("POST", f"{world.workspace}/leave")


@call("postWorkspacesWorkspaceIdTransfer")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", f"{world.workspace}/transfer", {"userId": await world.member()})


@call("postWorkspacesWorkspaceIdInvitations")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", f"{world.workspace}/invitations", {"email": new_email()})


@call("postWorkspacesWorkspaceIdInvitationsInvitationIdResend")
async def _(world: World) -> httpx.Response:
    made = await world.make(f"{world.workspace}/invitations", email=new_email())
    return await world.call("POST", f"{world.workspace}/invitations/{made}/resend")


@call("deleteWorkspacesWorkspaceIdInvitationsInvitationId")
async def _(world: World) -> httpx.Response:
    made = await world.make(f"{world.workspace}/invitations", email=new_email())
    return await world.call("DELETE", f"{world.workspace}/invitations/{made}")


@call("postInvitationsAccept")
async def _(world: World) -> httpx.Response:
    email, headers = await world.person()
    return await world.call("POST", "/invitations/accept", {"token": await world.invited(email)}, headers=headers)


@call("postInvitationsRegister")
async def _(world: World) -> httpx.Response:
    token = await world.invited(new_email())
    return await world.call("POST", "/invitations/register", {"token": token, "password": PASSWORD})


@call("postAuthVerify")
async def _(world: World) -> httpx.Response:
    email = new_email()
    await world.call("POST", "/auth/register", {"email": email, "password": PASSWORD})
    return await world.call("POST", "/auth/verify", {"token": await world.token("register", email)})


@call("postAuthResetPassword")
async def _(world: World) -> httpx.Response:
    email, _ = await world.person()
    await world.call("POST", "/auth/forgot-password", {"email": email})
    body = {"token": await world.token("reset", email), "password": PASSWORD}
    return await world.call("POST", "/auth/reset-password", body)


@call("postAuthConfirmEmail")
async def _(world: World) -> httpx.Response:
    _, headers = await world.person()
    email = new_email()
    await world.call("POST", "/me/email", {"email": email, "password": PASSWORD}, headers=headers)
    return await world.call("POST", "/auth/confirm-email", {"token": await world.token("change_email", email)})


@call("patchMe")
async def _(world: World) -> httpx.Response:
    _, headers = await world.person()
    return await world.call("PATCH", "/me", {"name": "Grace"}, headers=headers)


@call("postMePassword")
async def _(world: World) -> httpx.Response:
    _, headers = await world.person()
    world.secrets.append(password := secrets.token_hex(12))
    body = {"currentPassword": PASSWORD, "password": password}
    return await world.call("POST", "/me/password", body, headers=headers)


@call("deleteMe")
async def _(world: World) -> httpx.Response:
    _, headers = await world.person()
    return await world.call("DELETE", "/me", {"password": PASSWORD}, headers=headers)


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with serving() as server:
        yield server


@pytest.fixture
def app(engine: AsyncEngine, tmp_path: Path, dns: DnsServer) -> Starlette:
    settings = OriginSettings(
        home=tmp_path, database_url=database_url(engine), secret_key=SECRET_KEY, edge_secret=EDGE_SECRET,
        dns_servers=(dns.address,),
    )  # fmt: skip
    return create_app(bootstrap(settings, ClickSettings()))


@pytest.fixture
async def world(app: Starlette, engine: AsyncEngine) -> AsyncIterator[World]:
    transport = httpx.ASGITransport(app)
    headers = {"User-Agent": "a browser"}
    async with httpx.AsyncClient(transport=transport, base_url=API_URL, headers=headers) as client:
        yield World(app, engine, await new_account(engine), client)
    await app.state.engine.dispose()


def changing(app: Starlette) -> list[Operation]:
    return [each for each in operations(app.routes) if each.method not in READING]


async def test_every_change_leaves_an_entry_that_says_who_and_from_where_and_tells_no_secret(
    app: Starlette, world: World
) -> None:
    for each in changing(app):
        if each.id not in CALLS:
            continue
        world.owner = await new_account(world.engine)  # anew: some calls end the membership, or the workspace
        world.client.headers["Authorization"] = f"Bearer {world.owner.api_key}"
        answered = await CALLS[each.id](world)
        assert answered.is_success, (each.id, answered.text)
        entries = await entries_of(world, answered.headers["X-Request-Id"])
        assert entries, f"{each.id} leaves nothing in the audit log: see origin/audit/trail.py"
        for entry in entries:
            assert entry.user_id is not None, each.id
            assert entry.actor_type in {"user", "api_key"}, each.id
            assert entry.address == "127.0.0.1", each.id
            assert entry.user_agent == "a browser", each.id
            assert entry.resource_type == entry.action.partition(".")[0]
            assert entry.before is None or entry.before != entry.after or "password" in entry.before
            told = repr(tuple(entry))
            assert not [secret for secret in world.secrets if secret in told], each.id
            assert "$argon2" not in told
            assert "scrypt" not in told


async def entries_of(world: World, request_id: str) -> list[Any]:
    async with world.engine.connect() as connection:
        select = sa.select(audit_logs).where(audit_logs.c.request_id == request_id)
        return list((await connection.execute(select)).all())
