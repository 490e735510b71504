"""The routes of passkeys: add, list, rename, delete, and log in by one."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts import access, mails, passkeys, steps, throttle
from origin.accounts.credentials import NewCredential, UsedCredential, challenge_of
from origin.accounts.door import LoggedIn
from origin.accounts.parts import AccountParts
from origin.accounts.passkeys import Copied, Passkey
from origin.accounts.profile import PasswordCheck
from origin.accounts.proof import prove, prove_second
from origin.api import answer, read_body, route
from origin.openapi import ANYONE, PERSON, ApiRoute, Operation
from origin.problems import Unauthorized, Unprocessable
from origin.storage.tables import Row
from origin.storage.transaction import transaction

Name = Annotated[str, Meta(min_length=1, max_length=100)]


class PasskeyStart(PasswordCheck, forbid_unknown_fields=True):
    """The password, where there is one, and a code, where the second factor is on: a passkey lets in without either."""

    code: Annotated[str, Meta(max_length=50)] = ""


class PasskeyOptions(msgspec.Struct, rename="camel"):
    """What `navigator.credentials.create()` or `.get()` takes. Binary values are base64url."""

    public_key: dict[str, Any]


class NewPasskey(msgspec.Struct, forbid_unknown_fields=True):
    """What the browser made of the options, and what to call it."""

    credential: NewCredential
    name: Name = "Passkey"


class PasskeyName(msgspec.Struct, forbid_unknown_fields=True):
    """What to call it."""

    name: Name


class PasskeyLoginStart(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing, to log in by a passkey alone; the token of a first step, to show it as the second factor."""

    token: Annotated[str, Meta(max_length=200)] = ""


class PasskeyLogin(PasskeyLoginStart, forbid_unknown_fields=True, kw_only=True):
    """What the browser made of the options, and the same token."""

    credential: UsedCredential


@dataclass(frozen=True, slots=True)
class PasskeyViews:
    """The endpoints, with what they need."""

    parts: AccountParts

    async def begin(self, request: Request) -> Response:
        caller = await access.identify(request)
        body = await read_body(request, PasskeyStart)
        await prove(self.parts, request, caller, body.password)
        await prove_second(self.parts, request, caller, body.code)
        async with transaction(request) as connection:
            return answer(PasskeyOptions(await self.parts.passkeys.ask_for_new(connection, caller.user_id)))

    async def add(self, request: Request) -> Response:
        caller = await access.identify(request)
        body = await read_body(request, NewPasskey)
        challenge = challenge_of(body.credential)
        if (await _spend(self.parts, passkeys.NEW, challenge)).user_id != caller.user_id:
            raise Unprocessable("credential: it was asked for by somebody else.")
        async with transaction(request) as connection:
            added = await self.parts.passkeys.add(connection, caller.user_id, body.name, body.credential, challenge)
            await mails.tell_user_of_change(connection, caller.user_id, "passkey_added")
        return answer(added, 201)

    async def list_all(self, request: Request) -> Response:
        caller = await access.identify(request)
        async with transaction(request) as connection:
            return answer(await passkeys.of_user(connection, caller.user_id))

    async def rename(self, request: Request) -> Response:
        caller = await access.identify(request)
        body = await read_body(request, PasskeyName)
        async with transaction(request) as connection:
            return answer(await passkeys.rename(connection, caller.user_id, request.path_params["id"], body.name))

    async def delete(self, request: Request) -> Response:
        caller = await access.identify(request)
        body = await read_body(request, PasswordCheck)
        await prove(self.parts, request, caller, body.password)
        async with transaction(request) as connection:
            await passkeys.delete(connection, caller.user_id, request.path_params["id"])
            await mails.tell_user_of_change(connection, caller.user_id, "passkey_deleted")
        return Response(status_code=204)

    async def begin_login(self, request: Request) -> Response:
        body = await read_body(request, PasskeyLoginStart)
        await self.parts.throttle.address(throttle.BEGIN_FROM, request)
        async with transaction(request) as connection:
            user_id = await _first_step(connection, body.token)
            return answer(PasskeyOptions(await self.parts.passkeys.ask_for_use(connection, user_id)))

    async def log_in(self, request: Request) -> Response:
        """In: a passkey that knows its person is two factors by itself, and after a first step it is the second one."""
        body = await read_body(request, PasskeyLogin)
        await self.parts.throttle.address(throttle.LOGIN_FROM, request)
        challenge = challenge_of(body.credential)
        asked = await _spend(self.parts, passkeys.USE, challenge)
        try:
            async with transaction(request) as connection:
                if await _first_step(connection, body.token) != asked.user_id:
                    raise Unprocessable("token: it is not the one that the options were asked for with.")
                user_id = await self.parts.passkeys.recognize(connection, body.credential, challenge, asked.user_id)
                if body.token:
                    await steps.use(connection, steps.SECOND_FACTOR, body.token)
                return await self.parts.door.let_in(request, connection, user_id)
        except Copied as error:
            async with request.app.state.engine.begin() as connection:
                await mails.tell_user_of_change(connection, error.user_id, "passkey_copied")
            raise Unauthorized(
                "This passkey was used by somebody else meanwhile: delete it, and make a new one."
            ) from error

    def routes(self) -> list[ApiRoute]:
        """The routes below /api/v1."""
        return [
            route(each)
            for each in (
                Operation(
                    method="POST", path="/auth/passkey/options", summary="Ask for what a browser needs to log in by passkey",
                    tag="accounts", permission=ANYONE, endpoint=self.begin_login, body=PasskeyLoginStart,
                    response=PasskeyOptions,
                ),
                Operation(
                    method="POST", path="/auth/passkey", summary="Log in by a passkey, or show it as the second factor",
                    tag="accounts", permission=ANYONE, endpoint=self.log_in, body=PasskeyLogin, response=LoggedIn,
                    errors=(401,),
                ),
                Operation(
                    method="GET", path="/me/passkeys", summary="List my passkeys", tag="accounts", permission=PERSON,
                    endpoint=self.list_all, response=list[Passkey],
                ),
                Operation(
                    method="POST", path="/me/passkeys/options", summary="Ask for what a browser needs to make a passkey",
                    tag="accounts", permission=PERSON, endpoint=self.begin, body=PasskeyStart, response=PasskeyOptions,
                    secret_answer=True,
                ),
                Operation(
                    method="POST", path="/me/passkeys", summary="Add a passkey", tag="accounts", permission=PERSON,
                    endpoint=self.add, body=NewPasskey, response=Passkey, status=201,
                ),
                Operation(
                    method="PATCH", path="/me/passkeys/{id}", summary="Rename a passkey", tag="accounts",
                    permission=PERSON, endpoint=self.rename, body=PasskeyName, response=Passkey,
                ),
                Operation(
                    method="DELETE", path="/me/passkeys/{id}", summary="Delete a passkey", tag="accounts",
                    permission=PERSON, endpoint=self.delete, body=PasswordCheck, status=204,
                ),
            )
        ]  # fmt: skip


async def _spend(parts: AccountParts, purpose: str, challenge: str) -> Row:
    """What a challenge was for; it is spent, whatever comes of this call."""
    async with parts.apart.begin() as connection:
        return await steps.use(connection, purpose, challenge, "credential")


async def _first_step(connection: Any, token: str) -> int | None:
    """Whose first step a token is of; None without one."""
    return (await steps.peek(connection, steps.SECOND_FACTOR, token)).user_id if token else None
