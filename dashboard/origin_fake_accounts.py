"""The accounts of the origin in memory: its letters are never written, their tokens are in `letters`."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

EMAIL, PASSWORD = "owner@nearhop.localhost", "correct horse battery"
_SHORTEST, _LONGEST = 8, 256
_LONGEST_NAME = 100


class Problem(Exception):
    """An answer of the API that is not a success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Letter:
    """`purpose` as origin calls it: register, reset, change_email; account_exists, which has no token."""

    purpose: str
    email: str
    token: str = ""
    password: str = ""  # of the account that it opens
    old_email: str = ""  # of the account that gets this address


@dataclass
class FakeAccounts:
    """Set `throttled` for 429s; read `letters` and `passwords`, which are by address."""

    passwords: dict[str, str] = field(default_factory=lambda: {EMAIL: PASSWORD})
    letters: list[Letter] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    throttled: bool = False
    second_factor: bool = False  # whether a log-in takes a second step
    step: str = ""  # the token that it takes

    def write(self, purpose: str, email: str, password: str = "", old_email: str = "") -> str:
        """Put a letter into `letters`; its token."""
        token = "" if purpose == "account_exists" else secrets.token_urlsafe(32)
        self.letters.append(Letter(purpose, email, token, password, old_email))
        return token

    def open_letter(self, purpose: str, token: str) -> Letter:
        """The letter of a token that is still good; raises Problem."""
        for letter in self.letters:
            if letter.purpose == purpose and letter.token == token and token not in self.used:
                return letter
        raise Problem(422, "token: it is not valid, or no longer. Ask for a new letter.")


@dataclass(frozen=True)
class AccountRoutes:
    """What is below /api/v1/auth. `note` sees each request first, `let_in` makes the answer of a log-in."""

    accounts: FakeAccounts
    note: Callable[[Request], None]
    let_in: Callable[[str, int], Response]

    def routes(self) -> list[BaseRoute]:
        paths = {"login": self._log_in, "register": self._register, "verify": self._verify}
        paths |= {"forgot-password": self._forgot, "confirm-email": self._confirm, "reset-password": self._reset}
        return [Route(f"/api/v1/auth/{path}", endpoint, methods=["POST"]) for path, endpoint in paths.items()]

    async def _log_in(self, request: Request) -> Response:
        body = await self._body(request)
        if self.accounts.passwords.get(body["email"]) != body["password"]:
            raise Problem(401, "E-mail or password is wrong.")
        if self.accounts.second_factor:
            self.accounts.step = secrets.token_urlsafe(8)
            step = {"token": self.accounts.step, "expiresIn": 300, "methods": ["totp", "recoveryCode", "passkey"]}
            return JSONResponse({"secondFactor": step})
        return self.let_in(body["email"], 200)

    async def _register(self, request: Request) -> Response:
        body = await self._body(request)
        if len(body.get("name", "")) > _LONGEST_NAME:
            raise Problem(422, f"name: Expected `str` of length <= {_LONGEST_NAME}.")
        email, password = good_address(body["email"]), good_password(body["password"])
        known = email in self.accounts.passwords
        self.accounts.write("account_exists" if known else "register", email, password=password)
        message = "A letter is on its way to this address: open its link to go on."
        return JSONResponse({"message": message}, 202)

    async def _forgot(self, request: Request) -> Response:
        email = good_address((await self._body(request))["email"])
        if email in self.accounts.passwords:
            self.accounts.write("reset", email)
        message = "If there is an account with this address, a letter is on its way to it."
        return JSONResponse({"message": message}, 202)

    async def _verify(self, request: Request) -> Response:
        letter = self.accounts.open_letter("register", (await self._body(request))["token"])
        if letter.email in self.accounts.passwords:
            raise Problem(409, "email: there is an account with this address already. Log in instead.")
        self.accounts.used.add(letter.token)
        self.accounts.passwords[letter.email] = letter.password
        return self.let_in(letter.email, 201)

    async def _confirm(self, request: Request) -> Response:
        letter = self.accounts.open_letter("change_email", (await self._body(request))["token"])
        if letter.old_email not in self.accounts.passwords:
            raise Problem(401, "This account no longer exists.")
        if letter.email in self.accounts.passwords:
            raise Problem(409, "email: there is an account with this address already.")
        self.accounts.used.add(letter.token)
        self.accounts.passwords[letter.email] = self.accounts.passwords.pop(letter.old_email)
        return JSONResponse({"id": "user_1", "email": letter.email, "name": ""})

    async def _reset(self, request: Request) -> Response:
        body = await self._body(request)
        password = good_password(body["password"])
        letter = self.accounts.open_letter("reset", body["token"])
        self.accounts.used |= {
            each.token for each in self.accounts.letters if each.purpose == "reset" and each.email == letter.email
        }
        self.accounts.passwords[letter.email] = password
        return Response(status_code=204)

    async def _body(self, request: Request) -> dict[str, str]:
        self.note(request)
        if self.accounts.throttled:
            raise Problem(429, "Too many tries: wait 4 s.")
        return dict(await request.json())


def good_address(text: str) -> str:
    name, at, host = text.strip().lower().partition("@")
    if not (name and at and "." in host):
        raise Problem(422, f"email: {text[:100]!r} is not an e-mail address.")
    return f"{name}@{host}"


def good_password(password: str) -> str:
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise Problem(422, f"password: it has {_SHORTEST} to {_LONGEST} characters.")
    return password
