"""The routes of invitations: to send them, and to accept one by the token of its letter."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from origin import ids
from origin.accounts import service as users
from origin.accounts import throttle
from origin.accounts.access import authenticate, identify
from origin.accounts.door import LoggedIn
from origin.accounts.parts import AccountParts
from origin.accounts.passwords import NewPassword
from origin.accounts.registration import MailToken
from origin.accounts.service import Email
from origin.api import answer, read_body, route
from origin.openapi import ANYONE, PERSON, ApiRoute, Operation
from origin.storage.transaction import transaction
from origin.workspaces import invitations, members
from origin.workspaces.invitations import Invitation, Invitations, InvitationShown

_ALL = "/workspaces/{workspaceId}/invitations"


class NewInvitation(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to invite, and as what."""

    email: Email
    role: members.Role = "member"


class InvitedAccount(MailToken, forbid_unknown_fields=True):
    """An account for the address that the letter went to; no other letter is needed."""

    password: NewPassword
    name: Annotated[str, Meta(max_length=100)] = ""


class Joined(msgspec.Struct, rename="camel"):
    """The workspace that one is in now."""

    workspace_id: str


@dataclass(frozen=True, slots=True)
class InvitationViews:
    """The endpoints, with what they need."""

    parts: AccountParts
    service: Invitations

    async def create(self, request: Request) -> Response:
        """Whether the address has an account is not looked up: the answer is the same."""
        actor = await authenticate(request)
        body = await read_body(request, NewInvitation)
        email = users.normalize_email(body.email)
        await self._slow_down(actor.workspace_id, email)
        async with transaction(request) as connection:
            return answer(await self.service.create(connection, actor, email, body.role), 201)

    async def index(self, request: Request) -> Response:
        actor = await authenticate(request)
        async with transaction(request) as connection:
            return answer(await invitations.of_workspace(connection, actor.workspace_id))

    async def resend(self, request: Request) -> Response:
        actor = await authenticate(request)
        invitation_id = request.path_params["invitationId"]
        async with transaction(request) as connection:
            email = (await invitations.one(connection, actor, invitation_id)).email
        await self._slow_down(actor.workspace_id, email)
        async with transaction(request) as connection:
            return answer(await self.service.resend(connection, actor, invitation_id))

    async def revoke(self, request: Request) -> Response:
        actor = await authenticate(request)
        async with transaction(request) as connection:
            await invitations.revoke(connection, actor, request.path_params["invitationId"])
        return Response(status_code=204)

    async def show(self, request: Request) -> Response:
        body = await read_body(request, MailToken)
        await self.parts.throttle.address(throttle.TOKEN_FROM, request)
        async with transaction(request) as connection:
            return answer(await self.service.look(connection, body.token))

    async def accept(self, request: Request) -> Response:
        caller = await identify(request)
        body = await read_body(request, MailToken)
        await self.parts.throttle.address(throttle.TOKEN_FROM, request)
        async with transaction(request) as connection:
            workspace_id = await self.service.accept(connection, body.token, caller.user_id)
        return answer(Joined(ids.public(ids.WORKSPACE, workspace_id)))

    async def register(self, request: Request) -> Response:
        """Open an account for the invited address, which the letter has proved, and let its owner in."""
        body = await read_body(request, InvitedAccount)
        await self.parts.throttle.address(throttle.TOKEN_FROM, request)
        hashed = await self.parts.passwords.hash(body.password)
        async with transaction(request) as connection:
            email = await self.service.email_of(connection, body.token)
            user_id = await users.add(connection, email, body.name, hashed)
            await self.service.accept(connection, body.token, user_id)
            return await self.parts.door.let_in(request, connection, user_id, 201)

    async def _slow_down(self, workspace_id: int, email: str) -> None:
        """Raises TooManyRequests for too many letters of one workspace, or to one address."""
        await self.parts.throttle.account(throttle.INVITATIONS_OF, str(workspace_id))
        await self.parts.throttle.account(throttle.INVITATION, email)


def routes(parts: AccountParts) -> list[ApiRoute]:
    """The routes below /api/v1."""
    views = InvitationViews(parts, Invitations(parts.mail_tokens))
    return [
        route(each)
        for each in (
            Operation(
                method="POST", path=_ALL, summary="Invite somebody: a letter goes to the address", tag="workspaces",
                permission="members.write", endpoint=views.create, body=NewInvitation, response=Invitation, status=201,
            ),
            Operation(
                method="GET", path=_ALL, summary="List the invitations that nobody has accepted yet", tag="workspaces",
                permission="members.read", endpoint=views.index, response=list[Invitation],
            ),
            Operation(
                method="POST", path=f"{_ALL}/{{invitationId}}/resend", summary="Send an invitation again",
                tag="workspaces", permission="members.write", endpoint=views.resend, response=Invitation,
            ),
            Operation(
                method="DELETE", path=f"{_ALL}/{{invitationId}}", summary="Revoke an invitation", tag="workspaces",
                permission="members.write", endpoint=views.revoke, status=204,
            ),
            Operation(
                method="POST", path="/invitations/show", summary="Say what a letter's invitation is for",
                tag="workspaces", permission=ANYONE, endpoint=views.show, body=MailToken, response=InvitationShown,
                errors=(410,),
            ),
            Operation(
                method="POST", path="/invitations/accept", summary="Accept an invitation by the token of its letter",
                tag="workspaces", permission=PERSON, endpoint=views.accept, body=MailToken, response=Joined,
                errors=(410,),
            ),
            Operation(
                method="POST", path="/invitations/register", summary="Open an account by an invitation, and accept it",
                tag="workspaces", permission=ANYONE, endpoint=views.register, body=InvitedAccount, response=LoggedIn,
                status=201, errors=(403, 409, 410),
            ),
        )
    ]  # fmt: skip
