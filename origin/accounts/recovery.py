"""A new password for who forgot theirs, and the confirmation of a new address: both by mail."""

from dataclasses import dataclass

import msgspec
import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts import mail_tokens, mails, service, sessions, throttle
from origin.accounts.parts import AccountParts
from origin.accounts.passwords import NewPassword
from origin.accounts.registration import MailSent, MailToken
from origin.accounts.service import Email
from origin.api import answer, read_body, route
from origin.audit import trail
from origin.openapi import ANYONE, ApiRoute, Operation
from origin.problems import Unprocessable
from origin.storage.tables import users
from origin.storage.transaction import transaction


class Forgotten(msgspec.Struct, forbid_unknown_fields=True):
    """The address of an account whose password is forgotten."""

    email: Email


class PasswordReset(MailToken, forbid_unknown_fields=True):
    """The token of the letter and the password to have."""

    password: NewPassword


@dataclass(frozen=True, slots=True)
class RecoveryViews:
    """The endpoints, with what they need."""

    parts: AccountParts

    async def forgot(self, request: Request) -> Response:
        """Send a letter, if there is an account: the job looks, not we."""
        body = await read_body(request, Forgotten)
        email = service.normalize_email(body.email)
        await self.parts.throttle.address(throttle.LETTERS_FROM, request)
        await self.parts.throttle.account(throttle.LETTER, email)
        async with transaction(request) as connection:
            token_id = await self.parts.mail_tokens.add(connection, mail_tokens.RESET, email)
            await mails.send_token(connection, token_id)
        return answer(MailSent("If there is an account with this address, a letter is on its way to it."), 202)

    async def reset(self, request: Request) -> Response:
        """Set the password and end every session: who had the old one is out."""
        body = await read_body(request, PasswordReset)
        await self.parts.throttle.address(throttle.TOKEN_FROM, request)
        hashed = await self.parts.passwords.hash(body.password)
        async with transaction(request) as connection:
            row = await self.parts.mail_tokens.use(connection, mail_tokens.RESET, body.token)
            update = sa.update(users).where(users.c.email == row.email).values(password_hash=hashed)
            user_id = (await connection.execute(update.returning(users.c.id))).scalar_one_or_none()
            if user_id is None:
                raise Unprocessable("token: the account that it was for is gone.")
            await mail_tokens.revoke(connection, mail_tokens.RESET, row.email)
            await sessions.end_all(connection, user_id)
            await mails.tell_of_change(connection, row.email, "password_changed")
            await service.note(connection, user_id, "user.password_reset")
        await self.parts.throttle.forgive(throttle.LOGIN, row.email)
        return Response(status_code=204)

    async def confirm_email(self, request: Request) -> Response:
        """Give an account the address that its owner has just shown to read."""
        body = await read_body(request, MailToken)
        await self.parts.throttle.address(throttle.TOKEN_FROM, request)
        async with transaction(request) as connection:
            row = await self.parts.mail_tokens.use(connection, mail_tokens.CHANGE_EMAIL, body.token)
            user = await service.get(connection, row.user_id)
            await service.set_email(connection, row.user_id, row.email)
            for address in (user.email, row.email):  # links to either were for the account as it was
                await mail_tokens.revoke(connection, mail_tokens.RESET, address)
            await mails.tell_of_change(connection, user.email, "email_changed")
            changed = await service.get(connection, row.user_id)
            note = trail.updated("user.email_changed", user, changed, changed.email)
            await trail.record_of_user(connection, row.user_id, note)
            return answer(changed)

    def routes(self) -> list[ApiRoute]:
        """The routes below /api/v1."""
        return [
            route(
                Operation(
                    method="POST",
                    path="/auth/forgot-password",
                    summary="Ask for a letter with which a new password can be set",
                    tag="accounts",
                    permission=ANYONE,
                    endpoint=self.forgot,
                    body=Forgotten,
                    response=MailSent,
                    status=202,
                )
            ),
            route(
                Operation(
                    method="POST",
                    path="/auth/reset-password",
                    summary="Set a new password by a letter's token; every session ends",
                    tag="accounts",
                    permission=ANYONE,
                    endpoint=self.reset,
                    body=PasswordReset,
                    status=204,
                )
            ),
            route(
                Operation(
                    method="POST",
                    path="/auth/confirm-email",
                    summary="Take a new address by the token of the letter that went to it",
                    tag="accounts",
                    permission=ANYONE,
                    endpoint=self.confirm_email,
                    body=MailToken,
                    response=service.User,
                    errors=(401, 409),
                )
            ),
        ]
