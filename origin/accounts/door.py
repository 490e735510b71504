"""Letting somebody in: the tokens of a session, as every way to log in answers them."""

from dataclasses import dataclass

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts import service, sessions
from origin.accounts.access_tokens import SECONDS, AccessTokens, Claims
from origin.api import answer

COOKIE = "nearhop_refresh"
_COOKIE_PATH = "/api/v1/auth"
_LOCAL = {"localhost", "127.0.0.1", "::1", "[::1]"}


class LoggedIn(msgspec.Struct, rename="camel"):
    """An access token, for `Authorization: Bearer`. The refresh token comes as an HttpOnly cookie."""

    access_token: str
    expires_in: int
    user: service.User


@dataclass(frozen=True, slots=True)
class Door:
    """Makes the answer of a log-in."""

    tokens: AccessTokens

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
