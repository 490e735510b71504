"""What people do with their own account: name, address, password, sessions, its end. Never by API key."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts import access, mail_tokens, mails, service, sessions, throttle
from origin.accounts.parts import AccountParts
from origin.accounts.passwords import NewPassword
from origin.accounts.proof import prove
from origin.accounts.registration import MailSent
from origin.accounts.service import Email
from origin.api import answer, read_body, route
from origin.audit import trail
from origin.openapi import PERSON, ApiRoute, Operation
from origin.storage.tables import users
from origin.storage.transaction import transaction
from origin.workspaces import leaving


class ProfileChange(msgspec.Struct, forbid_unknown_fields=True):
    """The name to show."""

    name: Annotated[str, Meta(max_length=100)]


class EmailChange(msgspec.Struct, forbid_unknown_fields=True):
    """The address to have, and the password as it is, where there is one."""

    email: Email
    password: str = ""


class PasswordChange(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The password as it shall be, and as it is, where there is one."""

    password: NewPassword
    current_password: str = ""


class PasswordCheck(msgspec.Struct, forbid_unknown_fields=True):
    """The password, where there is one, for what can't be undone."""

    password: str = ""


@dataclass(frozen=True, slots=True)
class ProfileViews:
    """The endpoints, with what they need."""

    parts: AccountParts

    async def rename(self, request: Request) -> Response:
        caller = await access.identify(request)
        body = await read_body(request, ProfileChange)
        async with transaction(request) as connection:
            former = await service.get(connection, caller.user_id)
            update = sa.update(users).where(users.c.id == caller.user_id).values(name=body.name)
            await connection.execute(update)
            user = await service.get(connection, caller.user_id)
            await trail.record_of_user(
                connection, caller.user_id, trail.updated("user.update", former, user, user.email)
            )
            return answer(user)

    async def change_email(self, request: Request) -> Response:
        caller = await access.identify(request)
        body = await read_body(request, EmailChange)
        email = service.normalize_email(body.email)
        await prove(self.parts, request, caller, body.password)
        await self.parts.throttle.account(throttle.LETTER, email)
        async with transaction(request) as connection:
            token_id = await self.parts.mail_tokens.add(
                connection, mail_tokens.CHANGE_EMAIL, email, user_id=caller.user_id
            )
            await mails.send_token(connection, token_id)
        return answer(MailSent("A letter is on its way to the new address: open its link to go on."), 202)

    async def change_password(self, request: Request) -> Response:
        caller = await access.identify(request)
        body = await read_body(request, PasswordChange)
        await prove(self.parts, request, caller, body.current_password, "currentPassword")
        hashed = await self.parts.passwords.hash(body.password)
        async with transaction(request) as connection:
            update = sa.update(users).where(users.c.id == caller.user_id).values(password_hash=hashed)
            email = (await connection.execute(update.returning(users.c.email))).scalar_one()
            await sessions.end_all(connection, caller.user_id, but=caller.session)
            await mail_tokens.revoke(connection, mail_tokens.RESET, email)
            await mails.tell_of_change(connection, email, "password_changed")
            await service.note(connection, caller.user_id, "user.password_changed")
        return Response(status_code=204)

    async def delete(self, request: Request) -> Response:
        caller = await access.identify(request)
        body = await read_body(request, PasswordCheck)
        await prove(self.parts, request, caller, body.password)
        async with transaction(request) as connection:
            await leaving.leave_all(connection, caller.user_id)
            await connection.execute(sa.delete(users).where(users.c.id == caller.user_id))
        return self.parts.door.close(request)

    async def list_sessions(self, request: Request) -> Response:
        caller = await access.identify(request)
        async with transaction(request) as connection:
            return answer(await sessions.of_user(connection, caller.user_id, caller.session))

    async def end_session(self, request: Request) -> Response:
        caller = await access.identify(request)
        async with transaction(request) as connection:
            await sessions.end_one(connection, caller.user_id, request.path_params["id"])
        return Response(status_code=204)

    async def end_sessions(self, request: Request) -> Response:
        caller = await access.identify(request)
        async with transaction(request) as connection:
            await sessions.end_all(connection, caller.user_id)
        return self.parts.door.close(request)

    def routes(self) -> list[ApiRoute]:
        """The routes below /api/v1."""
        return [
            route(each)
            for each in (
                Operation(
                    method="PATCH", path="/me", summary="Change my name", tag="accounts", permission=PERSON,
                    endpoint=self.rename, body=ProfileChange, response=service.User,
                ),
                Operation(
                    method="DELETE", path="/me", summary="Delete my account, and the workspaces that I am alone in",
                    tag="accounts", permission=PERSON, endpoint=self.delete, body=PasswordCheck, status=204, errors=(409,),
                ),
                Operation(
                    method="POST", path="/me/email", summary="Ask for another address: a letter goes to it",
                    tag="accounts", permission=PERSON, endpoint=self.change_email, body=EmailChange,
                    response=MailSent, status=202,
                ),
                Operation(
                    method="POST", path="/me/password", summary="Change my password; my other sessions end",
                    tag="accounts", permission=PERSON, endpoint=self.change_password, body=PasswordChange, status=204,
                ),
                Operation(
                    method="GET", path="/me/sessions", summary="List where I am logged in", tag="accounts",
                    permission=PERSON, endpoint=self.list_sessions, response=list[sessions.SessionInfo],
                ),
                Operation(
                    method="DELETE", path="/me/sessions", summary="Log out everywhere", tag="accounts",
                    permission=PERSON, endpoint=self.end_sessions, status=204,
                ),
                Operation(
                    method="DELETE", path="/me/sessions/{id}", summary="Log out in one place", tag="accounts",
                    permission=PERSON, endpoint=self.end_session, status=204,
                ),
            )
        ]  # fmt: skip
