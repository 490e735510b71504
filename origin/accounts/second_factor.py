"""The routes of the second factor: switch it on and off, new recovery codes, and the second step of a log-in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
import segno
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts import access, factors, mails, recovery_codes, service, steps, throttle, totp
from origin.accounts.door import LoggedIn
from origin.accounts.parts import AccountParts
from origin.accounts.profile import PasswordCheck
from origin.accounts.proof import prove
from origin.api import answer, read_body, route
from origin.openapi import ANYONE, PERSON, ApiRoute, Operation
from origin.problems import Conflict, Forbidden, Unauthorized
from origin.storage.transaction import transaction

Code = Annotated[str, Meta(max_length=50)]


class SecondFactor(msgspec.Struct, rename="camel"):
    """Whether a second factor is asked for, since when, and how many recovery codes are left."""

    enabled: bool
    enabled_at: datetime | None
    recovery_codes_left: int


class TotpSecret(msgspec.Struct, rename="camel"):
    """A new secret, shown once: as text, as the URI that apps read, and that as a QR code (SVG, as a data URI)."""

    secret: str
    uri: str
    qr: str


class CodeCheck(msgspec.Struct, forbid_unknown_fields=True):
    """The code that the app shows now."""

    code: Code


class RecoveryCodes(msgspec.Struct, rename="camel"):
    """The codes, shown once."""

    recovery_codes: list[str]


class BothFactors(PasswordCheck, forbid_unknown_fields=True, kw_only=True):
    """The password, where there is one, and a code of the app or a recovery code."""

    code: Code


class SecondStep(CodeCheck, forbid_unknown_fields=True):
    """The token that the first step gave, and a code of the app or a recovery code."""

    token: Annotated[str, Meta(max_length=200)]


@dataclass(frozen=True, slots=True)
class SecondFactorViews:
    """The endpoints, with what they need."""

    parts: AccountParts

    async def show(self, request: Request) -> Response:
        caller = await access.identify(request)
        async with transaction(request) as connection:
            row = await totp.find(connection, caller.user_id)
            left = await recovery_codes.left(connection, caller.user_id)
        return answer(SecondFactor(row is not None, row.confirmed_at if row else None, left))

    async def enrol(self, request: Request) -> Response:
        caller = await access.identify(request)
        body = await read_body(request, PasswordCheck)
        await prove(self.parts, request, caller, body.password)
        async with transaction(request) as connection:
            secret = await self.parts.totp.enrol(connection, caller.user_id)
            uri = totp.uri(secret, (await service.get(connection, caller.user_id)).email)
        qr = segno.make(uri, error="m", micro=False).svg_data_uri(scale=4, border=4, light="#fff")
        return _secret(TotpSecret(secret, uri, qr), 201)

    async def confirm(self, request: Request) -> Response:
        caller = await access.identify(request)
        body = await read_body(request, CodeCheck)
        await self.parts.throttle.second_factor(caller.user_id)
        async with transaction(request) as connection:
            if not await self.parts.totp.confirm(connection, caller.user_id, "".join(body.code.split())):
                raise Forbidden("code: it is wrong. Take the one that the app shows now.")
            codes = await recovery_codes.renew(connection, caller.user_id)
            await mails.tell_user_of_change(connection, caller.user_id, "second_factor_on")
        await self.parts.throttle.forgive_second_factor(caller.user_id)
        return _secret(RecoveryCodes(codes))

    async def renew(self, request: Request) -> Response:
        caller, body = await self._both(request)
        async with transaction(request) as connection:
            await self._use(connection, caller.user_id, body.code)
            codes = await recovery_codes.renew(connection, caller.user_id)
            await mails.tell_user_of_change(connection, caller.user_id, "recovery_codes_renewed")
        await self.parts.throttle.forgive_second_factor(caller.user_id)
        return _secret(RecoveryCodes(codes))

    async def switch_off(self, request: Request) -> Response:
        caller, body = await self._both(request)
        async with transaction(request) as connection:
            await self._use(connection, caller.user_id, body.code)
            await factors.remove(connection, caller.user_id)
            await mails.tell_user_of_change(connection, caller.user_id, "second_factor_off")
        await self.parts.throttle.forgive_second_factor(caller.user_id)
        return Response(status_code=204)

    async def finish(self, request: Request) -> Response:
        """The second step of a log-in. A wrong code leaves the token as it is: the transaction is undone."""
        body = await read_body(request, SecondStep)
        await self.parts.throttle.address(throttle.LOGIN_FROM, request)
        async with transaction(request) as connection:
            begun = await steps.peek(connection, steps.SECOND_FACTOR, body.token)
        await self.parts.throttle.second_factor(begun.user_id)
        async with transaction(request) as connection:
            await steps.use(connection, steps.SECOND_FACTOR, body.token)
            used = await factors.use(self.parts.totp, connection, begun.user_id, body.code)
            if used is None:
                raise Unauthorized("The code is wrong, or was used before.")
            if used == factors.RECOVERY_CODE:
                await mails.tell_user_of_change(connection, begun.user_id, "recovery_code_used")
            response = await self.parts.door.let_in(request, connection, begun.user_id)
        await self.parts.throttle.forgive_second_factor(begun.user_id)
        return response

    async def _both(self, request: Request) -> tuple[access.Caller, BothFactors]:
        caller = await access.identify(request)
        body = await read_body(request, BothFactors)
        await prove(self.parts, request, caller, body.password)
        await self.parts.throttle.second_factor(caller.user_id)
        return caller, body

    async def _use(self, connection: AsyncConnection, user_id: int, code: str) -> None:
        if await totp.find(connection, user_id) is None:
            raise Conflict("The second factor is not on.")
        if await factors.use(self.parts.totp, connection, user_id, code) is None:
            raise Forbidden("code: it is wrong, or was used before.")

    def routes(self) -> list[ApiRoute]:
        """The routes below /api/v1."""
        return [
            route(each)
            for each in (
                Operation(
                    method="POST", path="/auth/second-factor", summary="Log in, second step: a code", tag="accounts",
                    permission=ANYONE, endpoint=self.finish, body=SecondStep, response=LoggedIn, errors=(401,),
                ),
                Operation(
                    method="GET", path="/me/second-factor", summary="Whether my second factor is on", tag="accounts",
                    permission=PERSON, endpoint=self.show, response=SecondFactor,
                ),
                Operation(
                    method="POST", path="/me/second-factor", summary="Get a secret for an authenticator app",
                    tag="accounts", permission=PERSON, endpoint=self.enrol, body=PasswordCheck, response=TotpSecret,
                    status=201, secret_answer=True,
                ),
                Operation(
                    method="POST", path="/me/second-factor/confirm", tag="accounts", permission=PERSON,
                    summary="Switch the second factor on, by a code of the app; the recovery codes are answered once",
                    endpoint=self.confirm, body=CodeCheck, response=RecoveryCodes, secret_answer=True,
                ),
                Operation(
                    method="POST", path="/me/second-factor/recovery-codes", tag="accounts", permission=PERSON,
                    summary="Get new recovery codes; the former ones end", endpoint=self.renew, body=BothFactors,
                    response=RecoveryCodes, secret_answer=True,
                ),
                Operation(
                    method="DELETE", path="/me/second-factor", summary="Switch the second factor off", tag="accounts",
                    permission=PERSON, endpoint=self.switch_off, body=BothFactors, status=204, errors=(409,),
                ),
            )
        ]  # fmt: skip


def _secret(value: msgspec.Struct, status: int = 200) -> Response:
    response = answer(value, status)
    response.headers["Cache-Control"] = "no-store"
    return response
