"""Opening an account: first the letter, then the account, so that only who reads an address's mail has one for it."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts import mail_tokens, mails, service, throttle
from origin.accounts.door import LoggedIn
from origin.accounts.parts import AccountParts
from origin.accounts.passwords import NewPassword
from origin.accounts.service import Email
from origin.api import answer, read_body, route
from origin.openapi import ANYONE, ApiRoute, Operation
from origin.storage.transaction import transaction
from origin.workspaces import service as workspaces


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    """A new account. It comes with a workspace of its own."""

    email: Email
    password: NewPassword
    name: Annotated[str, Meta(max_length=100)] = ""


class MailSent(msgspec.Struct):
    """The answer of all that goes on by mail: the same, whether there is such an account or not."""

    message: str


class MailToken(msgspec.Struct, forbid_unknown_fields=True):
    """What a letter's link has behind the #."""

    token: Annotated[str, Meta(max_length=200)]


@dataclass(frozen=True, slots=True)
class RegistrationViews:
    """The endpoints, with what they need."""

    parts: AccountParts

    async def register(self, request: Request) -> Response:
        """Keep what was asked for and send a letter. Whether there is an account already is not looked up here."""
        body = await read_body(request, Registration)
        email = service.normalize_email(body.email)
        await self.parts.throttle.address(throttle.LETTERS_FROM, request)
        await self.parts.throttle.account(throttle.LETTER, email)
        wanted = {"password_hash": await self.parts.passwords.hash(body.password), "name": body.name}
        async with transaction(request) as connection:
            token_id = await self.parts.mail_tokens.add(connection, mail_tokens.REGISTER, email, payload=wanted)
            await mails.send_token(connection, token_id)
        return answer(MailSent("A letter is on its way to this address: open its link to go on."), 202)

    async def verify(self, request: Request) -> Response:
        """Make the account that a letter's link is for, and let its owner in."""
        body = await read_body(request, MailToken)
        await self.parts.throttle.address(throttle.TOKEN_FROM, request)
        async with transaction(request) as connection:
            row = await self.parts.mail_tokens.use(connection, mail_tokens.REGISTER, body.token)
            user_id = await open_account(connection, row.email, row.payload["name"], row.payload["password_hash"])
            return await self.parts.door.let_in(request, connection, user_id, 201)

    def routes(self) -> list[ApiRoute]:
        """The routes below /api/v1."""
        return [
            route(
                Operation(
                    method="POST",
                    path="/auth/register",
                    summary="Ask for an account: a letter goes to the address",
                    tag="accounts",
                    permission=ANYONE,
                    endpoint=self.register,
                    body=Registration,
                    response=MailSent,
                    status=202,
                )
            ),
            route(
                Operation(
                    method="POST",
                    path="/auth/verify",
                    summary="Open the account that a letter is about, and log in",
                    tag="accounts",
                    permission=ANYONE,
                    endpoint=self.verify,
                    body=MailToken,
                    response=LoggedIn,
                    status=201,
                    errors=(409,),
                )
            ),
        ]


async def open_account(connection: AsyncConnection, email: str, name: str, password_hash: str | None) -> int:
    """A new user with a workspace of their own; raises Conflict where the address was taken meanwhile."""
    user_id = await service.add(connection, email, name, password_hash)
    workspace_name = f"{name or email.partition('@')[0]}'s workspace"
    await workspaces.create(connection, user_id, workspace_name, workspaces.slug_for(workspace_name))
    return user_id
