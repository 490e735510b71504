"""What the calls of audit_calls.py stand on."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin import ids
from origin.storage.tables import customers, link_reports
from tests.factories import Account, new_member
from tests.letters import PASSWORD, bearer, invitation, letter, new_email, register

API = "/api/v1"

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
    "postAuthOidcProviderStart": "only asks the provider",
    "postReports": "what a visitor says; what comes of it is postReportsReportIdSettle",
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
    "postAuthOidcProviderFinish": "tests/integration/origin/test_oidc.py",
    "deleteMeIdentitiesId": "tests/integration/origin/test_oidc.py",
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

    async def report(self) -> str:
        link = ids.parse(ids.LINK, await self.link())
        values = {"workspace_id": self.owner.actor.workspace_id, "link_id": link, "reason": "spam", "reporter": b"r"}
        async with self.engine.begin() as connection:
            made = await connection.execute(sa.insert(link_reports).values(values).returning(link_reports.c.id))
            return ids.public(ids.REPORT, made.scalar_one())

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
