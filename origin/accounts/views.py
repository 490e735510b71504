"""The routes of accounts: log in and out, who am I; and those of the modules beside."""

from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin import ids
from origin.accounts import access, key_views, service, sessions, throttle
from origin.accounts.door import COOKIE, LOGIN_ANSWER, LoggedIn
from origin.accounts.parts import AccountParts
from origin.accounts.passkey_views import PasskeyViews
from origin.accounts.profile import ProfileViews
from origin.accounts.recovery import RecoveryViews
from origin.accounts.registration import RegistrationViews
from origin.accounts.second_factor import SecondFactorViews
from origin.api import answer, read_body, route
from origin.openapi import ANYONE, SIGNED_IN, Operation
from origin.problems import Unauthorized
from origin.storage.transaction import transaction
from origin.workspaces import service as workspaces


class Login(msgspec.Struct, forbid_unknown_fields=True):
    """An address and its password."""

    email: str
    password: str


class Me(msgspec.Struct, rename="camel"):
    """The user, the workspace that calls are about by default, and all of theirs."""

    user: service.User
    workspace_id: str | None
    workspaces: list[workspaces.Workspace]


@dataclass(frozen=True, slots=True)
class AccountViews:
    """The endpoints, with what they need."""

    parts: AccountParts

    async def log_in(self, request: Request) -> Response:
        body = await read_body(request, Login)
        await self.parts.throttle.address(throttle.LOGIN_FROM, request)
        await self.parts.throttle.account(throttle.LOGIN, body.email)
        engine = request.app.state.engine
        user_id = await service.check_password(engine, self.parts.passwords, body.email, body.password)
        await self.parts.throttle.forgive(throttle.LOGIN, body.email)
        async with transaction(request) as connection:
            return await self.parts.door.recognized(request, connection, user_id)

    async def refresh(self, request: Request) -> Response:
        token = request.cookies.get(COOKIE)
        if not token:
            raise Unauthorized("There is no refresh token in the cookies: log in.")
        session = await sessions.rotate(request.app.state.engine, token, sessions.place_of(request))
        async with transaction(request) as connection:
            user = await service.get(connection, session.user_id)
        return self.parts.door.answer(request, session, user)

    async def log_out(self, request: Request) -> Response:
        if token := request.cookies.get(COOKIE):
            async with transaction(request) as connection:
                await sessions.end(connection, token)
        return self.parts.door.close(request)

    async def me(self, request: Request) -> Response:
        caller = await access.identify(request)
        async with transaction(request) as connection:
            user = await service.get(connection, caller.user_id)
            mine = await workspaces.of_user(connection, caller.user_id)
        actor = await access.authenticate(request) if mine else None
        current = ids.public(ids.WORKSPACE, actor.workspace_id) if actor else None
        return answer(Me(user, current, mine))


def routes(parts: AccountParts) -> list[BaseRoute]:
    """The routes below /api/v1."""
    views = AccountViews(parts)
    mine = [
        route(each)
        for each in (
            Operation(
                method="POST", path="/auth/login", summary="Log in", tag="accounts", permission=ANYONE,
                endpoint=views.log_in, body=Login, response=LOGIN_ANSWER, errors=(401,),
            ),
            Operation(
                method="POST", path="/auth/refresh", summary="Get the next access token, by the cookie's refresh token",
                tag="accounts", permission=ANYONE, endpoint=views.refresh, response=LoggedIn, errors=(401,),
            ),
            Operation(
                method="POST", path="/auth/logout", summary="End the session", tag="accounts", permission=ANYONE,
                endpoint=views.log_out, status=204,
            ),
            Operation(
                method="GET", path="/me", summary="Who am I, and in which workspaces", tag="accounts",
                permission=SIGNED_IN, endpoint=views.me, response=Me,
            ),
        )
    ]  # fmt: skip
    return [
        *mine,
        *key_views.routes(),
        *RegistrationViews(parts).routes(),
        *RecoveryViews(parts).routes(),
        *ProfileViews(parts).routes(),
        *SecondFactorViews(parts).routes(),
        *PasskeyViews(parts).routes(),
    ]
