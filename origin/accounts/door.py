"""Letting somebody in: the tokens of a session, as every way to log in answers them."""

from dataclasses import dataclass

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts import factors, service, sessions, steps
from origin.accounts.access_tokens import SECONDS, AccessTokens, Claims
from origin.api import answer
from origin.openapi import OneOf

COOKIE = "nearhop_refresh"
_COOKIE_PATH = "/api/v1/auth"
_LOCAL = {"localhost", "127.0.0.1", "::1", "[::1]"}


class LoggedIn(msgspec.Struct, rename="camel"):
    """An access token, for `Authorization: Bearer`. The refresh token comes as an HttpOnly cookie."""

    access_token: str
    expires_in: int
    user: service.User


class SecondStepToken(msgspec.Struct, rename="camel"):
    """What the second step takes, within `expires_in` seconds, beside what one of the methods gives."""

    token: str
    expires_in: int
    methods: list[str]


class SecondFactorNeeded(msgspec.Struct, rename="camel"):
    """The first factor was right, but there is a second one: POST /auth/second-factor."""

    second_factor: SecondStepToken


LOGIN_ANSWER = OneOf((LoggedIn, SecondFactorNeeded))


@dataclass(frozen=True, slots=True)
class Door:
    """Makes the answer of a log-in."""

    tokens: AccessTokens

    async def recognized(self, request: Request, connection: AsyncConnection, user_id: int) -> Response:
        """One factor was right: in, or on to the second where the user has one."""
        methods = await factors.methods(connection, user_id)
        if not methods:
            return await self.let_in(request, connection, user_id)
        token = await steps.begin(connection, steps.SECOND_FACTOR, user_id)
        seconds = int(steps.LIFETIME.total_seconds())
        response = answer(SecondFactorNeeded(SecondStepToken(token, seconds, methods)))
        response.headers["Cache-Control"] = "no-store"
        return response

    async def let_in(self, request: Request, connection: AsyncConnection, user_id: int, status: int = 200) -> Response:
        """Begin a session for a user who has been recognized."""
        session = await sessions.begin(connection, user_id, sessions.place_of(request))
        return self.answer(request, session, await service.get(connection, user_id), status)

    def answer(self, request: Request, session: sessions.Session, user: service.User, status: int = 200) -> Response:
        """A session's tokens."""
        token = self.tokens.issue(Claims(session.user_id, session.family))
        response = answer(LoggedIn(token, SECONDS, user), status)
        response.headers["Cache-Control"] = "no-store"
        response.set_cookie(
            COOKIE,
            session.refresh_token,
            max_age=int(sessions.LIFETIME.total_seconds()),
            path=_COOKIE_PATH,
            httponly=True,
            samesite="strict",
            secure=_secure(request),
        )
        return response

    def close(self, request: Request) -> Response:
        """The answer of a log-out."""
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, path=_COOKIE_PATH, httponly=True, samesite="strict", secure=_secure(request))
        return response


def _secure(request: Request) -> bool:
    return request.url.hostname not in _LOCAL
